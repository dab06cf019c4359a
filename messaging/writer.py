"""The batched writer: what arrives while one write is under way is written together next.

``write`` puts a batch into one transaction: conversations locked in id order, permission to speak
checked by one query, numbers assigned, one insert, the markers of senders and readers moved, commit. Then
the changes are published and each caller gets its own outcome. Retries are seldom: the database refuses
what it has already, and only then a batch is looked through for them. What it refuses even so is tried item
by item, so that one bad message fails alone.

A server process does so in one thread (``messaging.scribe``); elsewhere ``write`` is called directly.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, IntegrityError, OperationalError, close_old_connections, connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.services import silences
from chatchat.db import is_deadlock
from chatchat.errors import ChatError, Conflict, Invalid, NotFound, Unavailable
from chatchat.realtime import Change, publish
from chatchat.telemetry import metrics, traces
from chatchat.trips import Statement, Trips, two_trips
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
Tell = Callable[[Sequence[Change]], None]


def publish_all(changes: Sequence[Change]) -> None:
    """``publish``, for ``write``."""
    publish(*changes)


def write(items: Sequence[Item], tell: Tell = publish_all) -> list[Outcome]:
    """Write a batch; an outcome an item, in order. Raises nothing that one item could cause.

    ``tell`` gets its changes as soon as they are committed, in parts if some had to be written again.
    """
    retries, failures = False, 0
    while failures < TRIES:
        try:
            return _write_together(items, tell, retries=retries)
        except OperationalError as error:
            failures += 1
            # Deadlocks pass. What else comes twice is a database that is away, for all alike.
            if failures > 1 and not is_deadlock(error):
                log.warning("%d messages and markers could not be written: %s", len(items), error)
                return [Unavailable() for _item in items]
        except DatabaseError as error:
            if isinstance(error, IntegrityError) and not retries:
                retries = True
                continue
            failures += 1
            log.info("a batch of %d clashed: %s", len(items), error)
            if len(items) > 1:
                return [write([item], tell)[0] for item in items]
        if not connection.in_atomic_block:
            close_old_connections()
        time.sleep(0.01 * (failures - 1))
    return [Unavailable()] if len(items) == 1 else [write([item], tell)[0] for item in items]


def _write_together(items: Sequence[Item], tell: Tell, *, retries: bool = False) -> list[Outcome]:
    """``retries``: some may be there already."""
    with two_trips(asking=any(item.attachments for item in items if isinstance(item, Send))) as trips:
        batch = _Batch(items, retries=retries)
        batch.read(trips)
        outcomes = batch.run()
        batch.write(trips)
    metrics.commit.add((time.time_ns() - trips.written_at) / 1e9)
    if traces.on:
        traces.step("commit", since=trips.written_at)
    if batch.changes:
        tell(batch.changes)
    return outcomes


class _Batch:
    """One transaction's work."""

    def __init__(self, items: Sequence[Item], *, retries: bool) -> None:
        self.items = items
        self.retries = retries
        self.sends = [item for item in items if isinstance(item, Send)]
        self.outcomes: dict[int, Outcome] = {}  # by id() of the item
        self.markers: dict[int, _Markers] = {}  # by the participant's id
        self.heads: dict[int, store.Head] = {}
        self.places: dict[tuple[int, int], store.Place] = {}
        #: What inserts the messages and all that belongs to them.
        self.statements: list[Statement] = []
        self.changes: list[Change] = []

    def read(self, trips: Trips) -> None:
        """Lock the conversations, and look at who wants something in them."""
        places = store.places_query((item.conversation_id, item.user_id) for item in self.items)
        if self.sends:
            heads = store.heads_query(send.conversation_id for send in self.sends)
            locked, found = trips.read(heads, places)
            self.heads = store.heads_in(locked)
        else:
            (found,) = trips.read(places)
        self.places = store.places_in(found)

    def run(self) -> list[Outcome]:
        """Decide."""
        if self.sends:
            self._send()
        for item in self.items:
            if isinstance(item, Mark):
                self._mark(item, self.places.get((item.conversation_id, item.user_id)))
        return [self.outcomes[id(item)] for item in self.items]

    def write(self, trips: Trips) -> None:
        """What was decided."""
        moved = {id_: markers for id_, markers in self.markers.items() if markers.moved}
        if moved:
            columns = {
                "delivered_seq": {id_: markers.delivered for id_, markers in moved.items()},
                "read_seq": {id_: markers.read for id_, markers in moved.items()},
                "read_ordinal": {id_: markers.ordinal for id_, markers in moved.items()},
            }
            self.statements.append(store.update("messaging_participant", columns, never_back=True))
        trips.write(*self.statements)

    # --- messages ----------------------------------------------------------------------------------

    def _send(self) -> None:
        shelf = Shelf(id_ for send in self.sends for id_ in send.attachments)
        refusals = {id(send): send.refusal or self._refusal(send, shelf) for send in self.sends}
        # Who may not send any more is still told the first result of what was sent before.
        doubtful = [send for send in self.sends if self.retries or refusals[id(send)] is not None]
        known = _known(doubtful) if doubtful else {}
        drafts: dict[tuple[int, str], tuple[Send, store.Draft]] = {}
        repeats: list[Send] = []
        for send in self.sends:
            key = (send.user_id, send.client_id)
            if key in known:
                self.outcomes[id(send)] = _again(send, *known[key])
            elif key in drafts:
                repeats.append(send)
            elif refusal := refusals[id(send)] or shelf.refusal(user_id=send.user_id, ids=send.attachments):
                self.outcomes[id(send)] = refusal
            else:
                drafts[key] = (send, _draft(send, shelf.take(send.attachments)))
        if drafts:
            self._append([*drafts.values()], shelf)
        for send in repeats:
            draft = drafts[send.user_id, send.client_id][1]
            self.outcomes[id(send)] = _again(send, draft.content_hash, _accepted(draft))

    def _refusal(self, send: Send, shelf: Shelf) -> ChatError | None:
        """Why this person may not send this now; None if they may."""
        me = self.places.get((send.conversation_id, send.user_id))
        head = self.heads.get(send.conversation_id)
        if me is None or head is None or not me.present:
            return NotFound()
        if not me.speaks:
            return (silences.refusal_of(me.user_id) if me.silenced else None) or MayNotSend()
        if send.reply_to is not None and not me.visible_from_seq <= send.reply_to <= head.last_seq:
            return Invalid(details={"reply_to": [_("There is no such message in this conversation.")]})
        return shelf.refusal(user_id=send.user_id, ids=send.attachments)

    def _append(self, sends: list[tuple[Send, store.Draft]], shelf: Shelf) -> None:
        drafts = [draft for _send, draft in sends]
        mentions.resolve(drafts)
        self.statements += store.appending(drafts, self.heads)
        ids: dict[int, str] = {}
        for offset, (send, draft) in enumerate(sends):
            self.outcomes[id(send)] = _accepted(draft)
            for attachment in send.attachments:
                ids[attachment] = store.inserted(offset, of=len(sends))
            me = self.places[draft.conversation_id, send.user_id]
            # Sending marks the conversation read up to one's own message.
            self._markers_of(me).move(delivered=draft.seq, read=draft.seq, ordinal=draft.ordinal)
            trace = send.trace.traceparent if send.trace else ""
            shape = _shape(draft, me)
            change = wire.change(draft.conversation_id, shape, trace=trace, accepted=send.accepted_at)
            self.changes.append(change)
        self.statements += shelf.claiming(ids)

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


def _draft(send: Send, data: dict[str, Any]) -> store.Draft:
    return store.Draft(
        send.conversation_id,
        send.kind,
        send.user_id,
        body=send.body,
        data=data,
        reply_to=send.reply_to,
        client_id=send.client_id,
        content_hash=send.content_hash,
    )


def _known(sends: Sequence[Send]) -> dict[tuple[int, str], tuple[str, Accepted]]:
    """{(sender, client_id): (content hash, what was answered)} of those that were written before."""
    ids = store.sent_before([(send.user_id, send.client_id) for send in sends])
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
