"""Markers as a process tells them: none goes back, whatever else told its people of them."""

import asyncio

import pytest

from chatchat.realtime import Restate
from chatchat.realtime.hub import Hub
from tests.realtime.doubles import Reader, Store, follow, has_read

pytestmark = [pytest.mark.asyncio, pytest.mark.once]

ROOM, AMY, BOB = 7, 1, 2


async def test_who_began_with_a_newer_state_hears_nothing_older(hub: Hub, store: Store) -> None:
    first, late, store.markers = Reader(AMY), Reader(AMY), {BOB: 14}
    await follow(hub, first, ROOM)
    hub.publish([has_read(ROOM, BOB, 14)])
    await first.told_of(BOB, 1)
    store.markers = {BOB: 39}
    await follow(hub, late, ROOM)
    hub.publish([has_read(ROOM, BOB, 20)])  # gathered before, told now
    assert await late.told_of(BOB, 1) == [39]
    assert await first.told_of(BOB, 2) == [14, 39]


async def test_who_was_told_a_newer_state_hears_nothing_older(hub: Hub, store: Store) -> None:
    reader, store.markers = Reader(AMY), {BOB: 14}
    await follow(hub, reader, ROOM)
    hub.publish([has_read(ROOM, BOB, 14)])
    await reader.told_of(BOB, 1)
    store.markers, store.title = {BOB: 39}, "new"
    hub.publish([Restate(ROOM, AMY)])
    await reader.called("new")
    hub.publish([has_read(ROOM, BOB, 20)])
    assert await reader.told_of(BOB, 2) == [14, 39]


async def test_a_state_that_is_older_than_what_was_told_is_read_again(hub: Hub, store: Store) -> None:
    reader, store.markers = Reader(AMY), {BOB: 14}
    await follow(hub, reader, ROOM)
    hub.publish([has_read(ROOM, BOB, 14)])
    await reader.told_of(BOB, 1)
    store.answering.clear()
    hub.publish([Restate(ROOM, AMY)])
    async with asyncio.timeout(5):
        while not store.states_read:  # noqa: ASYNC110 - a store has no event a question
            await asyncio.sleep(0)
    store.markers, store.title = {BOB: 39}, "new"
    hub.publish([has_read(ROOM, BOB, 39)])
    store.answering.set()
    assert await reader.called("new") == ["new"], "the older state was told to nobody"
    assert reader.read_by(BOB) == [14, 39]
