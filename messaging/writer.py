"""The batched writer: what arrives while one write is under way is written together next.

``write`` puts a batch into one transaction: conversations locked in id order, permission to speak
checked and retries found by one query each, numbers assigned, one insert, the markers of senders and
readers moved, commit. Then the changes are published and each caller gets its own outcome. If the
database refuses a batch, its items are tried one by one, so that one bad message fails alone.

A server process does so in one thread (``messaging.scribe``); elsewhere ``write`` is called directly.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, OperationalError, close_old_connections, connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.services import silences
from chatchat.db import is_deadlock, write_transaction
from chatchat.errors import ChatError, Conflict, Invalid, NotFound, Unavailable
from chatchat.realtime import Change, publish
from chatchat.telemetry import metrics, traces
from messaging import mentions, store, wire
from messaging.access import MayNotSend
from messaging.attachments.shelf import Shelf
from messaging.models import Message

log = logging.getLogger("chatchat.messaging")

BATCH = 400  # items a transaction: SQLite allows expressions of depth 1,000
TRIES = 4  # of one item that deadlocked or clashed


@dataclass(slots=True)
class Send:
    """A person's message on its way in, validated."""

    user_id: int
    conversation_id: int
    client_id: str
    kind: str
    body: str
    reply_to: int | None
    content_hash: str
    #: Ids of uploads of one's own, in the order in which they are shown.
    attachments: tuple[int, ...] = ()
    #: Past a limit: answered if it is a retry, refused with this otherwise.
    refusal: ChatError | None = None
    accepted_at: float = field(default_factory=time.monotonic)
    #: Its spans, if it is followed.
    trace: traces.Passage | None = None


@dataclass(slots=True)
class Accepted:
    """A message's place; ``duplicate``: it was there already, and nothing happened."""

    conversation_id: int
    client_id: str
    seq: int
    version: int
    sent_at: datetime
    duplicate: bool


@dataclass(slots=True)
class Mark:
    """How far a person has read, or (``read`` false) their devices have received."""

    user_id: int
    conversation_id: int
    seq: int
    read: bool


@dataclass(slots=True, frozen=True)
class Marked:
    """Markers as they stand after a write; ``moved``: this write moved them."""

    user_id: int
    conversation_id: int
    kind: str
    delivered_seq: int
    read_seq: int
    moved: bool
    read_moved: bool
    #: Whether the others may be told.
    tell: bool


Item = Send | Mark
Outcome = Accepted | Marked | ChatError
Places = dict[tuple[int, int], store.Place]


def write(items: Sequence[Item]) -> list[Outcome]:
    """Write a batch; an outcome an item, in order. Raises nothing that one item could cause."""
    for attempt in range(1, TRIES + 1):
        try:
            return _write_together(items)
        except OperationalError as error:
            # Deadlocks pass. What else comes twice is a database that is away, for all alike.
            if attempt > 1 and not is_deadlock(error):
                log.warning("%d messages and markers could not be written: %s", len(items), error)
                return [Unavailable() for _item in items]
        except DatabaseError as error:
            log.info("a batch of %d clashed: %s", len(items), error)
            if len(items) > 1:
                return [write([item])[0] for item in items]
        if not connection.in_atomic_block:
            close_old_connections()
        time.sleep(0.01 * (attempt - 1))
    return [Unavailable() for _item in items] if len(items) == 1 else [write([item])[0] for item in items]


def _write_together(items: Sequence[Item]) -> list[Outcome]:
    with write_transaction():
        outcomes = _Batch(items).run()
        done = time.time_ns()
    metrics.commit.add((time.time_ns() - done) / 1e9)
    if traces.on:
        traces.step("commit", since=done)
    return outcomes


