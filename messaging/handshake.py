"""Who connects to the socket, by what credential, and in which language they are told."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from accounts.authentication import Credentials, authenticate_page_session, authenticate_token
from accounts.limits import limit_connects, limit_strangers
from chatchat.errors import NotAuthenticated
from messaging import access

SUBPROTOCOL = "chatchat.v1"


def admit(scope: Any) -> Credentials:
    """Who connects, if they may. Raises what ``authenticate`` does, and ``TooMany``."""
    try:
        credentials = authenticate(scope)
    except NotAuthenticated:
        limit_strangers(address=(scope.get("client") or ("",))[0])
        raise
    limit_connects(user_id=credentials.user_id)
    return credentials


def authenticate(scope: Any) -> Credentials:
    """Who connects: a bearer token, offered as a header or a subprotocol, or the pages' cookie.

    Raises ``NotAuthenticated``, ``Forbidden`` (``banned``, ``origin``). The cookie counts only with an
    ``Origin`` of our own: browsers send cookies along for any page.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    scheme, _space, token = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return authenticate_token(token.strip())
    for offered in scope.get("subprotocols", ()):
        if offered.startswith("bearer."):
            return authenticate_token(offered.removeprefix("bearer."))
    key = _cookie(headers.get(b"cookie", ""), settings.SESSION_COOKIE_NAME)
    if not key:
        raise NotAuthenticated
    if not same_origin(headers.get(b"origin", ""), headers.get(b"host", "")):
        raise access.ForeignOrigin
    return authenticate_page_session(key)


def same_origin(origin: str, host: str) -> bool:
    """Whether a browser's ``Origin`` is a page of this site (RFC 6454)."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.netloc)
        and parts.netloc == host
        and validate_host(parts.hostname or "", settings.ALLOWED_HOSTS)
    )


def _cookie(header: str, name: str) -> str:
    for part in header.split(";"):
        key, _equals, value = part.strip().partition("=")
        if key == name:
            return value
    return ""


def subprotocol(scope: Any) -> str | None:
    return SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None


def language(scope: Any) -> str:
    """The language in which this client's errors are worded: chosen on the pages, or ``Accept-Language``."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    chosen = _cookie(headers.get(b"cookie", ""), settings.LANGUAGE_COOKIE_NAME)
    if chosen in dict(settings.LANGUAGES):
        return chosen
    for part in headers.get(b"accept-language", "").split(","):
        code = part.split(";")[0].strip().lower()
        if code.startswith("zh"):
            return "zh-hans"
        if code.startswith("en"):
            return "en"
    return settings.LANGUAGE_CODE
