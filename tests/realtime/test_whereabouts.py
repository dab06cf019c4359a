"""Where people are, for all processes: what a crash leaves behind ends, what Redis loses comes back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import settings
from redis.asyncio import Redis

from chatchat.realtime import whereabouts
from chatchat.realtime.whereabouts import ManyProcesses, OneProcess
from scripts.services import Redis as RedisServer

pytestmark = [pytest.mark.asyncio, pytest.mark.production]

EVERYBODY = range(1, 10)


@pytest_asyncio.fixture
async def one() -> AsyncIterator[ManyProcesses]:
    made = ManyProcesses(settings.REDIS_URL)
    await made.renew([])
    yield made
    await made.leave(1)


@pytest_asyncio.fixture
async def two() -> AsyncIterator[ManyProcesses]:
    made = ManyProcesses(settings.REDIS_URL)
    await made.renew([])
    yield made
    await made.leave(1)


async def flush() -> None:
    async with Redis.from_url(settings.REDIS_URL) as redis:
        await redis.flushdb()


async def test_a_person_is_there_while_at_any_process(one: ManyProcesses, two: ManyProcesses) -> None:
    assert await one.move(come=[1, 2], gone=[])
    assert await two.move(come=[2, 3], gone=[])
    for each in (one, two):
        assert await each.online(EVERYBODY) == {1, 2, 3}
        assert await each.online([2, 7]) == {2}
        assert await each.online([]) == set()
    assert await one.move(come=[4], gone=[1, 2])
    assert await two.online(EVERYBODY) == {2, 3, 4}
    await one.renew([5])
    assert await two.online(EVERYBODY) == {2, 3, 5}


async def test_the_people_of_a_process_that_ends_are_gone_soon(
    one: ManyProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "LIFETIME", 1)
    crashed, stopped = ManyProcesses(settings.REDIS_URL), ManyProcesses(settings.REDIS_URL)
    await crashed.renew([1])
    await stopped.renew([2])
    monkeypatch.undo()
    await stopped.leave(1)
    assert await one.online(EVERYBODY) == {1, 2}, "whoever is back soon was never away"
    async with asyncio.timeout(5):
        while await one.online(EVERYBODY):  # noqa: ASYNC110 - it is Redis that we wait for
            await asyncio.sleep(0.05)
    await one.renew([3])
    assert await one.online(EVERYBODY) == {3}
    async with Redis.from_url(settings.REDIS_URL, decode_responses=True) as redis:
        names: set[str] = await redis.smembers(whereabouts.ROSTER)  # type: ignore[misc]  # both ways in one
        assert await redis.exists(*names) == len(names), "their names are forgotten"
    await crashed.leave(1)


async def test_what_redis_has_lost_is_noticed(one: ManyProcesses, two: ManyProcesses) -> None:
    assert await one.move(come=[1], gone=[])
    await flush()
    assert not await one.move(come=[2], gone=[]), "all who are here have to be named again"
    await one.renew([1, 2])
    assert await one.move(come=[3], gone=[1])
    assert await one.online(EVERYBODY) == {2, 3}


async def test_nothing_is_known_while_redis_is_away(redis_server: RedisServer) -> None:
    away = ManyProcesses(redis_server.url)
    await away.renew([1])
    redis_server.stop()
    assert await away.online(EVERYBODY) is None
    assert await away.move(come=[2], gone=[])
    await away.renew([1, 2])
    redis_server.start()
    await away.renew([1, 2])
    assert await away.online(EVERYBODY) == {1, 2}
    await away.leave(1)


@pytest.mark.filterwarnings("ignore")
async def test_one_process_alone_answers_alike() -> None:
    alone = OneProcess()
    assert await alone.move(come=[1, 2], gone=[])
    assert await alone.move(come=[3], gone=[1])
    assert await alone.online(EVERYBODY) == {2, 3}
    await alone.renew([5])
    assert await alone.online(EVERYBODY) == {5}
    await alone.leave(1)
    assert await alone.online(EVERYBODY) == set()
