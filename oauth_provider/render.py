"""The provider's pages: nothing inline, never framed, never cached."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as django_render

from oauth_provider.conf import BRAND


def content_policy(form_target: str | None = None) -> str:
    """A browser holds ``form-action`` against every redirect that follows a form: the client is one."""
    targets = "'self'"
    if form_target:
        parts = urlsplit(form_target)
        targets += f" {parts.scheme}://{parts.netloc}"
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            f"form-action {targets}",
            "frame-ancestors 'none'",
        )
    )


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
    form_target: str | None = None,
) -> HttpResponse:
    """``form_target`` is the registered address that a form of this page may lead on to."""
    values = {"brand": BRAND, "person": request.user, **(context or {})}
    response = django_render(request, f"oauth_provider/{template}.html", values, status=status)
    response["Content-Security-Policy"] = content_policy(form_target)
    response["X-Frame-Options"] = "DENY"
    response["Cache-Control"] = "no-store"
    return response


def error_page(request: HttpRequest, *, title: str, text: str = "", status: int = 400) -> HttpResponse:
    return page(request, "error", {"title": title, "text": text, "status": status}, status=status)
