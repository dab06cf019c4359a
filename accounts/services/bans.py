"""Shutting people out, for a time or until further notice, and letting them in again."""

from datetime import datetime

from accounts.audit import Action
from accounts.models import User
from accounts.services import notices, record, sessions
from accounts.services.ranks import require_over
from chatchat.clock import now
from chatchat.db import retried, write_transaction
from chatchat.errors import NotFound

AT_ONCE = 100


def locked(user_id: int) -> User:
    """The person, their row locked; whoever was deleted is not there. Raises NotFound."""
    user: User | None = User.objects.select_for_update().filter(pk=user_id, deleted_at__isnull=True).first()
    if user is None:
        raise NotFound
    return user


@retried
def ban_person(
    *, user_id: int, by: User | None = None, reason: str = "", until: datetime | None = None
) -> None:
    """Shut the person out: every session ends, sockets are told why and close with 4403.

    Who is banned already keeps the moment and gets the new reason and term. ``by`` has to outrank them;
    None is the system. Raises Forbidden, NotFound, Invalid.
    """
    record.check_term(until, needed=False)
    with write_transaction():
        user = locked(user_id)
        require_over(by, user)
        if user.banned_at is not None and (user.ban_reason, user.banned_until) == (reason, until):
            return
        user.banned_at = user.banned_at or now()
        user.ban_reason, user.banned_until = reason, until
        user.save(update_fields=["banned_at", "ban_reason", "banned_until"])
        record.write(Action.BANNED, by=by.pk if by else None, subject=user_id, reason=reason, until=until)
        notices.tell(user, Action.BANNED, reason=reason, until=until)
        sessions.end_all(user_id=user_id, reason="banned")


@retried
def unban_person(*, user_id: int, by: User | None = None, reason: str = "") -> None:
    """Let the person in again; they sign in anew. Who is not banned stays so. Raises Forbidden, NotFound."""
    with write_transaction():
        user = locked(user_id)
        require_over(by, user)
        if user.banned_at is None:
            return
        user.banned_at, user.banned_until, user.ban_reason = None, None, ""
        user.save(update_fields=["banned_at", "ban_reason", "banned_until"])
        record.write(Action.UNBANNED, by=by.pk if by else None, subject=user_id, reason=reason)
        notices.tell(user, Action.UNBANNED, reason=reason)


def lift_what_is_over() -> None:
    """End the bans whose term is over. Every process does; what one has done, another does not find."""
    over = User.objects.filter(banned_until__lte=now(), deleted_at__isnull=True)
    for user_id in over.order_by("banned_until").values_list("pk", flat=True)[:AT_ONCE]:
        _lift(user_id=user_id)


@retried
def _lift(*, user_id: int) -> None:
    with write_transaction():
        user = locked(user_id)
        # Looked at again under the lock: it may have been lifted, or made longer.
        if user.banned_until is not None and user.banned_until <= now():
            unban_person(user_id=user_id)
