"""Revocations are numbered rows: a hub acts on each once, whoever tells it, and misses none."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chatchat.realtime.hub import Hub
from tests.realtime.doubles import Reader, Store

pytestmark = [pytest.mark.asyncio, pytest.mark.once]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr("chatchat.realtime.revocations.EVERY", 0.05)
    return Store()


@pytest_asyncio.fixture
async def hub(store: Store) -> AsyncIterator[Hub]:
    store.revoke(1, reason="long ago")
    hub = Hub(None, store, max_unsent=10_000)
    await hub.start()
    await store.read_revocations.wait()
    yield hub
    await hub.stop()


async def told(reader: Reader, count: int, within: float = 2) -> list[int]:
    async with asyncio.timeout(within):
        while len(reader.ended) < count:
            reader.news.clear()
            await reader.news.wait()
    await asyncio.sleep(0.15)
    return [event.id for event in reader.ended]


async def test_a_row_that_nobody_told_of_is_read(hub: Hub, store: Store) -> None:
    reader = Reader(1)
    await hub.enter(reader)
    event = store.revoke(1)
    assert await told(reader, 1) == [event.id], "and what was long ago is not told again"


async def test_an_event_and_its_row_count_once(hub: Hub, store: Store) -> None:
    reader = Reader(1)
    await hub.enter(reader)
    hub.publish([store.revoke(1)])
    assert len(reader.ended) == 1, "the event is acted on at once"
    assert await told(reader, 1) == [2]


async def test_only_whom_it_concerns_is_told(hub: Hub, store: Store) -> None:
    one, two = Reader(1), Reader(2)
    await hub.enter(one)
    await hub.enter(two)
    hub.publish([store.revoke(2)])
    assert await told(two, 1) == [2]
    assert one.ended == []


async def test_a_number_that_is_committed_after_a_higher_one_is_not_missed(hub: Hub, store: Store) -> None:
    reader = Reader(1)
    await hub.enter(reader)
    store.revoke(1, number=5)
    assert await told(reader, 1) == [5]
    store.revoke(1, number=3)
    assert await told(reader, 2) == [5, 3]
    hub.publish([store.revoke(1, number=4)])
    assert await told(reader, 3) == [5, 3, 4]


async def test_a_database_that_was_away_is_caught_up_with(hub: Hub, store: Store) -> None:
    reader = Reader(1)
    await hub.enter(reader)
    store.away = True
    store.revoke(1)
    await asyncio.sleep(0.2)
    assert reader.ended == []
    store.away = False
    assert await told(reader, 1) == [2]
