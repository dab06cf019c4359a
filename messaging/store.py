"""How messages get into the database: numbers under the conversations' locks, one insert for all.

This is the path that every message takes, a batch of people's as well as a line of the system's, so
it is plain SQL: the ORM's bulk insert costs more than twice as much. Statements are made here and run by
those who know what can travel together, within a transaction. Numbers and plain words are written into the
SQL as they are, since the driver takes longer to escape one than the database to read it. Locks are taken
in one order everywhere: conversations by id, then participants.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection

from chatchat.clock import now
from chatchat.db import moment_sql, on_mariadb, on_mysql
from chatchat.trips import Rows, Statement, execute_together

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Head:
    """A locked conversation's counters."""

    id: int
    kind: str
    last_seq: int
    last_version: int
    last_ordinal: int


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


def numbers(values: Iterable[int]) -> str:
    """``1, 2, …``: integers, and nothing else, as SQL."""
    return ", ".join([f"{value:d}" for value in values])


def heads_query(conversation_ids: Iterable[int]) -> Statement:
    """Lock the conversations' rows, in id order; what does not exist is left out."""
    # SQLite's write transactions exclude each other as a whole.
    lock = " FOR UPDATE" if on_mysql() else ""
    return (
        "SELECT id, kind, last_seq, last_version, last_ordinal FROM messaging_conversation "  # noqa: S608
        f"WHERE id IN ({numbers(sorted(set(conversation_ids)))}) ORDER BY id{lock}",
        (),
    )


def heads_in(rows: Rows) -> dict[int, Head]:
    """{conversation: its counters}, of the answer to ``heads_query``."""
    return {row[0]: Head(*row) for row in rows}


_PLACES = (
    "p.id, p.conversation_id, p.user_id, p.visible_from_seq, p.delivered_seq, p.read_seq, "
    "p.read_ordinal, p.may_send, p.may_send AND (p.muted_until IS NULL OR p.muted_until <= {now}) "
    "AND (u.silenced_until IS NULL OR u.silenced_until <= {now}), "
    "u.silenced_until IS NOT NULL AND u.silenced_until > {now}, "
    "p.left_at IS NULL AND u.banned_at IS NULL AND u.deleted_at IS NULL, "
    "c.kind, c.last_seq, c.last_ordinal, u.nickname, u.avatar "
)


def places_query(wanted: Iterable[tuple[int, int]]) -> Statement:
    """The places of those (conversation, user) who ever took part.

    Several are a table that the participants are looked up by, in that order (STRAIGHT_JOIN; SQLite keeps
    that of a CROSS JOIN). As a list of alternatives they cost MariaDB four times as much, and left to itself
    it begins with the people and reads all conversations of each.
    """
    (conversation, user), *others = pairs = sorted(set(wanted))
    if others:
        hint = "STRAIGHT_JOIN " if on_mysql() else ""
        table = f"{_table(('conversation', 'user'), pairs)} w CROSS JOIN "
        first = "w.conversation AND p.user_id = w.user"
    else:
        hint, table, first = "", "", f"{conversation:d} AND p.user_id = {user:d}"
    return (
        f"SELECT {hint}{_PLACES.format(now=moment_sql(now()))}FROM {table}messaging_participant p "
        "CROSS JOIN messaging_conversation c ON c.id = p.conversation_id "
        f"CROSS JOIN accounts_user u ON u.id = p.user_id WHERE p.conversation_id = {first}",
        (),
    )


def _table(names: Sequence[str], rows: Sequence[Sequence[int | str]]) -> str:
    """``rows``, each of numbers or SQL of ours, as a table that can be joined."""
    first, *others = rows
    table = f"SELECT {', '.join([f'{value} AS {name}' for value, name in zip(first, names, strict=True)])}"
    if others:
        # MySQL alone says so explicitly.
        row = "ROW" if on_mysql() and not on_mariadb() else ""
        values = ", ".join([f"{row}({', '.join(map(str, other))})" for other in others])
        table = f"{table} UNION ALL VALUES {values}"
    return f"({table})"


def places_in(rows: Rows) -> dict[tuple[int, int], Place]:
    """{(conversation, user): their place}, of the answer to ``places_query``."""
    return {(row[1], row[2]): Place(*row) for row in rows}


def sent_before(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """{(sender, client_id): the message's id} of those that exist; one query."""
    one = "(sender_id = %s AND client_id = %s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sender_id, client_id, id FROM messaging_message WHERE "  # noqa: S608 - only placeholders
            + " OR ".join([one] * len(keys)),
            [value for key in keys for value in key],
        )
        return {(sender, client_id): id_ for sender, client_id, id_ in cursor.fetchall()}


