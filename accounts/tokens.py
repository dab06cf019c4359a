"""The signed tokens of a session: access (15 minutes) and refresh (30 days, good for one use)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import BigIntegerField
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.models import Session
from chatchat.errors import NotAuthenticated

MAX_ID = BigIntegerField.MAX_BIGINT


@dataclass(frozen=True)
class Pair:
    """What a client gets: two encoded tokens."""

    access: str
    refresh: str


@dataclass(frozen=True)
class Claims:
    """What a token says: whose, of which session, its own id, from when, until when."""

    user_id: int
    session_id: int
    jti: str
    issued_at: datetime
    expires_at: datetime


def new_refresh(*, user_id: int, session_id: int) -> RefreshToken:
    """A refresh token of the session, not in force until the session names its ``jti``."""
    token = RefreshToken()
    token["sub"] = str(user_id)
    token["sid"] = session_id
    return token


def pair(refresh: RefreshToken) -> Pair:
    """``refresh`` and an access token beside it, encoded."""
    return Pair(access=str(refresh.access_token), refresh=str(refresh))


def issue(session: Session) -> Pair:
    """New tokens for a session, which names the refresh token now; the caller saves it."""
    refresh = new_refresh(user_id=session.user_id, session_id=session.pk)
    session.refresh_jti = refresh["jti"]
    return pair(refresh)


def read_access(encoded: str) -> Claims:
    """The claims of an access token of ours, in force by its signature and time; NotAuthenticated."""
    return _read(AccessToken, encoded)


def read_refresh(encoded: str) -> Claims:
    """The claims of a refresh token of ours; whether it is the session's own is not said."""
    return _read(RefreshToken, encoded)


def _read(kind: type[Token], encoded: str) -> Claims:
    try:
        token: Any = kind(encoded)  # type: ignore[arg-type]
        user_id, session_id = int(token["sub"]), int(token["sid"])
        times = [datetime.fromtimestamp(token[claim], UTC) for claim in ("iat", "exp")]
        if not (0 < user_id <= MAX_ID and 0 < session_id <= MAX_ID):
            raise ValueError
    except (TokenError, KeyError, ValueError, TypeError, OverflowError):
        raise NotAuthenticated(details={"reason": "invalid_token"}) from None
    return Claims(user_id, session_id, str(token["jti"]), times[0], times[1])
