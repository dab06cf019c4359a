"""Token buckets: so many a second on average, so many at once. Of this process, and of all of them."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger("chatchat")

AWAY = 5.0  # seconds for which Redis is not asked again after it has failed
TIMEOUT = 0.25  # seconds: what waits for the answer is a batch of messages


class Bucket:
    """``rate`` a second on average, ``burst`` at once; of this process."""

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


#: The generic cell rate algorithm (ITU-T I.371): of each bucket only the moment is kept at which it will
#: be full again. Times are microseconds of Redis's own clock, so that no process's clock matters.
TAKE: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval = tonumber(ARGV[1])
local tolerance = interval * tonumber(ARGV[2])
local answer = {}
for i, key in ipairs(KEYS) do
  local full = math.max(tonumber(redis.call('GET', key) or 0), now)
  local got = math.min(tonumber(ARGV[i + 2]), math.floor((now + tolerance - full) / interval))
  if got > 0 then
    full = full + got * interval
    redis.call('SET', key, string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
  end
  answer[2 * i - 1] = math.max(got, 0)
  answer[2 * i] = math.ceil((full + interval - tolerance - now) / 1000000)
end
return answer
"""


@dataclass(frozen=True)
class Taken:
    """What a shared bucket gave: how many, and in how many seconds there is one more."""

    got: int
    wait: int


class SharedBuckets:
    """The buckets of one purpose that all processes take from, kept in Redis."""

    def __init__(self, url: str, *, name: str, rate: float, burst: float) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT)
        self._script = self._redis.register_script(TAKE)
        self._prefix = f"chatchat:bucket:{name}:"
        self._settings = (1_000_000 / rate, burst)
        self._away_until = 0.0

    def take(self, wanted: Mapping[int, int]) -> dict[int, Taken]:
        """Take up to so many from each; one round trip. {} while Redis is away: nobody is held up then."""
        if time.monotonic() < self._away_until:
            return {}
        keys = [f"{self._prefix}{id_}" for id_ in wanted]
        try:
            answer = cast(list[int], self._run(keys, [*self._settings, *wanted.values()]))
        except (RedisError, OSError) as error:
            log.warning("limits hold for each process alone: %s", error)
            self._away_until = time.monotonic() + AWAY
            return {}
        return {
            id_: Taken(got, max(1, wait))
            for id_, got, wait in zip(wanted, answer[::2], answer[1::2], strict=True)
        }

    def _run(self, keys: list[str], arguments: list[Any]) -> Any:
        return self._script(keys=keys, args=arguments)