EMPTY = "'{}'"  # JSON
_INSERT = (
    "INSERT INTO messaging_message (conversation_id, seq, version, ordinal, sender_id, reply_to, kind, body, "
    "data, client_id, content_hash, sent_at) VALUES "
)


def appending(drafts: Sequence[Draft], heads: dict[int, Head]) -> list[Statement]:
    """Number ``drafts`` in order; what inserts them and moves their conversations' locked ``heads`` on.

    A person's message counts in the ordinal; the system's does not. The insert fails with ``IntegrityError``
    if a (sender, client_id) is taken, in which case the transaction has to be rolled back.
    """
    moment = now()
    sent_at = moment_sql(moment)
    rows, values, last = list[str](), list[Any](), dict[int, int]()
    for offset, draft in enumerate(drafts):
        head = heads[draft.conversation_id]
        head.last_seq += 1
        head.last_version += 1
        head.last_ordinal += draft.sender_id is not None
        draft.seq, draft.version, draft.ordinal = head.last_seq, head.last_version, head.last_ordinal
        draft.sent_at = moment
        rows.append(
            f"({draft.conversation_id:d}, {draft.seq:d}, {draft.version:d}, {draft.ordinal:d}, "
            f"{_number(draft.sender_id)}, {_number(draft.reply_to)}, {_plain(draft.kind)}, %s, "
            f"{'%s' if draft.data else EMPTY}, {_plain(draft.client_id)}, {_plain(draft.content_hash)}, "
            f"{sent_at})"
        )
        values.append(draft.body)
        if draft.data:
            values.append(msgspec.json.encode(draft.data).decode())
        last[draft.conversation_id] = offset
    ids = {conversation: inserted(offset, of=len(drafts)) for conversation, offset in last.items()}
    return [(_INSERT + ", ".join(rows), values), _moving([heads[id_] for id_ in last], ids)]


def _number(value: int | None) -> str:
    return "NULL" if value is None else f"{value:d}"


def _plain(text: str | None) -> str:
    """``text`` of letters, digits and hyphens, and nothing else, as SQL."""
    if text is None:
        return "NULL"
    if text and not (text.isascii() and text.replace("-", "0").isalnum()):
        raise ValueError("that would have to be escaped")
    return f"'{text}'"


def inserted(offset: int, *, of: int) -> str:
    """SQL for the id of a row of the last insert ``of`` so many, which are consecutive."""
    # MySQL names the first of them, SQLite the last.
    if on_mysql():
        return f"LAST_INSERT_ID() + {offset:d}"
    return f"last_insert_rowid() - {of - 1 - offset:d}"


def append(drafts: Sequence[Draft], heads: dict[int, Head]) -> None:
    """``appending``, done."""
    execute_together(*appending(drafts, heads))


def _moving(heads: Sequence[Head], last: Mapping[int, str]) -> Statement:
    return update(
        "messaging_conversation",
        {
            "last_seq": {head.id: head.last_seq for head in heads},
            "last_version": {head.id: head.last_version for head in heads},
            "last_ordinal": {head.id: head.last_ordinal for head in heads},
            "last_message_id": last,
        },
    )


def update(
    table: str, columns: Mapping[str, Mapping[int, int | str]], *, never_back: bool = False
) -> Statement:
    """What sets ``columns`` {name: {row's id: number, or SQL of ours}}, all naming the same rows.

    ``never_back``: a value that is already higher stays, whoever wrote it meanwhile. Several rows are joined
    to a table of what they become: an alternative for each (CASE) is looked through once a row.
    """
    names = [*columns]
    rows = [(id_, *[columns[name][id_] for name in names]) for id_ in sorted(columns[names[0]])]
    mysql = on_mysql()
    one = rows[0] if len(rows) == 1 else None
    sets = []
    for at, name in enumerate(names, 1):
        value = one[at] if one else f"n.{name}"
        if never_back:
            value = f"{'GREATEST' if mysql else 'MAX'}({table}.{name}, {value})"
        sets.append(f"{f'{table}.' if mysql else ''}{name} = {value}")
    changes = ", ".join(sets)
    if one:
        return f"UPDATE {table} SET {changes} WHERE id = {one[0]}", ()  # noqa: S608 - names and numbers
    become = f"{_table(('id', *names), rows)} n"
    if mysql:
        return f"UPDATE {become} STRAIGHT_JOIN {table} ON {table}.id = n.id SET {changes}", ()  # noqa: S608
    return f"UPDATE {table} SET {changes} FROM {become} WHERE {table}.id = n.id", ()  # noqa: S608


def update_rows(table: str, columns: Mapping[str, Mapping[int, int]]) -> None:
    """``update``, done."""
    execute_together(update(table, columns))
