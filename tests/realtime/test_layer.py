"""The layer over Redis: Channels' interface, confirmed subscriptions, and it comes back by itself."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis as FromRedis

from chatchat.realtime import bus
from chatchat.realtime.hub import Hub
from chatchat.realtime.layers import RedisLayer
from scripts.services import Redis
from tests.realtime.doubles import Reader, Store, follow, has_read

pytestmark = pytest.mark.asyncio

Make = Callable[..., RedisLayer]
BOB = 2


@pytest_asyncio.fixture
async def layer(redis_server: Redis) -> AsyncIterator[Make]:
    """`layer()` is another process's layer on the same Redis."""
    made: list[RedisLayer] = []

    def make(**options: Any) -> RedisLayer:
        made.append(RedisLayer(redis_server.url, **options))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def receive(layer: RedisLayer, channel: str) -> dict[str, Any]:
    return await asyncio.wait_for(layer.receive(channel), 3)


async def test_channels_and_groups_reach_who_joined(layer: Make) -> None:
    one, two = layer(), layer()
    first, second = await one.new_channel(), await two.new_channel()
    assert first != second
    await two.send(first, {"type": "hello", "data": b"\x00\xff", "字": "🍣"})
    assert await receive(one, first) == {"type": "hello", "data": b"\x00\xff", "字": "🍣"}
    await one.group_add("room", first)
    await two.group_add("room", second)
    await one.group_send("room", {"type": "1"})
    assert (await receive(one, first), await receive(two, second)) == ({"type": "1"}, {"type": "1"})
    await two.group_discard("room", second)
    await one.group_send("room", {"type": "2"})
    assert await receive(one, first) == {"type": "2"}
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(two.receive(second), 0.1)


async def test_a_subscription_is_confirmed_before_it_returns(layer: Make) -> None:
    one, two = layer(), layer()
    channel = await one.new_channel()
    await two.new_channel()
    for number in range(50):
        await one.group_add(f"room{number}", channel)
        await two.group_send(f"room{number}", {"type": f"{number}"})
        assert (await receive(one, channel))["type"] == f"{number}"


async def test_many_go_together_and_in_order(layer: Make) -> None:
    one, two = layer(), layer()
    channel = await one.new_channel()
    await one.group_add_many([f"room{number}" for number in range(500)], channel)
    await two.group_send_many([(f"room{number % 500}", {"type": f"{number}"}) for number in range(2000)])
    got = [(await receive(one, channel))["type"] for _ in range(2000)]
    assert got == [f"{number}" for number in range(2000)]


async def test_another_prefix_is_another_layer(layer: Make) -> None:
    one, two = layer(), layer(prefix="other")
    channel = await one.new_channel()
    await one.group_add("room", channel)
    await two.group_send("room", {"type": "x"})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(one.receive(channel), 0.1)


async def test_it_comes_back_and_says_so(layer: Make, redis_server: Redis) -> None:
    one, two = layer(), layer()
    back = asyncio.Event()
    one.on_reconnect(back.set)
    channel = await one.new_channel()
    await one.group_add("room", channel)
    redis_server.kill()
    await asyncio.sleep(0.1)
    await one.group_add("later", channel)
    with pytest.raises((OSError, Exception)):
        await two.group_send("room", {"type": "lost"})
    await asyncio.to_thread(redis_server.start)
    await asyncio.wait_for(back.wait(), 5)
    for group in ("room", "later"):
        await two.group_send(group, {"type": group})
        assert (await receive(one, channel))["type"] == group


async def test_redis_may_be_away_at_the_start(layer: Make, redis_server: Redis) -> None:
    redis_server.kill()
    one = layer()
    started = time.monotonic()
    channel = await one.new_channel()
    await one.group_add("room", channel)
    assert time.monotonic() - started < 4
    await asyncio.to_thread(redis_server.start)
    async with asyncio.timeout(5):
        while True:
            await layer().group_send("room", {"type": "x"})
            try:
                await asyncio.wait_for(one.receive(channel), 0.2)
            except TimeoutError:
                continue
            break


async def test_a_confirmation_that_never_came_spoils_no_later_one(layer: Make, redis_server: Redis) -> None:
    one = layer()
    channel = await one.new_channel()
    assert redis_server.process is not None
    pid = redis_server.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        await one.group_add("room", channel)
        await one.group_discard("room", channel)
        await one.group_add("room", channel)
    finally:
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(5):
        await one.group_add("another", channel)
        await one.group_send("room", {"type": "x"})
        assert (await receive(one, channel))["type"] == "x"


