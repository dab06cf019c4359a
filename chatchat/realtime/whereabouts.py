"""Where people are: which of them have a socket at which process, for all processes to ask.

In Redis there is one set a process, kept alive by that process: what a crash leaves there is gone after
``LIFETIME``, and what Redis loses is written again. Without Redis there is only this process.
"""

import logging
import secrets
from collections.abc import Collection, Iterable
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger("chatchat.realtime")

LIFETIME = 40  # seconds without a sign of life after which a process counts as gone
ROSTER = "chatchat:presence"
#: People up to whom they are counted exactly.
UNITED_MOST = 10_000
#: In every process's set, which Redis would drop if it were empty.
NOBODY = 0


class Whereabouts(Protocol):
    """Nothing here raises: while Redis is away nothing is known, and nobody comes or goes."""

    async def move(self, *, come: Collection[int], gone: Collection[int]) -> bool:
        """Who has come to this process, and who has gone; False if all who are here have to be named."""

    async def renew(self, here: Iterable[int]) -> None:
        """This process is alive, with exactly these people."""

    async def online(self, users: Collection[int]) -> set[int] | None:
        """Those of ``users`` who are at any process; None if that cannot be known now."""

    async def count(self) -> int | None:
        """About how many people are at all processes; None if that cannot be known now."""

    async def leave(self, within: int) -> None:
        """This process ends: its people are somewhere else within so many seconds, or gone."""


class OneProcess:
    """The people of the only process."""

    def __init__(self) -> None:
        self._here: set[int] = set()

    async def move(self, *, come: Collection[int], gone: Collection[int]) -> bool:
        self._here = (self._here | set(come)) - set(gone)
        return True

    async def renew(self, here: Iterable[int]) -> None:
        self._here = set(here)

    async def online(self, users: Collection[int]) -> set[int] | None:
        return self._here & set(users)

    async def count(self) -> int | None:
        return len(self._here)

    async def leave(self, within: int) -> None:
        self._here.clear()


class ManyProcesses:
    """The people of all processes, in Redis (6.2 or newer)."""

    def __init__(self, url: str) -> None:
        patience: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "socket_connect_timeout": 1.0}
        self._redis: Any = Redis.from_url(url, socket_timeout=2.0, decode_responses=True, **patience)
        self._me = f"{ROSTER}:{secrets.token_hex(8)}"
        self._away = False  # said once, not at each try

    async def move(self, *, come: Collection[int], gone: Collection[int]) -> bool:
        pipeline = self._redis.pipeline(transaction=True)
        if gone:
            pipeline.srem(self._me, *gone)
        pipeline.sadd(self._me, NOBODY, *come)
        pipeline.expire(self._me, LIFETIME)
        pipeline.sadd(ROSTER, self._me)
        done = await self._execute(pipeline)
        # Not in the roster any more: Redis has lost everything, the others who are here too.
        return done is None or done[-1] == 0

    async def renew(self, here: Iterable[int]) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.delete(self._me)
        pipeline.sadd(self._me, NOBODY, *here)
        pipeline.expire(self._me, LIFETIME)
        pipeline.sadd(ROSTER, self._me)
        pipeline.smembers(ROSTER)
        done = await self._execute(pipeline)
        if done is not None:
            await self._forget_the_gone(sorted(done[-1]))

    async def _forget_the_gone(self, processes: list[str]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for process in processes:
            pipeline.exists(process)
        alive = await self._execute(pipeline)
        gone = [name for name, there in zip(processes, alive or (), strict=False) if not there]
        if gone:
            await self._execute(self._redis.pipeline(transaction=False).srem(ROSTER, *gone))

    async def online(self, users: Collection[int]) -> set[int] | None:
        asked = sorted(users)
        if not asked:
            return set()
        pipeline = self._redis.pipeline(transaction=False)
        roster = await self._execute(pipeline.smembers(ROSTER))
        if roster is None:
            return None
        for process in sorted(roster[0]):
            pipeline.smismember(process, asked)
        answers = await self._execute(pipeline)
        if answers is None:
            return None
        return {user for answer in answers for user, there in zip(asked, answer, strict=True) if there}

    async def count(self) -> int | None:
        """Exact for few; of many, who is at two processes counts twice: a union would hold Redis up."""
        roster = await self._execute(self._redis.pipeline(transaction=False).smembers(ROSTER))
        if roster is None:
            return None
        processes = sorted(roster[0])
        if not processes:
            return 0
        pipeline = self._redis.pipeline(transaction=False)
        for process in processes:
            pipeline.scard(process)
        sizes = await self._execute(pipeline)
        if sizes is None or sum(sizes) > UNITED_MOST:
            return sum(size - 1 for size in sizes if size) if sizes is not None else None
        united = await self._execute(self._redis.pipeline(transaction=False).sunion(processes))
        return len(united[0] - {str(NOBODY)}) if united is not None else None

    async def leave(self, within: int) -> None:
        await self._execute(self._redis.pipeline(transaction=False).expire(self._me, within))
        await self._redis.aclose()

    async def _execute(self, pipeline: Any) -> list[Any] | None:
        """What Redis answers; None while it is away."""
        try:
            answers: list[Any] = await pipeline.execute()
        except (RedisError, OSError) as error:
            if not self._away:
                log.warning("who is there cannot be known: %s", error)
            self._away = True
            return None
        self._away = False
        return answers
