"""What comes together is one write to each who watches; what is busy is not written to all the time."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from chatchat.realtime import delivery
from chatchat.realtime.hub import Hub
from tests.realtime.doubles import Reader, Store, follow

pytestmark = [pytest.mark.asyncio, pytest.mark.once]

ROOM = 7
GATHER = 0.1  # seconds: longer than it is, for a test may be held up


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "GATHER", GATHER)


class Laborious(Reader):
    """To write to it takes a while, as to many."""

    takes = GATHER * 6
    written_at = 0.0

    def put(self, texts: Sequence[bytes], blob: bytes) -> int:
        time.sleep(self.takes)
        self.written_at = time.monotonic()
        return super().put(texts, blob)


def sizes(reader: Reader) -> list[int]:
    """How many frames each write had."""
    return [len(write) for write in reader.writes]


async def test_what_is_committed_together_is_one_write(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    hub.publish([store.commit(ROOM) for _ in range(3)])
    assert sizes(reader) == [3]


async def test_what_follows_a_write_closely_is_gathered(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    for _ in range(51):
        hub.publish([store.commit(ROOM)])
    assert sizes(reader) == [1]
    assert await reader.until(51) == list(range(1, 52))
    assert sizes(reader) == [1, 50]
    await asyncio.sleep(GATHER * 1.5)
    hub.publish([store.commit(ROOM)])
    assert sizes(reader) == [1, 50, 1], "and what comes after a pause is not"


async def test_a_group_that_takes_long_to_write_to_is_left_a_part_of_that(hub: Hub, store: Store) -> None:
    reader = Laborious()
    await follow(hub, reader, ROOM)
    hub.publish([store.commit(ROOM)])
    first = reader.written_at
    for _ in range(3):
        hub.publish([store.commit(ROOM)])
        await asyncio.sleep(GATHER / 5)
    assert await reader.until(4) == [1, 2, 3, 4]
    assert sizes(reader) == [1, 3]
    second = reader.written_at
    assert second - first >= Laborious.takes * (1 + 1 / 3)
    hub.publish([store.commit(ROOM)])
    assert await reader.until(5) == [1, 2, 3, 4, 5]
    assert reader.written_at - second >= Laborious.takes * (1 + 3 / 5), (
        "the more there was to gather, the more"
    )


async def test_what_is_gathered_goes_out_when_the_hub_stops(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    hub.publish([store.commit(ROOM)])
    hub.publish([store.commit(ROOM), store.commit(ROOM)])
    assert reader.versions == [1]
    await hub.stop()
    assert reader.versions == [1, 2, 3]
