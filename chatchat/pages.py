"""The first page, and the documents of ``docs/`` as pages."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

DOCS_DIR: Path = settings.BASE_DIR / "docs"


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """What this is, and the four doors."""
    return render(request, "chatchat/welcome.html", {"dev_mail": settings.DEV_MAIL})


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For pages that name no icon of their own, like the admin's."""
    return redirect(static("chatchat/logo.svg"))


@require_safe
def document(request: HttpRequest, name: str) -> HttpResponse:
    """``docs/<name>.md`` as a page; the route lets nothing but letters, digits and hyphens through."""
    path = DOCS_DIR / f"{name}.md"
    if not path.is_file():
        raise Http404
    text = path.read_text(encoding="utf-8")
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    context = {"title": title.group(1) if title else name, "body": as_html(text)}
    return render(request, "chatchat/document.html", context)


@require_safe
@cache_control(max_age=60)
def strings(request: HttpRequest, language: str) -> HttpResponseBase:
    """The texts of the pages' scripts in ``language``, as a script that defines ``gettext`` and the like."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        return JavaScriptCatalog.as_view(packages=["chatchat"])(request)


class _Renderer(RendererHTML):
    """Tables and code that scroll on a narrow screen, by keyboard too, and alignment by class: the site's
    policy refuses styles."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return super().fence(tokens, idx, options, env).replace("<pre>", '<pre tabindex="0">', 1)

    def table_open(self, tokens: list[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, tokens: list[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"

    def renderToken(  # noqa: N802 - the library's name
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        token = tokens[idx]
        if token.tag in {"th", "td"} and "style" in token.attrs:
            style = str(token.attrs.pop("style"))
            token.attrs["class"] = style.removeprefix("text-align:")
        return super().renderToken(tokens, idx, options, env)


def as_html(text: str) -> SafeString:
    """Markdown of our own as HTML; raw HTML in it is shown as text. Headings can be linked to."""
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    tokens = markdown.parse(text)
    for heading, content in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrs["id"] = re.sub(r"[^\w]+", "-", content.content.lower()).strip("-")
        for token in content.children or ():
            if token.type == "link_open":
                # A link from file to file, as between pages.
                token.attrs["href"] = re.sub(r"^([a-z0-9-]+)\.md\b", r"/docs/\1/", str(token.attrs["href"]))
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    return mark_safe(html)  # noqa: S308 - escaped above
