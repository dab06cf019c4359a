"""How messages get into the database: numbers under the conversations' locks, one insert for all.

This is the path that every message takes, a batch of people's as well as a line of the system's, so
it is plain SQL: the ORM's bulk insert costs more than twice as much. Callers hold a
``write_transaction``. Locks are taken in one order everywhere: conversations by id, then participants.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection

from chatchat.clock import now
from chatchat.db import placeholders

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Head:
    """A locked conversation's counters."""

    id: int
    kind: str
    last_seq: int
    last_version: int
    last_ordinal: int
    last_message_id: int


@dataclass(slots=True)
class Draft:
    """A message before (``seq`` 0) and after ``append`` gave it its numbers."""

    conversation_id: int
    kind: str
    sender_id: int | None = None
    body: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    reply_to: int | None = None
    client_id: str | None = None
    content_hash: str = ""
    seq: int = 0
    version: int = 0
    ordinal: int = 0
    id: int = 0
    sent_at: datetime = EPOCH


@dataclass(slots=True)
class Place:
    """A participant, with what the writer must know of the conversation and the person."""

    id: int
    conversation_id: int
    user_id: int
    visible_from_seq: int
    delivered_seq: int
    read_seq: int
    read_ordinal: int
    #: The right as it is kept; ``speaks``: and no mute that still lasts, here or everywhere.
    may_send: bool
    speaks: bool
    #: Stopped by a moderator from writing anywhere.
    silenced: bool
    present: bool
    kind: str
    last_seq: int
    last_ordinal: int
    nickname: str
    avatar: str


def pairs(columns: tuple[str, str], count: int) -> str:
    """SQL for "this pair of columns is one of ``count`` pairs", which both dialects serve from an index."""
    one = f"({columns[0]} = %s AND {columns[1]} = %s)"
    return " OR ".join([one] * count)


def lock_heads(conversation_ids: Iterable[int]) -> dict[int, Head]:
    """Lock the conversations' rows, in id order; what does not exist is left out."""
    ids = sorted(set(conversation_ids))
    if not ids:
        return {}
    # SQLite's write transactions exclude each other as a whole.
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, last_seq, last_version, last_ordinal, last_message_id "  # noqa: S608 - only placeholders
            f"FROM messaging_conversation WHERE id IN ({placeholders(len(ids))}) ORDER BY id{lock}",
            ids,
        )
        return {row[0]: Head(*row) for row in cursor.fetchall()}


# The order of the tables is given (STRAIGHT_JOIN; SQLite keeps that of a CROSS JOIN): left alone, MariaDB
# begins with the people and reads all conversations of each.
_PLACES = (
    "SELECT{} p.id, p.conversation_id, p.user_id, p.visible_from_seq, p.delivered_seq, p.read_seq, "
    "p.read_ordinal, p.may_send, p.may_send AND (p.muted_until IS NULL OR p.muted_until <= %s) "
    "AND (u.silenced_until IS NULL OR u.silenced_until <= %s), "
    "u.silenced_until IS NOT NULL AND u.silenced_until > %s, "
    "p.left_at IS NULL AND u.banned_at IS NULL AND u.deleted_at IS NULL, "
    "c.kind, c.last_seq, c.last_ordinal, u.nickname, u.avatar "
    "FROM messaging_participant p CROSS JOIN messaging_conversation c ON c.id = p.conversation_id "
    "CROSS JOIN accounts_user u ON u.id = p.user_id WHERE "
)


def places(wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Place]:
    """{(conversation, user): their place} for those who ever took part; one query."""
    keys = sorted(set(wanted))
    moment = connection.ops.adapt_datetimefield_value(now())
    with connection.cursor() as cursor:
        cursor.execute(
            _PLACES.format(" STRAIGHT_JOIN" if connection.vendor == "mysql" else "")
            + pairs(("p.conversation_id", "p.user_id"), len(keys)),
            [moment, moment, moment, *(value for pair in keys for value in pair)],
        )
        return {(row[1], row[2]): Place(*row) for row in cursor.fetchall()}


def sent_before(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """{(sender, client_id): the message's id} of those that exist; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sender_id, client_id, id FROM messaging_message WHERE "  # noqa: S608 - only placeholders
            + pairs(("sender_id", "client_id"), len(keys)),
            [value for key in keys for value in key],
        )
        return {(sender, client_id): id_ for sender, client_id, id_ in cursor.fetchall()}


_INSERT = (
    "INSERT INTO messaging_message (conversation_id, seq, version, ordinal, sender_id, kind, body, data, "
    "reply_to, client_id, content_hash, sent_at) VALUES "
)
_ROW = f"({placeholders(12)})"


def append(drafts: Sequence[Draft], heads: dict[int, Head]) -> None:
    """Number ``drafts`` in order, insert them, and move their conversations' locked ``heads`` on.

    A person's message counts in the ordinal; the system's does not. Raises ``IntegrityError`` if a
    (sender, client_id) is taken, in which case the transaction has to be rolled back.
    """
    moment = now()
    rows: list[Any] = []
    for draft in drafts:
        head = heads[draft.conversation_id]
        head.last_seq += 1
        head.last_version += 1
        head.last_ordinal += draft.sender_id is not None
        draft.seq, draft.version, draft.ordinal = head.last_seq, head.last_version, head.last_ordinal
        draft.sent_at = moment
        rows += (
            draft.conversation_id,
            draft.seq,
            draft.version,
            draft.ordinal,
            draft.sender_id,
            draft.kind,
            draft.body,
            msgspec.json.encode(draft.data).decode(),
            draft.reply_to,
            draft.client_id,
            draft.content_hash,
            connection.ops.adapt_datetimefield_value(moment),
        )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT + ", ".join([_ROW] * len(drafts)), rows)
        last = cursor.lastrowid
    # One insert's rows have consecutive ids; MySQL names the first of them, SQLite the last.
    first = last if connection.vendor == "mysql" else last - len(drafts) + 1
    for offset, draft in enumerate(drafts):
        draft.id = heads[draft.conversation_id].last_message_id = first + offset
    save_heads({draft.conversation_id: heads[draft.conversation_id] for draft in drafts}.values())


def save_heads(heads: Iterable[Head]) -> None:
    """Write the counters of locked conversations back, in one statement."""
    by_id = {head.id: head for head in heads}
    update_rows(
        "messaging_conversation",
        {
            "last_seq": {id_: head.last_seq for id_, head in by_id.items()},
            "last_version": {id_: head.last_version for id_, head in by_id.items()},
            "last_ordinal": {id_: head.last_ordinal for id_, head in by_id.items()},
            "last_message_id": {id_: head.last_message_id for id_, head in by_id.items()},
        },
    )


def update_rows(table: str, columns: dict[str, dict[int, int]], *, never_back: bool = False) -> None:
    """Set ``columns`` {name: {row's id: value}} of many rows, all naming the same rows, in one statement.

    ``never_back``: a value that is already higher stays, whoever wrote it meanwhile.
    """
    ids = sorted(next(iter(columns.values())))
    case = "CASE id " + "WHEN %s THEN %s " * len(ids) + "END"
    if never_back:
        greatest = "GREATEST" if connection.vendor == "mysql" else "MAX"
        sets = ", ".join(f"{name} = {greatest}({name}, {case})" for name in columns)
    else:
        sets = ", ".join(f"{name} = {case}" for name in columns)
    values = [part for column in columns.values() for id_ in ids for part in (id_, column[id_])]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {sets} WHERE id IN ({placeholders(len(ids))})",  # noqa: S608 - names are ours
            [*values, *ids],
        )
