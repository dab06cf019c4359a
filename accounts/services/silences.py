"""Stopping people from writing anywhere, for a time; what they may read stays."""

from datetime import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.audit import Action
from accounts.models import Revocation, User
from accounts.services import notices, record
from accounts.services.bans import locked
from accounts.services.ranks import require_over
from accounts.services.revocations import revoke
from chatchat.clock import now, rfc3339
from chatchat.db import retried, write_transaction
from chatchat.errors import Forbidden


class Silenced(Forbidden):
    """403: a moderator has stopped this person from writing; ``details`` say until when and why."""

    code = "silenced"
    message = _("A moderator has stopped you from writing for a time.")

    @classmethod
    def until(cls, until: datetime, reason: str) -> "Silenced":
        """Worded with the term and the reason."""
        text = format_lazy(
            _("You cannot write anywhere until {until} UTC. Reason: {reason}"),
            until=f"{until:%Y-%m-%d %H:%M}",
            reason=reason or "–",
        )
        return cls(text, details={"until": rfc3339(until), "reason": reason})


def refusal_of(user_id: int) -> Silenced | None:
    """Why this person may write nowhere now; None if they may, as far as this goes. One query."""
    found = (
        User.objects.filter(pk=user_id, silenced_until__gt=now())
        .values_list("silenced_until", "silence_reason")
        .first()
    )
    return Silenced.until(found[0], found[1]) if found is not None and found[0] is not None else None


def require_voice(user_id: int) -> None:
    """Raise Silenced for whoever may write nowhere now: greetings and names are read by others too."""
    refusal = refusal_of(user_id)
    if refusal is not None:
        raise refusal


@retried
def silence(*, user_id: int, by: User | None, reason: str, until: datetime) -> None:
    """Let the person write nowhere until then; their sockets get the new states at once.

    Raises Forbidden (``by`` has to outrank them), NotFound, Invalid.
    """
    record.check_term(until, needed=True)
    with write_transaction():
        user = locked(user_id)
        require_over(by, user)
        user.silenced_until, user.silence_reason = until, reason
        _save(user)
        record.write(Action.SILENCED, by=by.pk if by else None, subject=user_id, reason=reason, until=until)
        notices.tell(user, Action.SILENCED, reason=reason, until=until)


@retried
def unsilence(*, user_id: int, by: User | None, reason: str) -> None:
    """Let the person write again; who may already stays so. Raises Forbidden, NotFound."""
    with write_transaction():
        user = locked(user_id)
        require_over(by, user)
        if user.silenced_until is None:
            return
        user.silenced_until, user.silence_reason = None, ""
        _save(user)
        record.write(Action.UNSILENCED, by=by.pk if by else None, subject=user_id, reason=reason)
        notices.tell(user, Action.UNSILENCED, reason=reason)


def forget_what_is_over() -> None:
    """A term that is over counts no more, whatever the row says; this only clears it from the lists."""
    over = User.objects.filter(silenced_until__lte=now())
    if over.exists():
        over.update(silenced_until=None, silence_reason="")


def _save(user: User) -> None:
    user.save(update_fields=["silenced_until", "silence_reason"])
    revoke(kind=Revocation.Kind.VOICE, user_id=user.pk)
