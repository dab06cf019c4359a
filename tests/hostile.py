"""Texts that attack, for every place where somebody's words are shown to somebody else.

Each tries something else: to become markup, to run, to lead astray, to write over its neighbours. What
would run calls ``hacked()`` or makes an element ``x-hacked``; nobody defines either.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser

import httpx

#: Of each what tells it apart is at its beginning, so that it may be cut to a name's length.
MARKUP = (
    "<script>hacked()</script>",
    "<img src=x onerror=hacked()>",
    '"><x-hacked onfocus=hacked() tabindex=1 autofocus>',
    "'><svg/onload=hacked()>",
    "</script><x-hacked>",
    "--><x-hacked><!--",
    "<iframe srcdoc='<script>parent.hacked()</script>'>",
    "<a href=javascript:hacked()>x</a>",
    "<style>*{display:none}</style>",
    "&lt;x-hacked&gt; &#60;x-hacked&#62;",
    "</title></textarea></dialog><x-hacked>",
    "<template><x-hacked></template>",
)
TEMPLATES = (
    "{{ 7|add:7 }}{% debug %}",
    "${hacked()} #{hacked()} `hacked()`",
    "%(nickname)s %s %d %n {0} {name}",
    "%<b>s $& $1 \\1 \\",
    "[x](javascript:hacked()) **b** `c`",
)
LINKS = (
    "javascript:hacked() java\tscript:x",
    "data:text/html,<script>hacked()",
    "https://раypal.example/ аpple.com",
    "https://bank.example@evil.example",
    "http://[::1]:80:80/ http:///x ftp://",
    'https://e.example/"onclick="hacked()',
)
#: Overrides and isolates that are not closed, or closed too often.
DIRECTIONS = (
    "\u202egnp.exe",
    "\u2066\u2067\u2068a\u202e\u202bb",
    "\u2069\u2069\u202c\u202emoc.knab",
    "\u200f\u061cعربي שלום abc",
)
MARKS = (
    "Z" + "\u0301\u0335\u0489" * 10,
    "." + "\u0300" * 30,
    "ก" + "\u0e49\u0e47" * 15,
    "𒐫﷽𒈙⸻𒍼",
)
#: Hardly anything to be seen.
INVISIBLE = (
    "a\u200b\u200b\u200b\ufeffb",
    ".\u3164\u2800\u115f",
    "\U000e0041\U000e007f!",
)
#: Nothing at all to be seen of these.
NOBODY_SEES = (
    "\u200b",
    "\u200b\u200d\u2060\u00ad\ufeff",
    "\u3164",
    "\u2800",
    "\u115f\u1160",
    "\u202e\u202c",
    "\ufe0f",
)
EMOJI = ("👨‍👩‍👧‍👦👩🏽‍🚀🏴󠁧󠁢󠁳󠁣󠁴󠁿🇺🇳", "🧑‍🧑‍🧑‍🧑‍🧑‍🧑", "1️⃣#️⃣*️⃣", "🏳️‍🌈" * 3)
FORMULAS = ("=HYPERLINK(1)", "+1+cmd|' /C x'!A0", "-2+3", "@SUM(1)", "\uff1d1+1")
LOOK_ALIKE = ("Аdmin", "admin\u200b", "ⓐⓓⓜⓘⓝ", "System", "Ａｄｍｉｎ")
LONG = ("W" * 32, "一" * 32, "﷽" * 32)

SHORT = (
    *MARKUP,
    *TEMPLATES,
    *(text.replace("\t", " ") for text in LINKS),
    *DIRECTIONS,
    *MARKS,
    *INVISIBLE,
    *EMOJI,
    *FORMULAS,
    *LOOK_ALIKE,
    *LONG,
)
#: What only the body of a message can hold.
BODIES = (
    *SHORT,
    "x" + "\u0301" * 3999,
    "W" * 4000,
    "https://example.com/" + "a" * 3900,
    "\n" * 200 + "end",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x07\x08\x7f",
    "\u202e" * 2000 + "abc",
    "<x-hacked>" * 400,
    "🏽" * 500,
    "\r\u2028\u2029\x0b\x0c\x85line",
    "@all @" + "\u0301" * 50,
    "```\n<script>hacked()</script>\n```",
)
#: No text at all: every door refuses these, wherever they stand.
REFUSED = ("a\x00b", "\ud800", "x\udfff", "\x00")
#: Good in a message, refused in a name.
NO_LINES = ("two\nlines", "a\rb", "a\x1b[31mb", "a\x7fb", "tab\there")


#: The most characters that each kind of text may have.
LENGTHS = {
    "nickname": 32,
    "group": 64,
    "remark": 32,
    "greeting": 200,
    "introduction": 200,
    "request": 200,
    "file": 200,
    "note": 1000,
    "body": 4000,
}


def fit(text: str, maximum: int) -> str:
    """As much of it as a field takes, and nothing that its ends lose."""
    return text[:maximum].strip()


def texts(maximum: int, corpus: Iterable[str] = SHORT) -> Iterator[str]:
    """One after the other, without end, each cut to ``maximum`` characters."""
    return itertools.cycle([fit(text, maximum) for text in corpus])


def words() -> Callable[[str, str], str]:
    """For `tests.world.make`: the corpus instead of the plain words, another text each time."""
    supply = {kind: texts(maximum) for kind, maximum in LENGTHS.items()}
    return lambda kind, plain: next(supply[kind])


class Injected(HTMLParser):
    """Reads a page as a browser does and notes what became markup of what should be text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.text: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "hacked" in tag:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            value = (value or "").strip()
            runs = name.startswith("on") or name == "srcdoc" or "hacked" in name
            leads = name in {"href", "src", "action", "formaction", "data"}
            if runs or (leads and value.lower().startswith(("javascript:", "data:text", "vbscript:"))):
                self.found.append(f"<{tag} {name}={value!r}>")
        if tag in {"script", "style"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if self._inside and ("hacked" in data or "display:none" in data):
            self.found.append(f"<{self._inside[-1]}>{data[:80]}")
        self.text.append(data)


def injected(page: str) -> list[str]:
    """What of the corpus has become more than text in this page."""
    parser = Injected()
    parser.feed(page)
    parser.close()
    return parser.found


def shown(page: str) -> str:
    """The page's text, as it is read."""
    parser = Injected()
    parser.feed(page)
    parser.close()
    return "".join(parser.text)


def refuses(send: Callable[[str], httpx.Response], *texts: str) -> None:
    """Each is refused as bad input, with the envelope."""
    for text in texts:
        answer = send(text)
        assert answer.status_code == 400, (text, answer.status_code, answer.text[:300])
        assert answer.json()["error"]["code"]