async def test_two_hubs_tell_each_other_and_catch_up_after_a_loss(layer: Make, redis_server: Redis) -> None:
    store = Store()
    hubs = [Hub(layer(), store, max_unsent=10_000) for _ in range(2)]
    readers = [Reader(number) for number in (1, 2)]
    try:
        for hub, reader in zip(hubs, readers, strict=True):
            await hub.start()
            await follow(hub, reader, 7)
        for number in range(10):
            hubs[number % 2].publish([store.commit(7)])
        for reader in readers:
            assert await reader.until(10) == list(range(1, 11))
        redis_server.kill()
        await asyncio.sleep(0.1)
        hubs[0].publish([store.commit(7)])
        assert await readers[0].until(11) == list(range(1, 12)), "its own process needs no Redis"
        assert len(readers[1].versions) == 10
        await asyncio.to_thread(redis_server.start)
        assert await readers[1].until(11, within=4) == list(range(1, 12))
    finally:
        for hub in hubs:
            await hub.stop()


async def published(redis_server: Redis, hub: Hub, store: Store) -> bool:
    """Whether Redis carries a change that ``hub`` publishes."""
    async with FromRedis.from_url(redis_server.url).pubsub() as line:
        await line.psubscribe("*conversation.7")
        assert (await line.get_message(timeout=3))["type"] == "psubscribe"
        hub.publish([store.commit(7)])
        return await line.get_message(timeout=0.3) is not None


async def test_a_process_by_itself_publishes_nothing_until_another_one_comes(
    layer: Make, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "SAY_EVERY", 0.05)
    store = Store()
    first, second = (Hub(layer(), store, max_unsent=10_000) for _ in range(2))
    try:
        await first.start()
        assert await published(redis_server, first, store), "nobody knows yet who is there"
        await asyncio.sleep(0.5)
        assert not await published(redis_server, first, store)
        await second.start()
        reader = Reader(1)
        await follow(second, reader, 7)
        await asyncio.sleep(0.2)
        store.asked.clear()
        first.publish([store.commit(7)])
        assert await reader.until(1) == [3]
        assert "changes" not in store.asked, "it was told, and had to look for nothing"
        await second.stop()
        await asyncio.sleep(0.5)
        assert not await published(redis_server, first, store)
        redis_server.kill()
        await asyncio.to_thread(redis_server.start)
        await asyncio.sleep(0.1)
        monkeypatch.setattr(bus, "SAY_EVERY", 5)
        deadline = time.monotonic() + 5
        while not await published(redis_server, first, store):
            assert time.monotonic() < deadline, "who came while Redis was away may not have been heard"
    finally:
        await first.stop()


@pytest_asyncio.fixture
async def two_hubs(layer: Make) -> AsyncIterator[tuple[Store, Hub, Hub]]:
    """Two processes beside one database."""
    store = Store()
    hubs = [Hub(layer(), store, max_unsent=10_000) for _ in range(2)]
    for hub in hubs:
        await hub.start()
    yield store, hubs[0], hubs[1]
    for hub in hubs:
        await hub.stop()


async def test_who_was_told_more_by_another_process_hears_nothing_older(
    two_hubs: tuple[Store, Hub, Hub],
) -> None:
    store, one, other = two_hubs
    reader, store.markers = Reader(), {BOB: 47}
    await follow(one, reader, 7)
    one.publish([has_read(7, BOB, 47)])
    await reader.told_of(BOB, 1)
    one.exit(reader, [7])
    await follow(other, reader, 7)
    other.publish([has_read(7, BOB, 8)])  # gathered by a process that had to wait
    assert await reader.told_of(BOB, 2) == [47, 47]


async def test_somebody_comes_while_markers_are_looked_up(two_hubs: tuple[Store, Hub, Hub]) -> None:
    store, one, _ = two_hubs
    first, second, store.markers = Reader(), Reader(3), {BOB: 48}
    await follow(one, first, 7)
    store.answering.clear()
    one.publish([has_read(7, BOB, 48)])
    async with asyncio.timeout(5):
        while "receipts" not in store.asked:  # noqa: ASYNC110 - a store has no event a question
            await asyncio.sleep(0.01)
    store.markers[BOB] = 50  # which the second one has been told elsewhere
    await follow(one, second, 7)
    store.answering.set()
    assert await second.told_of(BOB, 1) == await first.told_of(BOB, 1) == [50]
