"""The checker against records made by hand: one that is as it should be, and each way to spoil it."""

from collections.abc import Callable

import pytest

from tests.faults.checker import PROMISES, check
from tests.faults.record import (
    Acked,
    Counted,
    DeviceRecord,
    Gone,
    Got,
    Kick,
    Limited,
    Marked,
    Opened,
    Owed,
    Paged,
    Record,
    Refused,
    Row,
    Sent,
)

pytestmark = pytest.mark.once

CHAT, AMY, BOB = 7, 1, 2


def row(seq: int, *, version: int = 0, body: str = "", client_id: str = "") -> Row:
    return Row(CHAT, seq, version or seq, AMY, client_id or f"id{seq}", body or f"text {seq}")


def got(seq: int, *, at: float = 5.0, paged: bool = False, body: str = "", version: int = 0) -> Got:
    return Got(at, CHAT, seq, version or seq, AMY, f"id{seq}", body or f"text {seq}", paged)


def sent(seq: int, at: float = 1.0) -> Sent:
    return Sent(at, CHAT, f"id{seq}", f"text {seq}")


def acked(seq: int, at: float = 2.0, client_id: str = "") -> Acked:
    return Acked(at, CHAT, client_id or f"id{seq}", seq, seq, False)


def a_good_record() -> tuple[Record, DeviceRecord, DeviceRecord]:
    """Amy says three things; Bob hears them, the last two after a cut."""
    record = Record(rows=[row(1), row(2), row(3)])
    amy, bob = record.device("Amy's", AMY), record.device("Bob's", BOB)
    amy.events += [event for seq in (1, 2, 3) for event in (sent(seq), acked(seq))]
    bob.start = {CHAT: 0}
    bob.events += [Opened(0.0, {CHAT: 0}), got(1), Opened(6.0, {CHAT: 1}), got(2), got(3)]
    bob.events += [Marked(7.0, CHAT, BOB, 3, 3), Counted(7.0, CHAT, 3, 1, 2)]
    return record, amy, bob


def test_what_is_as_it_should_be_is_passed_and_counted() -> None:
    record, _, _ = a_good_record()
    verdict = check(record)
    assert verdict.good, verdict.lines()
    assert (verdict.sent, verdict.acknowledged, verdict.deliveries, verdict.connections) == (3, 3, 3, 2)


def test_pages_may_bring_what_live_frames_brought_before() -> None:
    record, _, bob = a_good_record()
    bob.events[:] = [
        Opened(0.0, {CHAT: 0}), Limited(1.0, CHAT, 0), got(3), got(1, paged=True), got(2, paged=True),
        Paged(2.0, CHAT, 2, False), got(3, paged=True), Paged(3.0, CHAT, 3, True),
    ]  # fmt: skip
    assert check(record).good


Spoil = Callable[[Record, DeviceRecord, DeviceRecord], object]

SPOILT: list[tuple[str, Spoil]] = [
    ("lost", lambda record, amy, bob: record.rows.pop()),
    ("lost", lambda record, amy, bob: bob.events.remove(got(3))),
    ("duplicated", lambda record, amy, bob: amy.events.append(acked(2, client_id="id1"))),
    ("duplicated", lambda record, amy, bob: bob.events.append(got(3))),
    ("duplicated", lambda record, amy, bob: record.rows.append(row(4, client_id="id1"))),
    ("altered", lambda record, amy, bob: bob.events.insert(5, got(3, body="another"))),
    ("altered", lambda record, amy, bob: amy.events.insert(0, Sent(0.5, CHAT, "id1", "another"))),
    ("reordered", lambda record, amy, bob: bob.events.insert(3, bob.events.pop(4))),
    ("reordered", lambda record, amy, bob: amy.events.__setitem__(slice(2), [sent(1, 3.0), acked(1, 4.0)])),
    ("hole", lambda record, amy, bob: bob.events.remove(got(2))),
    ("hole", lambda record, amy, bob: record.rows.append(row(5))),
    ("hole", lambda record, amy, bob: bob.events.insert(2, Paged(5.5, CHAT, 3, True))),
    ("unbounded", lambda record, amy, bob: bob.events.append(Owed(9.0, 300, 1000, 200))),
    ("after a kick", lambda record, amy, bob: record.kicks.append(Kick(3.5, CHAT, BOB))),
    ("marker back", lambda record, amy, bob: bob.events.append(Marked(8.0, CHAT, BOB, 3, 2))),
    ("marker back", lambda record, amy, bob: bob.events.append(Marked(8.0, CHAT, AMY, 1, 2))),
    ("unread wrong", lambda record, amy, bob: amy.events.append(Counted(8.0, CHAT, 3, 0, 3))),
    ("refused", lambda record, amy, bob: amy.events.append(Refused(8.0, CHAT, "id9", "not_found"))),
]


@pytest.mark.parametrize(("kind", "spoil"), SPOILT, ids=[f"{n} {kind}" for n, (kind, _) in enumerate(SPOILT)])
def test_what_is_not_is_named(kind: str, spoil: Spoil) -> None:
    record, amy, bob = a_good_record()
    spoil(record, amy, bob)
    verdict = check(record)
    assert kind in verdict.violations, verdict.lines()


def test_there_is_a_spoilt_record_for_all_that_is_counted() -> None:
    # "stuck" is what the bench itself sees: nothing moves any more.
    assert {kind for kind, _ in SPOILT} == PROMISES.keys() - {"stuck"}


def test_who_was_removed_need_not_have_what_came_later() -> None:
    record, _, bob = a_good_record()
    bob.events[:] = [Opened(0.0, {CHAT: 0}), got(1), Gone(5.5, CHAT)]
    record.kicks.append(Kick(5.4, CHAT, BOB))
    assert check(record).good