class _Batch:
    """One transaction's work."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.sends = [item for item in items if isinstance(item, Send)]
        self.marks = [item for item in items if isinstance(item, Mark)]
        self.outcomes: dict[int, Outcome] = {}  # by id() of the item
        self.markers: dict[int, _Markers] = {}  # by the participant's id

    def run(self) -> list[Outcome]:
        heads = store.lock_heads(send.conversation_id for send in self.sends)
        places = store.places((item.conversation_id, item.user_id) for item in self.items)
        if self.sends:
            self._send(heads, places)
        for mark in self.marks:
            self._mark(mark, places.get((mark.conversation_id, mark.user_id)))
        self._save_markers()
        return [self.outcomes[id(item)] for item in self.items]

    # --- messages ----------------------------------------------------------------------------------

    def _send(self, heads: dict[int, store.Head], places: Places) -> None:
        known = self._known()
        drafts: dict[tuple[int, str], tuple[Send, store.Draft]] = {}
        repeats: list[Send] = []
        fresh = [send for send in self.sends if (send.user_id, send.client_id) not in known]
        shelf = Shelf(id_ for send in fresh for id_ in send.attachments)
        for send in self.sends:
            key = (send.user_id, send.client_id)
            if key in known:
                self.outcomes[id(send)] = _again(send, *known[key])
            elif key in drafts:
                repeats.append(send)
            else:
                me = places.get((send.conversation_id, send.user_id))
                refusal = send.refusal or _refusal(send, me, heads, shelf)
                if refusal is not None:
                    self.outcomes[id(send)] = refusal
                else:
                    drafts[key] = (send, _draft(send))
                    drafts[key][1].data |= shelf.take(send.attachments)
        if drafts:
            self._append([*drafts.values()], heads, places)
            shelf.claim({id_: draft.id for send, draft in drafts.values() for id_ in send.attachments})
        for send, draft in drafts.values():
            self.outcomes[id(send)] = _accepted(draft)
        for send in repeats:
            draft = drafts[send.user_id, send.client_id][1]
            self.outcomes[id(send)] = _again(send, draft.content_hash, _accepted(draft))

    def _known(self) -> dict[tuple[int, str], tuple[str, Accepted]]:
        """{(sender, client_id): (content hash, what was answered)} of what was sent before."""
        ids = store.sent_before([(send.user_id, send.client_id) for send in self.sends])
        if not ids:
            return {}
        rows = Message.objects.filter(pk__in=ids.values()).values_list(
            "sender_id", "client_id", "content_hash", "conversation_id", "seq", "version", "sent_at"
        )
        return {
            (sender or 0, client_id or ""): (
                hash_,
                Accepted(conversation, client_id or "", seq, version, sent_at, duplicate=True),
            )
            for sender, client_id, hash_, conversation, seq, version, sent_at in rows
        }

    def _append(
        self, sends: list[tuple[Send, store.Draft]], heads: dict[int, store.Head], places: Places
    ) -> None:
        drafts = [draft for _send, draft in sends]
        mentions.resolve(drafts)
        store.append(drafts, heads)
        changes: list[Change] = []
        for send, draft in sends:
            me = places[draft.conversation_id, draft.sender_id or 0]
            # Sending marks the conversation read up to one's own message.
            self._markers_of(me).move(delivered=draft.seq, read=draft.seq, ordinal=draft.ordinal)
            trace = send.trace.traceparent if send.trace else ""
            shape = _shape(draft, me)
            changes.append(wire.change(draft.conversation_id, shape, trace=trace, accepted=send.accepted_at))
        publish(*changes)

    # --- markers -----------------------------------------------------------------------------------

    def _markers_of(self, me: store.Place) -> "_Markers":
        return self.markers.setdefault(me.id, _Markers(me))

    def _mark(self, mark: Mark, me: store.Place | None) -> None:
        if me is None or not me.present:
            self.outcomes[id(mark)] = NotFound()
            return
        markers = self._markers_of(me)
        last_seq = max(me.last_seq, markers.delivered)
        if mark.seq > last_seq:
            beyond = format_lazy(_("The last message is {seq}."), seq=last_seq)
            self.outcomes[id(mark)] = Invalid(details={"seq": [beyond]})
            return
        before = (markers.delivered, markers.read)
        if not mark.read:
            markers.move(delivered=mark.seq)
        elif mark.seq > markers.read:
            ordinal = me.last_ordinal if mark.seq == me.last_seq else _ordinal(me.conversation_id, mark.seq)
            markers.move(delivered=mark.seq, read=mark.seq, ordinal=ordinal)
        self.outcomes[id(mark)] = Marked(
            me.user_id,
            me.conversation_id,
            me.kind,
            markers.delivered,
            markers.read,
            moved=(markers.delivered, markers.read) != before,
            read_moved=markers.read != before[1],
            tell=me.kind != "direct" or me.may_send,
        )

    def _save_markers(self) -> None:
        moved = {id_: markers for id_, markers in self.markers.items() if markers.moved}
        if moved:
            columns = {
                "delivered_seq": {id_: markers.delivered for id_, markers in moved.items()},
                "read_seq": {id_: markers.read for id_, markers in moved.items()},
                "read_ordinal": {id_: markers.ordinal for id_, markers in moved.items()},
            }
            store.update_rows("messaging_participant", columns, never_back=True)


class _Markers:
    """A participant's markers while a batch moves them; never back."""

    __slots__ = ("delivered", "moved", "ordinal", "read")

    def __init__(self, me: store.Place) -> None:
        self.delivered, self.read, self.ordinal = me.delivered_seq, me.read_seq, me.read_ordinal
        self.moved = False

    def move(self, *, delivered: int, read: int = 0, ordinal: int = 0) -> None:
        if delivered > self.delivered or read > self.read:
            self.moved = True
        self.delivered = max(self.delivered, delivered)
        self.read = max(self.read, read)
        self.ordinal = max(self.ordinal, ordinal)


