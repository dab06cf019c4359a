"""One conversation's numbers and markers, recomputed from its messages under its lock, and mended.

Mending never takes back what a client has been given: numbers only go on. Where a message is gone, a line of
the system's ({event: "message.lost"}) takes its place, so that seqs have no hole and everybody sees that
something is missing.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from chatchat.db import retried, write_transaction
from chatchat.doctor import Finding
from chatchat.realtime import Restate, publish
from messaging import store
from messaging.models import Conversation, Message, Participant
from messaging.services.conversations import lock

CHUNK = 5000  # rows read at once
WRITTEN = 400  # rows of one statement: SQLite allows expressions of depth 1,000
LOST_MAX = 1000  # messages: where more are gone, a backup has to be restored
LOST = "message.lost"


@retried
def examine(*, conversation_id: int, fix: bool) -> list[Finding]:
    """What differs in one conversation; mended in the same transaction, if ``fix``."""
    with write_transaction():
        conversation = lock(conversation_id)
        seen = _Seen(conversation)
        seen.read()
        numbers, markers = _Numbers(conversation, seen, fix), _Markers(conversation, seen, fix)
        return [*numbers.findings(), *markers.findings()]


def _rows(conversation_id: int) -> Iterator[tuple[int, int, int, int, int | None, datetime]]:
    messages = Message.objects.filter(conversation_id=conversation_id).order_by("seq")
    columns = messages.values_list("pk", "seq", "version", "ordinal", "sender_id", "sent_at")
    after = -(2**63)
    while rows := list(columns.filter(seq__gt=after)[:CHUNK]):
        yield from rows
        after = rows[-1][1]


@dataclass
class _Seen:
    """What the messages of a conversation say; of each message nothing is kept."""

    conversation: Conversation
    last_seq: int = 0
    last_version: int = 0
    last_id: int = 0
    people: int = 0
    lost: int = 0
    #: Nothing is gone, or what is gone has a line in its place.
    whole: bool = True
    #: (seq, ordinal, sent at) of messages that are gone, at most ``LOST_MAX``.
    gaps: list[tuple[int, int, datetime]] = field(default_factory=list)
    #: How many ordinals are wrong, and the first one's (seq, ordinal, right ordinal).
    wrong: int = 0
    first_wrong: tuple[int, int, int] = (0, 0, 0)
    #: {person: (their newest message's seq, its ordinal)}
    own: dict[int, tuple[int, int]] = field(default_factory=dict)
    #: {marker: right ordinal}
    at: dict[int, int] = field(default_factory=dict)
    #: The id of the message that changed last.
    latest: int = 0

    def read(self) -> None:
        head = self.conversation
        wanted = sorted(set(self._participants().values_list("read_seq", flat=True)))
        sent_at = head.created_at
        for id_, seq, version, ordinal, sender, at in _rows(head.pk):
            self._skip(seq, sent_at)
            self._place(wanted, seq)
            sent_at = at
            self.people += sender is not None
            if ordinal != self.people:
                self.wrong += 1
                self.first_wrong = self.first_wrong if self.wrong > 1 else (seq, ordinal, self.people)
            if sender is not None:
                self.own[sender] = (seq, self.people)
            if version > self.last_version:
                self.last_version, self.latest = version, id_
            self.last_seq, self.last_id = seq, id_
        self._skip(head.last_seq + 1, sent_at)
        self._place(wanted, max(head.last_seq, self.last_seq) + 1)

    def _participants(self) -> "QuerySet[Participant]":
        return Participant.objects.filter(conversation=self.conversation)

    def _skip(self, upto: int, sent_at: datetime) -> None:
        """Messages between the last one and ``upto`` are gone."""
        missing = max(0, upto - self.last_seq - 1)
        room = LOST_MAX - len(self.gaps)
        first = self.last_seq + 1
        self.gaps += [(seq, self.people, sent_at) for seq in range(first, first + min(missing, room))]
        self.lost += missing

    def _place(self, wanted: list[int], upto: int) -> None:
        """Markers below ``upto`` that have no ordinal yet point at what was read last."""
        for seq in wanted[len(self.at) : bisect_left(wanted, upto)]:
            self.at[seq] = self.people


def _count_again(conversation_id: int) -> None:
    """Give every message of a locked conversation its right ordinal."""
    people, right = 0, dict[int, int]()
    for id_, _seq, _version, ordinal, sender, _at in _rows(conversation_id):
        people += sender is not None
        if ordinal != people:
            right[id_] = people
        if len(right) == WRITTEN:
            store.update_rows("messaging_message", {"ordinal": right})
            right = {}
    if right:
        store.update_rows("messaging_message", {"ordinal": right})


class _Numbers:
    """The head of a conversation, and the numbers of its messages."""

    def __init__(self, conversation: Conversation, seen: _Seen, fix: bool) -> None:
        self.conversation, self.seen, self.fix = conversation, seen, fix
        self.changed = False

    def findings(self) -> list[Finding]:
        found = [*self._lost(), *self._ordinals(), *self._head()]
        if self.changed:
            publish(Restate(self.conversation.pk))
        return found

    def _finding(
        self, code: str, was: Any, right: Any, *, mended: bool | None = None, note: str = ""
    ) -> Finding:
        where = {"conversation": self.conversation.pk}
        return Finding(code, where, was, right, self.fix if mended is None else mended, note)

    def _lost(self) -> Iterator[Finding]:
        seen = self.seen
        if not seen.lost:
            return
        seqs = ", ".join(str(seq) for seq, _, _ in seen.gaps[:5]) + (" …" if seen.lost > 5 else "")
        mendable = seen.lost <= LOST_MAX  # what is kept of them is whole
        note = f"seq {seqs}" if mendable else f"seq {seqs}; too many are gone: restore a backup"
        if self.fix and mendable:
            self._fill()
        seen.whole = self.fix and mendable
        yield self._finding("lost messages", seen.lost, 0, mended=seen.whole, note=note)

    def _fill(self) -> None:
        seen, head = self.seen, self.conversation
        head.last_version = max(head.last_version, seen.last_version)
        for seq, ordinal, sent_at in seen.gaps:
            head.last_version += 1
            line = Message.objects.create(
                conversation=head,
                seq=seq,
                version=head.last_version,
                ordinal=ordinal,
                kind=Message.Kind.SYSTEM,
                data={"event": LOST},
                sent_at=sent_at,
            )
            if seq > seen.last_seq:
                seen.last_seq, seen.last_id = seq, line.pk
        seen.last_version, seen.latest = head.last_version, line.pk
        self._save(last_version=head.last_version, last_message_id=seen.last_id)

    def _ordinals(self) -> Iterator[Finding]:
        if not self.seen.wrong:
            return
        if self.fix:
            _count_again(self.conversation.pk)
            self.changed = True
        seq, was, right = self.seen.first_wrong
        more = f", and of {self.seen.wrong - 1} more" if self.seen.wrong > 1 else ""
        yield self._finding("ordinal", was, right, note=f"that of seq {seq}{more}")

    def _head(self) -> Iterator[Finding]:
        head, seen = self.conversation, self.seen
        right = {"last_seq": max(seen.last_seq, head.last_seq), "last_ordinal": seen.people}
        if seen.whole:
            right["last_message_id"] = seen.last_id or head.last_message_id
            right["last_version"] = seen.last_version
        elif head.last_version < seen.last_version:
            right["last_version"] = seen.last_version
        for name, value in right.items():
            if getattr(head, name) != value:
                yield self._finding(name, getattr(head, name), value)
        if self.fix:
            self._mend_head(right)

    def _mend_head(self, right: dict[str, int]) -> None:
        head, seen = self.conversation, self.seen
        if head.last_version > right.get("last_version", head.last_version) and seen.latest:
            # Clients may have come that far, so it cannot go back: what changed last takes its number.
            Message.objects.filter(pk=seen.latest).update(version=head.last_version)
            del right["last_version"]
            self.changed = True
        self._save(**{name: value for name, value in right.items() if getattr(head, name) != value})

    def _save(self, **values: int) -> None:
        if not values:
            return
        for name, value in values.items():
            setattr(self.conversation, name, value)
        self.conversation.save(update_fields=list(values))
        self.changed = True


class _Markers:
    """How far the participants of a conversation have come."""

    def __init__(self, conversation: Conversation, seen: _Seen, fix: bool) -> None:
        self.conversation, self.seen, self.fix = conversation, seen, fix
        self.last_seq = max(seen.last_seq, conversation.last_seq)
        self.last_ordinal = conversation.last_ordinal  # as it was shown, before anything is mended

    def findings(self) -> Iterator[Finding]:
        rows = Participant.objects.filter(conversation=self.conversation).order_by("pk")
        for row in rows.select_for_update():
            yield from self._one(row)

    def _one(self, row: Participant) -> Iterator[Finding]:
        right = self._right(row)
        wrong = {name: value for name, value in right.items() if getattr(row, name) != value}
        if not wrong:
            return
        where = {"conversation": row.conversation_id, "user": row.user_id}
        for name, value in wrong.items():
            yield Finding(name, where, getattr(row, name), value, self.fix)
        shown = max(0, self.last_ordinal - row.read_ordinal)
        if shown != self.seen.people - right["read_ordinal"]:
            yield Finding("unread", where, shown, self.seen.people - right["read_ordinal"], self.fix)
        if self.fix:
            Participant.objects.filter(pk=row.pk).update(**wrong)
            publish(Restate(row.conversation_id, row.user_id))

    def _right(self, row: Participant) -> dict[str, int]:
        own, own_ordinal = self.seen.own.get(row.user_id, (0, 0))
        read = min(max(row.read_seq, own, 0), self.last_seq)
        ordinal = own_ordinal if read == own else self.seen.at.get(read, self.seen.people)
        return {
            "delivered_seq": min(max(row.delivered_seq, read), self.last_seq),
            "read_seq": read,
            "read_ordinal": ordinal,
            "visible_from_seq": min(max(row.visible_from_seq, 1), self.last_seq + 1),
        }
