"""Counts by the hour of what the operators' start page shows, in the cache that processes share.

They may be lost, with the cache: the record is elsewhere.
"""

import time

from django.core.cache import cache
from redis.exceptions import RedisError

HOUR = 3600
KEPT = 26 * HOUR


def _name(what: str, hour: int) -> str:
    return f"count:{what}:{hour}"


def count(what: str, number: int = 1) -> None:
    """One more (or ``number``) of ``what`` in this hour. Never fails."""
    name = _name(what, int(time.time()) // HOUR)
    try:
        cache.add(name, 0, KEPT)
        cache.incr(name, number)
    except (RedisError, OSError, ValueError):
        return


def last_hours(what: str, hours: int = 24) -> list[int]:
    """How many there were in each of the last hours, the present one last."""
    present = int(time.time()) // HOUR
    names = [_name(what, hour) for hour in range(present - hours + 1, present + 1)]
    try:
        found = cache.get_many(names)
    except (RedisError, OSError):
        found = {}
    return [int(found.get(name, 0)) for name in names]
