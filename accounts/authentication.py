"""Who is asking: an access token, or the cookie of the pages. Both stand for a live Session.

What was revoked is refused at the next request: each request looks the session up, with its person,
in one query.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from accounts import tokens
from accounts.models import Session, User
from accounts.services import sessions
from chatchat.clock import now
from chatchat.db import in_utc, placeholders
from chatchat.errors import ChatError, Forbidden, NotAuthenticated

#: Where the Django session of a page login keeps our Session's id.
PAGE_SESSION_KEY = "chatchat_session_id"
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was shown and holds: whose, which session, from when, until when."""

    user_id: int
    session_id: int
    expires_at: datetime
    issued_at: datetime


def authenticate_token(token: str) -> Credentials:
    """Check an access token and its session. Raises NotAuthenticated, Forbidden (``banned``)."""
    [credentials] = authenticate_tokens([token])
    if isinstance(credentials, ChatError):
        raise credentials
    return credentials


def authenticate_tokens(encoded: Sequence[str]) -> list[Credentials | ChatError]:
    """``authenticate_token`` for several, in one query: for whom it would refuse, the refusal."""
    read = [_claims(token) for token in encoded]
    good = [claims for claims in read if isinstance(claims, tokens.Claims)]
    checked = iter(check_sessions([(claims.user_id, claims.session_id) for claims in good]))
    return [
        _credentials(claims, next(checked)) if isinstance(claims, tokens.Claims) else claims
        for claims in read
    ]


def _claims(token: str) -> tokens.Claims | ChatError:
    try:
        return tokens.read_access(token)
    except ChatError as refusal:
        return refusal


def _credentials(claims: tokens.Claims, session: Session | ChatError) -> Credentials | ChatError:
    if isinstance(session, ChatError):
        return session
    return Credentials(claims.user_id, session.pk, claims.expires_at, claims.issued_at)


def authenticate_page_session(session_key: str) -> Credentials:
    """Check the pages' session cookie by its value. Raises NotAuthenticated, Forbidden (``banned``)."""
    engine: Any = import_module(settings.SESSION_ENGINE)
    credentials, _ = by_page(engine.SessionStore(session_key))
    return credentials


def check_session(*, user_id: int, session_id: int) -> None:
    """Whether a session that was live goes on. Raises NotAuthenticated, Forbidden (``banned``)."""
    [session] = check_sessions([(user_id, session_id)])
    if isinstance(session, ChatError):
        raise session


def _by_token(token: str) -> tuple[Credentials, Session]:
    claims = tokens.read_access(token)
    session = _live(claims.session_id, claims.user_id)
    return Credentials(claims.user_id, session.pk, claims.expires_at, claims.issued_at), session


def by_page(page: SessionBase) -> tuple[Credentials, Session]:
    """The live Session that a Django session stands for. Raises NotAuthenticated, Forbidden."""
    try:
        session_id, user_id = int(page[PAGE_SESSION_KEY]), int(page[SESSION_KEY])
    except (KeyError, ValueError, TypeError):
        raise NotAuthenticated from None
    session = _live(session_id, user_id)
    if not constant_time_compare(page.get(HASH_SESSION_KEY, ""), session.user.get_session_auth_hash()):
        raise _ended()
    expires_at = session.created_at + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return Credentials(user_id, session.pk, expires_at, session.created_at), session


def check_sessions(wanted: Sequence[tuple[int, int]]) -> list[Session | ChatError]:
    """For each (user, session) the session, if it goes on, with its person; otherwise why not. One query.

    Of both only what is needed here and in ``ready`` is read. Every socket comes this way twice, a
    thousand at once after a restart, so it is plain SQL: the ORM costs four times as much.
    """
    found = _sessions({session_id for _, session_id in wanted})
    checked: list[Session | ChatError] = []
    for user_id, session_id in wanted:
        try:
            checked.append(_going_on(found.get(session_id), user_id=user_id))
        except ChatError as refusal:
            checked.append(refusal)
    _note_seen(session for session in checked if isinstance(session, Session))
    return checked


def _columns(model: type[Model], *names: str) -> tuple[str, ...]:
    """``names`` in the order in which ``Model.from_db`` takes their values."""
    return tuple(field.attname for field in model._meta.concrete_fields if field.attname in names)


_SESSION = _columns(Session, "id", "user_id", "last_seen_at", "revoked_at")
_PERSON = _columns(User, "id", "nickname", "avatar", "ban_reason", "banned_at", "banned_until", "deleted_at")
_SESSIONS = (
    f"SELECT {', '.join(f's.{name}' for name in _SESSION)}, {', '.join(f'u.{name}' for name in _PERSON)} "  # noqa: S608 - names are ours
    "FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id WHERE s.id IN "
)


def _sessions(ids: set[int]) -> dict[int, Session]:
    found = {}
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(f"{_SESSIONS}({placeholders(len(ids))})", list(ids))
            for row in cursor.fetchall():
                values = [in_utc(value) for value in row]
                session = Session.from_db(None, _SESSION, values[: len(_SESSION)])
                session.user = User.from_db(None, _PERSON, values[len(_SESSION) :])
                found[session.pk] = session
    return found


def _live(session_id: int, user_id: int) -> Session:
    found = Session.objects.select_related("user").filter(pk=session_id).first()
    session = _going_on(found, user_id=user_id)
    _note_seen([session])
    return session


def _going_on(session: Session | None, *, user_id: int) -> Session:
    """``session``, if it is this person's and goes on. Raises NotAuthenticated, Forbidden (``banned``)."""
    if session is None or session.user_id != user_id or session.user.deleted_at is not None:
        raise _ended()
    if session.user.banned_at is not None:
        raise sessions.Banned.of(session.user)
    if session.revoked_at is not None:
        raise _ended()
    return session


def _note_seen(used: Iterable[Session]) -> None:
    moment = now()
    if due := [session.pk for session in used if session.last_seen_at < moment - SEEN_EVERY]:
        sessions.seen(due, moment=moment)


def _ended() -> NotAuthenticated:
    return NotAuthenticated(_("This session has ended. Sign in again."), details={"reason": "session_ended"})


def bearer(request: HttpRequest | Request) -> str | None:
    """The token of ``Authorization: Bearer`` (RFC 6750); None without one."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer <access token>``."""

    def authenticate(self, request: Request) -> tuple[User, Credentials] | None:
        token = bearer(request)
        if token is None:
            return None
        credentials, session = _by_token(token)
        return session.user, credentials

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PageSessionAuthentication(BaseAuthentication):
    """The session cookie of the pages, with Django's CSRF token for whatever writes."""

    def authenticate(self, request: Request) -> tuple[User, Credentials] | None:
        page: SessionBase = request._request.session
        if PAGE_SESSION_KEY not in page:
            return None
        credentials, session = by_page(page)
        self._enforce_csrf(request._request)
        return session.user, credentials

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _enforce_csrf(self, request: HttpRequest) -> None:
        check: Any = CSRFCheck(lambda _: HttpResponse())
        check.process_request(request)
        if check.process_view(request, None, (), {}):
            raise Forbidden(
                "The CSRF token is missing or wrong: send the cookie's value as X-CSRFToken.",
                code="csrf_failed",
            )
