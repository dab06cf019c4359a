"""Sessions: a login on a device, begun, refreshed, ended."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import tokens
from accounts.access import live_sessions
from accounts.audit import Action
from accounts.models import Revocation, Session, User
from accounts.services import record
from accounts.services.revocations import revoke
from chatchat.clock import now, rfc3339
from chatchat.db import write_transaction
from chatchat.errors import Forbidden, NotAuthenticated, NotFound

#: What the record says of a session that ended for one of these reasons; of others, that it ended.
_ENDED = {"logout": Action.LOGOUT, "token_reused": Action.TOKEN_REUSED}


class Banned(Forbidden):
    """403: this person is shut out, and has shown who they are; ``details`` say why and until when."""

    code = "banned"
    message = _("This account has been banned.")

    @classmethod
    def of(cls, user: User) -> "Banned":
        """Worded with the reason and the term, where there are any."""
        until, reason = user.banned_until, user.ban_reason
        text = cls.message
        if until is not None:
            moment = f"{until:%Y-%m-%d %H:%M}"
            text = format_lazy(_("This account has been banned until {until} UTC."), until=moment)
        if reason:
            text = format_lazy(_("{what} Reason: {reason}"), what=text, reason=reason)
        return cls(text, details={"reason": reason, "until": rfc3339(until) if until else None})


class TokenReused(NotAuthenticated):
    """401: a refresh token came a second time, so somebody has a copy: the session is over."""

    code = "token_reused"
    message = _("This session was ended because its refresh token was used twice. Sign in again.")


def begin(*, user: User, device: str = "", ip: str | None = None) -> Session:
    """A new session; past the allowed number the one unused longest ends. Raises Banned."""
    with write_transaction():
        # The person's row is the lock: two logins at once count each other.
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not locked.is_active:
            raise Banned.of(locked) if locked.banned_at else NotAuthenticated()
        if locked.password != user.password:
            # Changed since it was checked: that change has ended every session, and this is one more.
            raise NotAuthenticated
        live = list(live_sessions(user.pk).order_by("-last_seen_at", "-pk"))
        for session in live[settings.MAX_SESSIONS - 1 :]:
            _end(session, reason="too_many_sessions")
        moment = now()
        session = Session.objects.create(
            user=user, device=device[:200], ip=ip or None, created_at=moment, last_seen_at=moment
        )
        record.own(Action.LOGIN, user.pk, ip=ip, session=session.pk)
        return session


def begin_with_tokens(*, user: User, device: str = "", ip: str | None = None) -> tuple[Session, tokens.Pair]:
    """A new session for a client that keeps tokens, and its first pair."""
    with write_transaction():
        session = begin(user=user, device=device, ip=ip)
        pair = tokens.issue(session)
        session.save(update_fields=["refresh_jti"])
    return session, pair


def refresh(*, token: str) -> tokens.Pair:
    """A new pair for a refresh token, which is worth nothing from then on.

    An older token of a live session is a replay: raises TokenReused, and the session has ended. Of two
    at once with the same token one is first and the other the replay. Raises NotAuthenticated, Banned.
    """
    claims = tokens.read_refresh(token)
    with write_transaction():
        session = (
            Session.objects.select_for_update().filter(pk=claims.session_id, user=claims.user_id).first()
        )
        if session is None or session.revoked_at is not None:
            raise NotAuthenticated(details={"reason": "session_ended"})
        if session.user.banned_at is not None:
            raise Banned.of(session.user)
        replayed = session.refresh_jti != claims.jti
        if replayed:
            _end(session, reason="token_reused")
        else:
            pair = tokens.issue(session)
            session.last_seen_at = now()
            session.save(update_fields=["refresh_jti", "last_seen_at"])
    if replayed:
        raise TokenReused
    return pair


def end(*, user_id: int, session_id: int, reason: str = "revoked") -> None:
    """End one of the person's sessions: its tokens, page and sockets. Raises NotFound."""
    with write_transaction():
        session = live_sessions(user_id).select_for_update().filter(pk=session_id).first()
        if session is None:
            raise NotFound
        _end(session, reason=reason)


def end_all(*, user_id: int, but: int | None = None, reason: str) -> None:
    """End all of the person's sessions, but ``but``, in the caller's transaction or its own."""
    with write_transaction():
        sessions = Session.objects.filter(user_id=user_id, revoked_at__isnull=True)
        if but is not None:
            sessions = sessions.exclude(pk=but)
        sessions.update(revoked_at=now())
        revoke(kind=Revocation.Kind.PERSON, user_id=user_id, session_id=but, reason=reason)


def _end(session: Session, *, reason: str) -> None:
    session.revoked_at = now()
    session.save(update_fields=["revoked_at"])
    revoke(kind=Revocation.Kind.SESSION, user_id=session.user_id, session_id=session.pk, reason=reason)
    if reason != "moderator":  # who did that is on the record already
        action = _ENDED.get(reason, Action.ENDED)
        record.own(action, session.user_id, session=session.pk, ended=reason)


def seen(session_ids: Iterable[int], *, moment: datetime) -> None:
    """Note that these sessions are in use."""
    Session.objects.filter(pk__in=sorted(session_ids), last_seen_at__lt=moment).update(last_seen_at=moment)


def of(user_id: int) -> QuerySet[Session]:
    """The person's sessions that go on."""
    return live_sessions(user_id)
