"""What is told of markers leaves in the order in which they moved, however long the database takes."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper

from chatchat.realtime import Receipt, Signal, receipts_frame
from chatchat.realtime.hub import Hub
from messaging import markers
from messaging.markers import News
from messaging.writer import Marked
from tests.realtime.doubles import Reader, Store, follow, has_read

ROOM, BOB = 7, 2


def moved_to(seq: int) -> Marked:
    return Marked(BOB, ROOM, "group", seq, seq, moved=True, read_moved=False, tell=True)


class Overtaken(Reader):
    """A reader that says when it has been told something."""

    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Event()

    def put(self, texts: Sequence[bytes], blob: bytes) -> int:
        owed = super().put(texts, blob)
        self.told.set()
        return owed


def told(reader: Reader) -> list[int]:
    return [one["read_seq"] for frame in reader.frames for one in frame["receipts"]]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_groups_receipt_is_not_overtaken_by_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    began, execute = threading.Event(), CursorWrapper.execute
    store, reader = Store(), Overtaken()
    hub, store.markers = Hub(None, store, max_unsent=10_000), {BOB: 1}

    def slow_at_first(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        if not began.is_set():
            began.set()
            reader.told.wait(0.5)
        return execute(self, sql, params)

    await follow(hub, reader, ROOM)
    news = News(hub)
    monkeypatch.setattr(markers, "EVERY", 0.0)
    monkeypatch.setattr(CursorWrapper, "execute", slow_at_first)
    news.add(moved_to(1))
    await asyncio.to_thread(began.wait)
    news.add(moved_to(2))
    async with asyncio.timeout(10):
        while len(told(reader)) < 2:
            reader.news.clear()
            await reader.news.wait()
    assert told(reader) == [1, 2]
    await hub.stop()


@pytest.mark.asyncio
async def test_what_another_process_tells_late_takes_nothing_back() -> None:
    """Bob's devices are at two processes, each of which gathers what it tells of him."""
    store, reader = Store(), Reader()
    hub, store.markers = Hub(None, store, max_unsent=10_000), {BOB: 5}
    await follow(hub, reader, ROOM)
    hub.publish([has_read(ROOM, BOB, 5)])
    await reader.told_of(BOB, 1)
    for delivered, read in ((3, 3), (6, 4)):
        late = (Receipt(BOB, delivered, read),)
        hub.publish([Signal(ROOM, receipts_frame(ROOM, late), None, late)])
    assert [frame["receipts"] for frame in reader.frames] == [
        [{"user": BOB, "delivered_seq": 5, "read_seq": 5}],
        [{"user": BOB, "delivered_seq": 6, "read_seq": 5}],
    ]
    await hub.stop()
