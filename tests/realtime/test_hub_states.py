"""A conversation's state is read after each hint of it, in order, and as seldom as possible."""

import asyncio

import pytest
from django.db import OperationalError

from chatchat.realtime import Restate
from chatchat.realtime.hub import Hub
from tests.realtime.doubles import Reader, Store, follow

pytestmark = [pytest.mark.asyncio, pytest.mark.once]

ROOM = 7


async def settled() -> None:
    """Let everything that is not waiting for a clock happen."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_no_state_comes_after_a_newer_one(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    store.slowness = [0.1, 0]
    hub.publish([Restate(ROOM)])
    await settled()
    store.title = "new"
    hub.publish([Restate(ROOM)])
    assert await reader.called("new") == ["old", "new"]
    await asyncio.sleep(0.15)
    assert reader.titles == ["old", "new"]


async def test_many_hints_of_a_conversation_cost_two_readings(hub: Hub, store: Store) -> None:
    phone, tablet, other = Reader(1), Reader(1), Reader(2)
    for reader in (phone, tablet, other):
        await follow(hub, reader, ROOM)
    store.slowness = [0.05]
    for number in range(50):
        store.title = f"{number}"
        hub.publish([Restate(ROOM, 1), Restate(ROOM, 2)])
        await asyncio.sleep(0)
    for reader in (phone, tablet, other):
        assert len(await reader.called("49")) == 2
    assert store.states_read == [[(ROOM, 1), (ROOM, 2)]] * 2, "of all their sockets, together"


async def test_a_hint_for_one_person_is_told_to_nobody_else(hub: Hub, store: Store) -> None:
    amy, bob = Reader(1), Reader(2)
    await follow(hub, amy, ROOM)
    await follow(hub, bob, ROOM)
    hub.publish([Restate(ROOM, 1), Restate(ROOM + 1, 2), Restate(ROOM, 3)])
    assert await amy.called("old") == ["old"]
    await settled()
    assert bob.titles == []


async def test_a_state_waits_behind_the_backlog(hub: Hub, store: Store) -> None:
    reader = Reader()
    await hub.enter(reader)
    await hub.watch(reader, [ROOM])
    hub.publish([Restate(ROOM, 1)])
    hub.publish([Restate(ROOM)])
    await settled()
    assert reader.titles == []
    store.title = "new"
    hub.open(reader, ROOM, first_seq=1, version=0)
    assert await reader.called("new") == ["new"]


async def test_who_has_left_is_not_told_what_was_read_before(hub: Hub, store: Store) -> None:
    reader, other = Reader(1), Reader(2)
    await follow(hub, reader, ROOM)
    await follow(hub, other, ROOM)
    store.answering.clear()
    hub.publish([Restate(ROOM)])
    await settled()
    hub.detach(reader, ROOM)
    await follow(hub, reader, ROOM)
    store.answering.set()
    assert await other.called("old") == ["old"]
    assert reader.titles == [], "back again, it was told by whoever let it in"


async def test_a_state_is_told_once_the_database_is_back(
    hub: Hub, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatchat.realtime.states.AGAIN", 0.01)
    reader = Reader()
    await follow(hub, reader, ROOM)
    store.error = OperationalError("away")
    hub.publish([Restate(ROOM)])
    await asyncio.sleep(0.05)
    assert reader.titles == []
    store.error = None
    assert await reader.called("old") == ["old"]


async def test_one_reading_that_breaks_does_not_end_the_others(
    hub: Hub, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    store.error = ValueError("broken")
    hub.publish([Restate(ROOM)])
    await settled()
    store.error = None
    hub.publish([Restate(ROOM)])
    assert await reader.called("old") == ["old"]
    assert "a task of the hub failed" in caplog.text


async def test_many_states_are_read_in_parts(hub: Hub, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatchat.realtime.states.AT_ONCE", 2)
    readers = [Reader(user) for user in range(1, 6)]
    for reader in readers:
        await follow(hub, reader, ROOM)
    hub.publish([Restate(ROOM)])
    for reader in readers:
        assert await reader.called("old") == ["old"]
    assert sorted(len(read) for read in store.states_read) == [1, 2, 2]
