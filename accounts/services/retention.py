"""What the record's term is over for goes, in small pieces."""

from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from accounts.audit import Action, AuditEvent
from accounts.services import record
from chatchat.clock import now
from chatchat.db import retried, write_transaction

#: Lines a transaction, and how often there may be one.
BATCH = 500
EVERY = 60  # seconds


def remove_what_is_over() -> None:
    """Remove the oldest lines, if they are past ``RECORD_KEEP``; the first process a minute does."""
    if not settings.RECORD_KEEP:
        return
    try:
        mine = cache.add("record:retention", 1, EVERY)
    except (RedisError, OSError):
        return
    if mine:
        _remove(before=now() - settings.RECORD_KEEP)


@retried
def _remove(*, before: datetime) -> None:
    with write_transaction():
        oldest = AuditEvent.objects.order_by("pk").values_list("pk", "at")[:BATCH]
        ids = [pk for pk, at in oldest if at < before]
        if ids:
            AuditEvent.objects.all().remove_old(ids)
            record.write(Action.PRUNED, lines=len(ids), last=ids[-1])
