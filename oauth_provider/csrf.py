"""CSRF protection of the provider's forms, with a cookie of its own."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from oauth_provider.conf import CSRF_COOKIE, MOUNT
from oauth_provider.render import error_page

View = Callable[..., HttpResponseBase]


class ProviderCsrf(CsrfViewMiddleware):
    def _get_secret(self, request: HttpRequest) -> str | None:
        secret = request.COOKIES.get(CSRF_COOKIE)
        if secret is not None and not (secret.isalnum() and secret.isascii() and len(secret) == 32):
            return None
        return secret

    def _set_csrf_cookie(self, request: HttpRequest, response: HttpResponseBase) -> None:
        response.set_cookie(
            CSRF_COOKIE,
            request.META["CSRF_COOKIE"],
            path=MOUNT,
            secure=settings.SECURE,
            httponly=True,
            samesite="Lax",
        )

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return error_page(
            request, title=_("That form has gone stale"), text=_("Reload the page and try again."), status=403
        )


_protected: Any = decorator_from_middleware(ProviderCsrf)


def page(view: View) -> View:
    """A page with forms: the chat's CSRF protection stays out, the provider's own stands in."""
    protected: View = csrf_exempt(_protected(view))
    return protected
