"""Static files under names that change with their content, the modules that scripts import included."""

import re
from functools import cache
from pathlib import Path, PurePosixPath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from servestatic.storage import CompressedManifestStaticFilesStorage

register = template.Library()
IMPORT = re.compile(r'^(?:import|export)\b[^;"]*"(\.{1,2}/[^"]+)";', re.MULTILINE)


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """A module's name changes with what it imports too: no browser mixes modules of two versions."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20  # at least as many as imports are deep


@register.simple_tag
def module(path: str) -> SafeString:
    """``{% module "chatchat/js/chat/main.js" %}``: the module, and at once all that it imports."""
    preloads = format_html_join(
        "\n", '<link rel="modulepreload" href="{}">', ((static(each),) for each in imports(path))
    )
    return format_html('{}\n<script type="module" src="{}"></script>', preloads, static(path))


@cache
def imports(path: str) -> tuple[str, ...]:
    """Every module that the one at ``path`` imports, directly or not; files change with a restart only."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        here = waiting.pop()
        for target in IMPORT.findall(_source(here)):
            name = _resolve(here, target)
            if name != path and name not in found:
                found[name] = None
                waiting.append(name)
    return tuple(sorted(found))


def _source(path: str) -> str:
    file = finders.find(path)
    if not isinstance(file, str):
        raise FileNotFoundError(path)
    return Path(file).read_text(encoding="utf-8")


def _resolve(here: str, target: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(here).parent / target).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
