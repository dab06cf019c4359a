"""How often a person may send: a bucket in each process, and behind it one that all of them share."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from chatchat.buckets import Bucket, SharedBuckets
from chatchat.errors import TooMany
from chatchat.telemetry import metrics

if TYPE_CHECKING:
    from messaging.writer import Send

_senders: dict[int, Bucket] = {}


def sender(user_id: int) -> Bucket:
    """The bucket of a person's messages in this process."""
    bucket = _senders.get(user_id)
    if bucket is None:
        if len(_senders) > 10_000:
            for key in [key for key, kept in list(_senders.items()) if kept.full()]:
                _senders.pop(key, None)
        bucket = Bucket(rate=settings.SEND_RATE, burst=settings.SEND_BURST)
        bucket = _senders.setdefault(user_id, bucket)
    return bucket


def refusal(user_id: int) -> TooMany | None:
    """Count one more message of the person's; past the limit, what ``services.messages.send`` is to raise."""
    bucket = sender(user_id)
    if settings.RATELIMIT_ENABLE and not bucket.take():
        metrics.limited.labels("send").inc()
        return TooMany(retry_after=bucket.wait())
    return None


@cache
def _shared() -> SharedBuckets | None:
    """None where there is one process, whose own buckets are all there is."""
    if not (settings.REDIS_URL and settings.RATELIMIT_ENABLE):
        return None
    return SharedBuckets(settings.REDIS_URL, name="send", rate=settings.SEND_RATE, burst=settings.SEND_BURST)


def hold(sends: Iterable["Send"]) -> None:
    """Refuse those of a batch for which their people's shared buckets hold nothing; one round trip."""
    shared = _shared()
    if shared is None:
        return
    counted = [send for send in sends if send.refusal is None]
    if not counted:
        return
    taken = shared.take(Counter(send.user_id for send in counted))
    left = {user_id: bucket.got for user_id, bucket in taken.items()}
    for send in counted:
        if send.user_id not in left:
            continue
        if left[send.user_id] > 0:
            left[send.user_id] -= 1
        else:
            metrics.limited.labels("send").inc()
            send.refusal = TooMany(retry_after=taken[send.user_id].wait)
