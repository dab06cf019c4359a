"""Chinese is complete: every text in the code, the templates and the scripts has its translation."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "locale/zh_Hans/LC_MESSAGES"
APPS = ("accounts", "chatchat", "groups", "messaging", "oauth_provider", "social")
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
HINT = "run `make messages`, translate what is empty in locale/zh_Hans, and run it again"
PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|<[^>]+>")


def entries(domain: str) -> dict[str, str]:
    """What is translated to what, by the source file."""
    text = (CATALOGUE / f"{domain}.po").read_text(encoding="utf-8")
    assert "#, fuzzy" not in text.partition("\n\n")[2], HINT
    found = {}
    for entry in text.split("\n\n")[1:]:
        if not entry.startswith("#~"):
            context = (
                _part(entry, "msgctxt") + "\4" if entry.startswith("msgctxt") else ""
            )  # as gettext joins them
            found[context + _part(entry, "msgid")] = _part(entry, r"msgstr(?:\[0\])?")
    return found


def _part(entry: str, name: str) -> str:
    lines = re.search(rf'^{name} ((?:".*"\n?)+)', entry, re.MULTILINE)
    assert lines is not None, entry
    return "".join(ast.literal_eval(line) for line in lines.group(1).strip().splitlines())


def in_code(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in MARKERS and isinstance(node.args[0].value, str):
                yield node.args[0].value


def in_template(source: str) -> Iterator[str]:
    for match in re.findall(r"gettext\((u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")\)", templatize(source)):
        yield ast.literal_eval(match.removeprefix("u"))


def in_script(source: str) -> Iterator[str]:
    for match in re.findall(r'gettext\(\s*("(?:[^"\\]|\\.)*")', source):
        yield ast.literal_eval(match)


def texts(domain: str) -> set[str]:
    """Every text that is marked for translation."""
    if domain == "djangojs":
        return {
            text
            for path in (ROOT / "static/chatchat/js").rglob("*.js")
            for text in in_script(path.read_text(encoding="utf-8"))
        }
    code = {text for app in APPS for path in (ROOT / app).rglob("*.py") for text in in_code(path.read_text())}
    pages = {
        text
        for path in (ROOT / "templates").rglob("*.html")
        for text in in_template(path.read_text(encoding="utf-8"))
    }
    assert len(pages) > 50
    return code | pages


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_every_text_is_translated(domain: str) -> None:
    known = entries(domain)
    assert {text for text in texts(domain) if not known.get(text)} == set(), HINT
    assert {text for text, translated in known.items() if not translated} == set(), HINT


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_translations_keep_their_places_and_markup(domain: str) -> None:
    for text, translated in entries(domain).items():
        assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(translated)), text


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_what_is_compiled_is_what_is_written(domain: str) -> None:
    with (CATALOGUE / f"{domain}.mo").open("rb") as compiled:
        catalogue = gettext.GNUTranslations(compiled)
    for text, translated in entries(domain).items():
        assert catalogue.ngettext(text, text, 1) == translated or catalogue.gettext(text) == translated, HINT


def test_each_mail_is_there_in_both_languages() -> None:
    mails = ROOT / "templates/accounts/mail"
    names = {path.name.split(".")[0] for path in mails.glob("*.txt")}
    assert names
    for name in names:
        for language in ("en", "zh-hans"):
            assert (mails / f"{name}.{language}.txt").read_text(encoding="utf-8").strip()
