"""Reading messages: pages by seq, changes by version, and what somebody missed.

Every function takes a constant number of queries, each served by an index: one for the messages
with their senders, one for their reactions.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import connection
from django.db.models import QuerySet

from chatchat.db import in_utc, placeholders
from chatchat.realtime import Change
from messaging import wire
from messaging.models import Conversation, Message, Participant, Reaction

BACKLOG_LIMIT = 200  # messages a conversation after a cut; past that the client pages
SYNC_LIMIT = 200
SYNC_BYTES = 256 * 1024
FILL_LIMIT = 1000  # changes read at once for a process that missed some

_FIELDS = (
    "id", "conversation_id", "seq", "version", "kind", "body", "data", "reply_to", "client_id",
    "sent_at", "edited_at", "recalled_at", "sender_id", "sender__nickname", "sender__avatar",
)  # fmt: skip


def shapes(messages: QuerySet[Message]) -> list[tuple[int, dict[str, Any]]]:
    """(conversation, message as on the wire) in the queryset's order; two queries."""
    rows = list(messages.values_list(*_FIELDS))
    reactions = _reactions([row[0] for row in rows])
    return [(row[1], _shape(row, reactions.get(row[0], ()))) for row in rows]


def _reactions(message_ids: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
    reactions: dict[int, list[tuple[str, int]]] = {}
    if message_ids:
        found = Reaction.objects.filter(message__in=message_ids).order_by("pk")
        for message, emoji, user in found.values_list("message_id", "emoji", "user_id"):
            reactions.setdefault(message, []).append((emoji, user))
    return reactions


# As ``_FIELDS``, and whether there are reactions.
_BY_IDS = (
    "SELECT m.id, m.conversation_id, m.seq, m.version, m.kind, m.body, m.data, m.reply_to, m.client_id, "
    "m.sent_at, m.edited_at, m.recalled_at, m.sender_id, u.nickname, u.avatar, "
    "EXISTS(SELECT 1 FROM messaging_reaction r WHERE r.message_id = m.id) "
    "FROM messaging_message m LEFT JOIN accounts_user u ON u.id = m.sender_id WHERE m.id IN "
)


def by_ids(ids: Collection[int]) -> dict[int, tuple[int, dict[str, Any]]]:
    """{message: (conversation, its shape)}: one query, and one if there are reactions to them.

    Everybody who comes back asks for the last message of each conversation: see ``resume``.
    """
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"{_BY_IDS}({placeholders(len(ids))})", list(ids))
        rows = cursor.fetchall()
    reactions = _reactions([row[0] for row in rows if row[-1]])
    return {row[0]: (row[1], _shape(_as_read(row), reactions.get(row[0], ()))) for row in rows}


def _as_read(row: Sequence[Any]) -> list[Any]:
    values = [in_utc(value) for value in row[:-1]]
    values[6] = msgspec.json.decode(values[6])
    return values


def _shape(row: Sequence[Any], reactions: Iterable[tuple[str, int]]) -> dict[str, Any]:
    (_, _, seq, version, kind, body, data, reply_to, client_id, sent_at, edited_at, recalled_at,
     sender, nickname, avatar) = row  # fmt: skip
    return wire.message(
        seq=seq,
        version=version,
        sender=None if sender is None else wire.person(sender, nickname, avatar),
        kind=kind,
        body=body,
        data=data,
        reply_to=reply_to,
        reactions=wire.reactions(reactions),
        client_id=client_id,
        sent_at=sent_at,
        edited_at=edited_at,
        recalled_at=recalled_at,
    )


def visible(participant: Participant) -> QuerySet[Message]:
    """The messages that a participant may see."""
    return Message.objects.filter(
        conversation_id=participant.conversation_id, seq__gte=participant.visible_from_seq
    )


