"""A conversation's changes go to its readers in the order of their versions, once each."""

import asyncio

import pytest

from chatchat.realtime import Signal, frame
from chatchat.realtime.hub import Hub
from chatchat.realtime.ordering import HOLD
from tests.realtime.doubles import Reader, Store, follow

pytestmark = [pytest.mark.asyncio, pytest.mark.once]

ROOM = 7


async def test_what_comes_in_order_goes_out_at_once(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    hub.publish([store.commit(ROOM)])
    assert reader.versions == [1], "the first after a pause is not gathered"
    hub.publish([store.commit(ROOM), store.commit(ROOM)])
    assert await reader.until(3) == [1, 2, 3]


async def test_what_comes_too_early_waits_for_what_was_before_it(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    one, two, three = (store.commit(ROOM) for _ in range(3))
    hub.publish([three])
    hub.publish([two])
    assert reader.versions == []
    hub.publish([one])
    assert await reader.until(3, within=HOLD / 2) == [1, 2, 3], "no need to ask the database"
    assert "changes" not in store.asked


async def test_what_does_not_come_is_read_from_the_database_after_a_moment(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    store.commit(ROOM)
    store.commit(ROOM)
    three = store.commit(ROOM)
    hub.publish([three])
    await asyncio.sleep(HOLD / 2)
    assert reader.versions == []
    assert await reader.until(3, within=HOLD * 3) == [1, 2, 3]


async def test_a_version_that_no_row_holds_does_not_stop_the_stream(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    lost = store.commit(ROOM)
    again = store.commit(ROOM, seq=lost.seq)
    hub.publish([store.commit(ROOM)])
    assert await reader.until(2) == [2, 3], "version 1 is held by no row any more"
    hub.publish([lost, again])
    hub.publish([store.commit(ROOM)])
    assert await reader.until(3) == [2, 3, 4], "what comes after its time is dropped"


async def test_the_same_event_twice_is_handed_on_once(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    one = store.commit(ROOM)
    hub.publish([one, one])
    hub.publish([one, store.commit(ROOM)])
    assert await reader.until(2) == [1, 2]
    await asyncio.sleep(HOLD * 1.5)
    assert reader.versions == [1, 2]


async def test_what_comes_while_the_database_is_asked_follows_in_order(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    store.commit(ROOM)
    store.answering.clear()
    hub.publish([store.commit(ROOM)])
    await asyncio.sleep(HOLD * 1.5)
    assert "changes" in store.asked
    hub.publish([store.commit(ROOM)])
    late = store.commit(ROOM)
    hub.publish([store.commit(ROOM)])
    hub.publish([late])
    store.answering.set()
    assert await reader.until(5) == [1, 2, 3, 4, 5]


async def test_a_database_that_is_away_is_asked_again(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    store.away = True
    store.commit(ROOM)
    hub.publish([store.commit(ROOM)])
    await asyncio.sleep(HOLD * 1.5)
    assert reader.versions == []
    store.away = False
    await hub.compare_heads()
    assert await reader.until(2) == [1, 2]


async def test_heads_show_what_nobody_told(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    for _ in range(5):
        store.commit(ROOM)
    await hub.compare_heads()
    assert await reader.until(5) == [1, 2, 3, 4, 5]
    assert len(reader.writes) == 1


async def test_more_than_one_fill_is_gone_through_without_a_pause(hub: Hub, store: Store) -> None:
    store.at_once = 10
    reader = Reader()
    await follow(hub, reader, ROOM)
    for _ in range(95):
        store.commit(ROOM)
    await hub.compare_heads()
    assert await reader.until(95, within=1) == list(range(1, 96))


async def test_a_reader_gets_nothing_before_its_gate_opens(hub: Hub, store: Store) -> None:
    first, second = Reader(1), Reader(2)
    await follow(hub, first, ROOM)
    hub.publish([store.commit(ROOM)])
    await hub.watch(second, [ROOM])
    hub.publish([store.commit(ROOM), store.commit(ROOM)])
    assert await first.until(3) == [1, 2, 3]
    assert second.versions == []
    hub.open(second, ROOM, first_seq=1, version=2)
    assert second.versions == [3], "what its backlog held already does not come again"
    hub.publish([store.commit(ROOM)])
    assert await second.until(2) == [3, 4]


async def test_a_backlog_that_was_ahead_of_the_events_is_not_repeated(hub: Hub, store: Store) -> None:
    reader, other = Reader(1), Reader(2)
    await follow(hub, other, ROOM)
    await hub.watch(reader, [ROOM])
    events = [store.commit(ROOM) for _ in range(4)]
    hub.open(reader, ROOM, first_seq=1, version=3)
    hub.publish(events)
    assert await other.until(4) == [1, 2, 3, 4]
    assert reader.versions == [4]
    hub.publish([store.commit(ROOM)])
    assert await reader.until(2) == [4, 5]


async def test_a_gate_that_holds_too_much_says_that_its_reader_is_too_slow(hub: Hub, store: Store) -> None:
    reader = Reader()
    await hub.watch(reader, [ROOM])
    while reader.too_slow == 0:
        hub.publish([store.commit(ROOM, text="x" * 1000)])
        assert store.head[ROOM] < 20, "nobody was told"
    assert store.head[ROOM] == 10


async def test_a_reader_that_takes_nothing_is_told_of_alone(hub: Hub, store: Store) -> None:
    stuck, well = Reader(1, stuck=True), Reader(2)
    await follow(hub, stuck, ROOM)
    await follow(hub, well, ROOM)
    for _ in range(20):
        hub.publish([store.commit(ROOM, text="x" * 1000)])
    assert await well.until(20) == list(range(1, 21))
    assert stuck.too_slow > 0
    assert well.too_slow == 0


async def test_messages_from_before_a_reader_may_see_pass_it_over(hub: Hub, store: Store) -> None:
    newcomer, old = Reader(1), Reader(2)
    for _ in range(3):
        store.commit(ROOM)
    await follow(hub, old, ROOM)
    await follow(hub, newcomer, ROOM, first_seq=4)
    hub.publish([store.commit(ROOM, seq=2)])
    hub.publish([store.commit(ROOM)])
    hub.publish([store.commit(ROOM, seq=4)])
    assert await old.until(3) == [4, 5, 6]
    assert await newcomer.until(2) == [5, 6]


async def test_a_passing_signal_does_not_overtake_what_was_gathered(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    hub.publish([store.commit(ROOM)])
    hub.publish([store.commit(ROOM), Signal(ROOM, frame("typing", conversation=ROOM))])
    assert [frame["type"] for frame in reader.frames] == ["message", "message", "typing"]


async def test_who_leaves_gets_what_was_before_and_nothing_after(hub: Hub, store: Store) -> None:
    leaver, other = Reader(1), Reader(2)
    await follow(hub, leaver, ROOM)
    await follow(hub, other, ROOM)
    hub.publish([store.commit(ROOM)])
    hub.publish([store.commit(ROOM)])
    assert hub.detach(leaver, ROOM)
    hub.publish([store.commit(ROOM)])
    assert await other.until(3) == [1, 2, 3]
    assert leaver.versions == [1, 2], "what was gathered when it left is its own still"


async def test_nothing_is_kept_for_a_conversation_that_nobody_watches(hub: Hub, store: Store) -> None:
    reader = Reader()
    await follow(hub, reader, ROOM)
    hub.exit(reader, [ROOM])
    assert hub.watches == {}
    assert hub.people == {}
    store.answering.clear()
    watching = asyncio.create_task(hub.watch(reader, [ROOM]))
    await asyncio.sleep(0)
    hub.exit(reader, [ROOM])
    store.answering.set()
    await watching
    assert hub.watches == {}, "it left while the subscription was under way"


async def test_a_database_that_was_away_at_first_does_not_close_the_conversation_for_good(
    hub: Hub, store: Store
) -> None:
    store.commit(ROOM)
    store.away = True
    reader, second = Reader(1), Reader(2)
    with pytest.raises(ConnectionError):
        await hub.watch(reader, [ROOM])
    store.away = False
    await follow(hub, second, ROOM)
    hub.publish([store.commit(ROOM)])
    assert await second.until(1) == [2], "and what was before is not told as news"
