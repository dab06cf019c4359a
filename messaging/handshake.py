"""Who connects to the socket, by what credential, and in which language they are told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from accounts.authentication import Credentials, authenticate_page_session, authenticate_tokens
from accounts.limits import limit_connects, limit_strangers
from chatchat.errors import ChatError, NotAuthenticated
from chatchat.threads import Together, run
from messaging import access

SUBPROTOCOL = "chatchat.v1"


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody shows at the door: an access token, or the key of a session of the pages."""

    token: str = ""
    page: str = ""


async def admit(scope: Any) -> Credentials:
    """Who connects, if they may. Raises NotAuthenticated, Forbidden (``banned``, ``origin``), TooMany."""
    try:
        return await _admit(shown(scope))
    except NotAuthenticated:
        await run(limit_strangers, address=(scope.get("client") or ("",))[0])
        raise


def _admit_all(every: Sequence[Shown]) -> list[Credentials | ChatError]:
    by_token = iter(authenticate_tokens([one.token for one in every if one.token]))
    known = [next(by_token) if one.token else _by_page(one.page) for one in every]
    limited = iter(limit_connects([each.user_id for each in known if isinstance(each, Credentials)]))
    return [next(limited) or each if isinstance(each, Credentials) else each for each in known]


def _by_page(key: str) -> Credentials | ChatError:
    try:
        return authenticate_page_session(key)
    except ChatError as refusal:
        return refusal


_admit = Together(_admit_all)


def shown(scope: Any) -> Shown:
    """A bearer token, offered as a header or a subprotocol, or the pages' cookie.

    Raises ``NotAuthenticated``, ``Forbidden`` (``origin``). The cookie counts only with an ``Origin`` of
    our own: browsers send cookies along for any page.
    """
    headers = scope["headers"]
    scheme, _space, token = _header(headers, b"authorization").partition(" ")
    if scheme.lower() == "bearer":
        return _token(token.strip())
    for offered in scope.get("subprotocols", ()):
        if offered.startswith("bearer."):
            return _token(offered.removeprefix("bearer."))
    key = _cookie(_header(headers, b"cookie"), settings.SESSION_COOKIE_NAME)
    if not key:
        raise NotAuthenticated
    if not same_origin(_header(headers, b"origin"), _header(headers, b"host")):
        raise access.ForeignOrigin
    return Shown(page=key)


def _token(token: str) -> Shown:
    if not token:
        raise NotAuthenticated(details={"reason": "invalid_token"})
    return Shown(token=token)


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """The last one of this name; "" where there is none."""
    value = b""
    for each, given in headers:
        if each == name:
            value = given
    return value.decode("latin-1")


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
    headers = scope["headers"]
    chosen = _cookie(_header(headers, b"cookie"), settings.LANGUAGE_COOKIE_NAME)
    if chosen in dict(settings.LANGUAGES):
        return chosen
    for part in _header(headers, b"accept-language").split(","):
        code = part.split(";")[0].strip().lower()
        if code.startswith("zh"):
            return "zh-hans"
        if code.startswith("en"):
            return "en"
    return settings.LANGUAGE_CODE
