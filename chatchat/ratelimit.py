"""Limits on how often: django-ratelimit's counting, our answers.

Counting is exact: one atomic increment a call, on LocMem (one process) as on Redis. A window is fixed
and starts at a moment of its own for each key, so the end of one and the start of the next may come
together; what must keep its distance from its predecessor uses ``space``.
"""

import functools
import ipaddress
import math
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest
from django_ratelimit.core import _split_rate, get_usage
from redis.exceptions import RedisError

from chatchat import proxies
from chatchat.buckets import SharedBuckets
from chatchat.errors import TooMany, Unavailable
from chatchat.telemetry import metrics

#: Counts while Redis is away: then limits hold a process.
_local: Final = LocMemCache("ratelimit", {"OPTIONS": {"MAX_ENTRIES": 100_000}})


def raw_ip(request: HttpRequest) -> str:
    """The caller's address, as ``chatchat.proxies`` found it; "" where there is none, as on a Unix socket."""
    return str(proxies.parse(request.META.get("REMOTE_ADDR") or "") or "")


def client_ip(request: HttpRequest) -> str:
    """What limits count as one caller."""
    return subscriber(raw_ip(request))


def subscriber(address: str) -> str:
    """``address``; of IPv6 the /64 network that a subscriber gets."""
    if ":" in address:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return address


def limit(request: HttpRequest | None, *, group: str, key: str, rate: str, strict: bool = False) -> None:
    """Count one more of ``group`` for ``key``; past ``rate`` (``"10/m"``) raise TooMany.

    While the cache is away a ``strict`` limit raises Unavailable; others are held by this process.
    """
    try:
        usage = get_usage(request, group=group, key=lambda *_: key, rate=rate, increment=True)
    except (RedisError, OSError):
        if strict:
            raise Unavailable from None
        _limit_locally(group=group, key=key, rate=rate)
        return
    if usage is None:  # RATELIMIT_ENABLE is off
        return
    if not usage["count"]:  # it could not be had; that of time left may be -1 where a second has just ended
        raise Unavailable
    if usage["should_limit"]:
        raise _past(group, max(1, usage["time_left"]))


def limit_people(user_ids: Sequence[int], *, group: str, rate: str) -> list[TooMany | None]:
    """Count one more of ``group`` for each of these people; for who is past ``rate`` ("120/m", and so many
    at once) the refusal. All processes count together, in one round trip; while Redis is away, each its own.
    """
    if not settings.RATELIMIT_ENABLE:
        return [None] * len(user_ids)
    taken = _shared(group, rate).take(Counter(user_ids)) if settings.REDIS_URL else {}
    left = {user_id: bucket.got for user_id, bucket in taken.items()}
    refusals: list[TooMany | None] = []
    for user_id in user_ids:
        if user_id not in left:
            refusals.append(_refusal_of_this_process(group, user_id, rate))
            continue
        left[user_id] -= 1
        refusals.append(_past(group, taken[user_id].wait) if left[user_id] < 0 else None)
    return refusals


@functools.cache
def _shared(group: str, rate: str) -> SharedBuckets:
    count, period = _split_rate(rate)
    return SharedBuckets(settings.REDIS_URL, name=group, rate=count / period, burst=count)


def _refusal_of_this_process(group: str, user_id: int, rate: str) -> TooMany | None:
    try:
        _limit_locally(group=group, key=str(user_id), rate=rate)
    except TooMany as refusal:
        return refusal
    return None


def _past(group: str, retry_after: int) -> TooMany:
    metrics.limited.labels(group).inc()
    return TooMany(retry_after=retry_after)


def _limit_locally(*, group: str, key: str, rate: str) -> None:
    count, period = _split_rate(rate)
    window, elapsed = divmod(int(time.time()), period)
    name = f"{group}:{period}:{window}:{key}"
    seen = 1 if _local.add(name, 1, period) else _local.incr(name)
    if seen > count:
        raise _past(group, period - elapsed)


def distance(rate: str) -> int:
    """How many seconds apart two of ``rate`` are: 60 for ``"1/m"``."""
    count, period = _split_rate(rate)
    return math.ceil(int(period) / max(int(count), 1))


def space(*, group: str, key: str, rate: str) -> None:
    """Keep two of ``group`` for ``key`` at least ``distance(rate)`` seconds apart, else raise TooMany."""
    if not settings.RATELIMIT_ENABLE:
        return
    seconds = distance(rate)
    name = f"space:{group}:{key}"
    try:
        if cache.add(name, time.time() + seconds, seconds):
            return
        until = cache.get(name)
    except (RedisError, OSError):
        raise Unavailable from None
    raise _past(group, max(1, math.ceil((until or 0) - time.time())))