def _ordinal(conversation_id: int, seq: int) -> int:
    return Message.objects.values_list("ordinal", flat=True).get(conversation_id=conversation_id, seq=seq)


def _draft(send: Send) -> store.Draft:
    return store.Draft(
        send.conversation_id,
        send.kind,
        send.user_id,
        body=send.body,
        reply_to=send.reply_to,
        client_id=send.client_id,
        content_hash=send.content_hash,
    )


def _accepted(draft: store.Draft) -> Accepted:
    return Accepted(
        draft.conversation_id, draft.client_id or "", draft.seq, draft.version, draft.sent_at, duplicate=False
    )


def _again(send: Send, content_hash: str, first: Accepted) -> Outcome:
    """The first result for the same content; a clash for other content."""
    if content_hash != send.content_hash:
        clash = _("This id names another message.")
        return Conflict(code="client_id_conflict", details={"client_id": [clash]})
    return Accepted(
        first.conversation_id, first.client_id, first.seq, first.version, first.sent_at, duplicate=True
    )


def _refusal(
    send: Send, me: store.Place | None, heads: dict[int, store.Head], shelf: Shelf
) -> ChatError | None:
    """Why this person may not send this now; None if they may."""
    if me is None or not me.present or send.conversation_id not in heads:
        return NotFound()
    if not me.speaks:
        return (silences.refusal_of(me.user_id) if me.silenced else None) or MayNotSend()
    head = heads[send.conversation_id]
    if send.reply_to is not None and not me.visible_from_seq <= send.reply_to <= head.last_seq:
        return Invalid(details={"reply_to": [_("There is no such message in this conversation.")]})
    return shelf.refusal(user_id=send.user_id, ids=send.attachments)


def _shape(draft: store.Draft, sender: store.Place) -> dict[str, Any]:
    return wire.message(
        seq=draft.seq,
        version=draft.version,
        sender=wire.person(sender.user_id, sender.nickname, sender.avatar),
        kind=draft.kind,
        body=draft.body,
        data=draft.data,
        reply_to=draft.reply_to,
        reactions=[],
        client_id=draft.client_id,
        sent_at=draft.sent_at,
    )
