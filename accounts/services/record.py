"""Writing into the record, in the transaction of what is told of; failed logins, which are bounded."""

import hashlib
import time
from datetime import datetime
from typing import Any, Final

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from accounts.audit import REASON_MAX, Action, AuditEvent
from accounts.models import User
from chatchat import origin
from chatchat.clock import now
from chatchat.counters import count
from chatchat.db import write_transaction
from chatchat.errors import Invalid
from chatchat.text import clean_line

#: A failed login is written once in so many seconds for an account and an address …
FAILURE_EVERY: Final = 600
#: … and at most so many a minute for all together: ten megabytes a day, whatever comes.
FAILURES_A_MINUTE: Final = 60


def clean_reason(reason: str) -> str:
    """Why somebody does something to others: one line, never empty. Raises Invalid."""
    return clean_line(reason, field="reason", minimum=1, maximum=REASON_MAX)


def write(
    action: Action,
    *,
    by: int | None = None,
    subject: int | None = None,
    conversation: int | None = None,
    seq: int | None = None,
    reason: str = "",
    until: datetime | None = None,
    ip: str | None = None,
    **details: Any,
) -> None:
    """Add a line in the caller's transaction. ``by`` does it, ``subject`` is whom it is done to.

    ``details`` are ids, numbers and short words; the address is that of the present request.
    """
    AuditEvent(
        at=now(),
        action=action,
        actor_id=by,
        subject_id=subject,
        conversation_id=conversation,
        seq=seq,
        reason=reason,
        until=until,
        ip=ip or origin.address(),
        details=details,
    ).save()


def own(action: Action, user_id: int, *, ip: str | None = None, **details: Any) -> None:
    """``write`` of what somebody did about their own account."""
    write(action, by=user_id, subject=user_id, ip=ip, **details)


def login_failed(user: User | None, *, email: str, action: Action = Action.LOGIN_FAILED) -> None:
    """Note that somebody could not sign in; the address that was tried is not kept, who it is of is.

    Whoever tries for ever adds a line in ten minutes, and all who try add a minute's share: the rest is
    only counted. The limits on logins come before, and the same is done whether there is an account.
    """
    count("login_failed")
    if _worth_a_line(email):
        with write_transaction():
            write(action, subject=user.pk if user is not None else None)


def _worth_a_line(email: str) -> bool:
    tried = hashlib.sha256(f"{email} {origin.address()}".encode()).hexdigest()
    minute = f"record:failures:{int(time.time()) // 60}"
    try:
        if not cache.add(f"record:failure:{tried}", 1, FAILURE_EVERY):
            return False
        cache.add(minute, 0, 120)
        return cache.incr(minute) <= FAILURES_A_MINUTE
    except (RedisError, OSError, ValueError):  # then logins are refused anyway
        return False


def check_term(until: datetime | None, *, needed: bool) -> datetime | None:
    """When something ends by itself: in the future, or, where that is allowed, never. Raises Invalid."""
    if until is None and needed:
        raise Invalid(details={"until": [_("Until when?")]})
    if until is not None and until <= now():
        raise Invalid(details={"until": [_("That is past.")]})
    return until
