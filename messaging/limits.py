"""How often a person may send, and a socket may speak: token buckets, of this process."""

import time

from django.conf import settings

from chatchat.errors import TooMany


class Bucket:
    """``rate`` a second on average, ``burst`` at once."""

    __slots__ = ("_burst", "_level", "_rate", "_since")

    def __init__(self, *, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._level = burst
        self._since = time.monotonic()

    def take(self) -> bool:
        """Take one; False if there is none left."""
        moment = time.monotonic()
        self._level = min(self._burst, self._level + (moment - self._since) * self._rate)
        self._since = moment
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def full(self) -> bool:
        """Nothing was taken for long: the bucket may be forgotten."""
        return self._level + (time.monotonic() - self._since) * self._rate >= self._burst

    def wait(self) -> int:
        """Whole seconds until there is one again."""
        return max(1, round((1 - self._level) / self._rate))


_senders: dict[int, Bucket] = {}


def sender(user_id: int) -> Bucket:
    """The bucket of a person's messages."""
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
        return TooMany(retry_after=bucket.wait())
    return None