def page(
    participant: Participant, *, limit: int, before: int | None = None, after: int | None = None
) -> tuple[list[dict[str, Any]], bool]:
    """(messages ascending, whether there are more on that side): the newest, or next to a seq."""
    # Seqs have no holes, so a page is a narrow range of them. Were one end left open, MariaDB and MySQL
    # would often read the conversation from its end up to the page: they don't count on the limit.
    first, last = participant.visible_from_seq, participant.conversation.last_seq
    messages = Message.objects.filter(conversation_id=participant.conversation_id)
    if after is not None:
        lowest = max(min(after, last) + 1, first)
        wanted = messages.filter(seq__range=(lowest, min(lowest + limit, last))).order_by("seq")
        found = [shape for _, shape in shapes(wanted)]
        return found[:limit], len(found) > limit
    highest = last if before is None else min(before - 1, last)
    wanted = messages.filter(seq__range=(max(highest - limit, first), highest)).order_by("-seq")
    found = [shape for _, shape in shapes(wanted)]
    return found[:limit][::-1], len(found) > limit


def one(participant: Participant, seq: int) -> dict[str, Any] | None:
    """The message at ``seq``."""
    return next((shape for _, shape in shapes(visible(participant).filter(seq=seq))), None)


@dataclass
class SyncPage:
    """Changed messages by version: ``next`` is the cursor after them."""

    messages: list[dict[str, Any]]
    next: int
    complete: bool


def sync(participant: Participant, *, after: int, limit: int = SYNC_LIMIT) -> SyncPage:
    """What has changed since version ``after``: at most ``limit`` messages or ``SYNC_BYTES``.

    A complete page's ``next`` is the conversation's head, since versions up to it may be held by no row.
    """
    # The head is read first: rows that come meanwhile are above it, and are sent again, harmlessly.
    head = Conversation.objects.values_list("last_version", flat=True).get(pk=participant.conversation_id)
    # Not "is this conversation": with an equality MariaDB and MySQL often read all of it from its beginning
    # (see ``page``), with a list they take the range. There is no conversation 0.
    changed = Message.objects.filter(
        conversation_id__in=(participant.conversation_id, 0),
        seq__gte=participant.visible_from_seq,
        version__gt=after,
    ).order_by("conversation_id", "version")
    found = [shape for _, shape in shapes(changed[: limit + 1])]
    complete = len(found) <= limit
    found = found[:limit]
    size = 200  # what is around them
    for index, shape in enumerate(found):
        size += len(msgspec.json.encode(shape)) + 1
        if size > SYNC_BYTES and index > 0:
            found, complete = found[:index], False
            break
    last = found[-1]["version"] if found else after
    return SyncPage(found, max(last, head) if complete else last, complete)


def changes(conversation_id: int, after: int) -> tuple[int, list[Change]]:
    """(head, changes): first the head, then the messages changed after version ``after``, in order.

    At most ``FILL_LIMIT`` at once: where the last one is below the head, there may be more.
    """
    head = Conversation.objects.filter(pk=conversation_id).values_list("last_version", flat=True).first() or 0
    changed = Message.objects.filter(conversation_id=conversation_id, version__gt=after)
    found = shapes(changed.filter(version__lte=head).order_by("version")[:FILL_LIMIT])
    return head, [wire.change(conversation_id, shape) for _, shape in found]


# --- what somebody missed ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Missed:
    """How far a client has got in a conversation, and how far the conversation has."""

    conversation: int
    first_seq: int
    delivered_seq: int
    last_seq: int
    head: int
    cursor: int | None  # the version that the client names; None: it has no history

    @property
    def behind(self) -> bool:
        """Whether there is something to catch up with."""
        if self.cursor is None:
            return self.delivered_seq < self.last_seq
        return self.cursor < self.head

    @property
    def beyond(self) -> bool:
        """Whether the client names a version that there is not yet: it has to start over."""
        return self.cursor is not None and self.cursor > self.head


@dataclass
class Backlog:
    """What one conversation's reader gets before the live stream, which goes on after ``version``."""

    conversation: int
    first_seq: int
    version: int
    changes: list[Change] = field(default_factory=list)
    #: There is more: the client pages from this version on.
    limited_after: int | None = None


def backlogs(missed: Sequence[Missed]) -> list[Backlog]:
    """The backlogs of several readers in several conversations, in a constant number of queries.

    Each ends at the head that ``missed`` names. What has changed past it, before or between these
    reads, is left to the live stream, which has held it since before that head was read.
    """
    ranges = _ranges(missed)
    ids = _changed_ids(ranges)
    # What several readers miss is read, and written as a frame, once.
    found = by_ids({id_ for each in ids for id_ in each})
    changes = {id_: wire.change(conversation, shape) for id_, (conversation, shape) in found.items()}
    return [
        _backlog(m, range_, [changes[id_] for id_ in each if id_ in changes], len(each))
        for m, range_, each in zip(missed, ranges, ids, strict=True)
    ]


def weight(missed: Sequence[Missed]) -> int:
    """About how many messages their backlogs hold; never less than 8 each, which bounds their number too."""
    return sum(max(8, min(BACKLOG_LIMIT, m.head - (m.cursor or 0))) for m in missed)


@dataclass(frozen=True)
class _Range:
    """The changes of a conversation with ``after`` < version ≤ ``upto``, past a seq."""

    conversation: int
    after: int
    upto: int
    past_seq: int


def _backlog(missed: Missed, range_: _Range, found: list[Change], count: int) -> Backlog:
    backlog = Backlog(missed.conversation, missed.first_seq, missed.head)
    kept = [change for change in found if change.version <= missed.head]
    backlog.changes = sorted(kept, key=lambda change: change.version)[:BACKLOG_LIMIT]
    if count > BACKLOG_LIMIT:
        backlog.limited_after = backlog.changes[-1].version if backlog.changes else range_.after
    return backlog


def _ranges(missed: Sequence[Missed]) -> list[_Range]:
    starts = iter(_starts([m for m in missed if m.cursor is None]))
    return [
        _Range(m.conversation, next(starts), m.head, max(m.first_seq - 1, m.delivered_seq))
        if m.cursor is None
        else _Range(m.conversation, m.cursor, m.head, m.first_seq - 1)
        for m in missed
    ]


def _starts(missed: Sequence[Missed]) -> list[int]:
    """For each the version after which everything past the delivered marker has changed."""
    one = "SELECT {}, MIN(version) FROM messaging_message WHERE conversation_id = %s AND seq > %s"
    values = [(m.conversation, max(m.first_seq - 1, m.delivered_seq)) for m in missed]
    lowest = dict(_each(one, values))
    return [m.head if (low := lowest.get(n)) is None else low - 1 for n, m in enumerate(missed)]


def _changed_ids(wanted: Sequence[_Range]) -> list[list[int]]:
    """For each range the ids of the first changes in it, one more than a backlog holds."""
    one = (
        "SELECT * FROM (SELECT {0}, id FROM messaging_message WHERE conversation_id = %s "
        "AND version > %s AND version <= %s AND seq > %s ORDER BY version LIMIT %s) AS t{0}"
    )
    values = [(r.conversation, r.after, r.upto, r.past_seq, BACKLOG_LIMIT + 1) for r in wanted]
    found: list[list[int]] = [[] for _ in wanted]
    for index, id_ in _each(one, values):
        found[index].append(id_)
    return found


def _each(one: str, values: Sequence[tuple[int, ...]]) -> Sequence[tuple[Any, ...]]:
    """The rows of the query ``one`` for each of ``values``, which names its number as ``{}``: one query.

    Each has its own index range and limit: Django's union cannot say that on SQLite.
    """
    if not values:
        return ()
    sql = " UNION ALL ".join(one.format(index) for index in range(len(values)))
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for each in values for value in each])
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return rows
