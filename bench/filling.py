"""Fills empty tables with people, conversations and messages, as years of use would have."""

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bench.progress import Progress

PEOPLE = 1000
READER = 1  #: whose conversations are read
MINE = 200  #: conversations of the reader's
LARGE_GROUP = 1  #: one of them: a quarter of all messages
LARGE_GROUP_PEOPLE = 200
GROUP_PEOPLE = 20
OTHER_SIZE = 50  #: messages of a conversation that is not the reader's
CHUNK = 2000
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)

Row = tuple[Any, ...]


class Filling:
    """``messages`` of them: a quarter in one group, half in the reader's other conversations.

    They are inserted as they would have been written: every conversation's among all the others'.
    """

    def __init__(self, messages: int, people: int = PEOPLE) -> None:
        self.messages = messages
        self.persons = people
        self._random = random.Random(7)  # the same in every run
        mine = messages // 2 // (MINE - 1)
        others = messages // 4 // OTHER_SIZE
        self.sizes = [messages // 4, *[mine] * (MINE - 1), *[OTHER_SIZE] * others]
        self.sizes[0] += messages - sum(self.sizes)
        self.people = [self._people_of(number) for number in range(1, len(self.sizes) + 1)]
        self.last_ids = [0] * len(self.sizes)
        #: {(conversation's index, person): seq of their last message}, up to which they have read.
        self.own: dict[tuple[int, int], int] = {}

    def _people_of(self, conversation: int) -> list[int]:
        if conversation == LARGE_GROUP:
            return [READER, *range(2, LARGE_GROUP_PEOPLE + 1)]
        if conversation <= MINE:
            count = 1 if self._is_direct(conversation) else GROUP_PEOPLE - 1
            return [READER, *self._random.sample(range(2, self.persons + 1), count)]
        return self._random.sample(range(2, self.persons + 1), 2)

    @staticmethod
    def _is_direct(conversation: int) -> bool:
        return conversation > MINE // 2

    def fill(self) -> int:
        """Insert it all; the large group's last seq."""
        progress = Progress("messages", self.messages)
        self._insert("accounts_user", USER_COLUMNS, self._users())
        self._insert("messaging_conversation", CONVERSATION_COLUMNS, self._conversations())
        self._insert_messages(progress)
        self._insert("messaging_participant", PARTICIPANT_COLUMNS, self._participants())
        self._save_last_ids()
        progress.done()
        return self.sizes[0]

    # -------------------------------------------------------------- rows

    def _users(self) -> Iterator[Row]:
        for number in range(1, self.persons + 1):
            yield (number, "!", f"person{number}@example.com", f"Person {number}", "", "", "en", 0, 0, BEGIN)

    def _conversations(self) -> Iterator[Row]:
        for number, size in enumerate(self.sizes, 1):
            direct = self._is_direct(number)
            pair = f"{number}:bench" if direct else None
            kind = "direct" if direct else "group"
            yield (number, kind, "" if direct else f"Group {number}", "", pair, size, size, size, 0, BEGIN)

    def _messages(self) -> Iterator[str]:
        """Each as SQL: a hundred times a thousand parameters take the driver too long."""
        order = [index for index, size in enumerate(self.sizes) for _ in range(size)]
        self._random.shuffle(order)
        seqs = [itertools.count(1) for _ in self.sizes]
        bodies = [f"'{self._body()}'" for _ in range(1000)]  # nothing in them has to be quoted
        bits, choice = self._random.getrandbits, self._random.choice
        for number, index in enumerate(order, 1):
            seq = next(seqs[index])
            self.last_ids[index] = number
            sender = choice(self.people[index])
            self.own[index, sender] = seq
            sent_at = f"{BEGIN + timedelta(seconds=number * 10):%Y-%m-%d %H:%M:%S}"
            yield (
                f"({number},{index + 1},{seq},{seq},{seq},{sender},'text',"
                f"{bodies[number % 1000]},'{{}}',NULL,'{UUID(int=bits(128), version=4)}',"
                f"'{bits(256):064x}','{sent_at}')"
            )

    def _body(self) -> str:
        """As long as people write: a median of some 40 characters."""
        length = min(int(self._random.lognormvariate(3.7, 0.8)) + 1, 500)
        return "".join(self._random.choices("etaoin shrdlu 你好吗", k=length - 1)) + "."

    def _participants(self) -> Iterator[Row]:
        for number, (people, size) in enumerate(zip(self.people, self.sizes, strict=True), 1):
            for person in people:
                read = max(size - self._random.randint(0, 30), self.own.get((number - 1, person), 0))
                yield (number, person, 1, size, read, read, 1, 0, 0, "all")

    # -------------------------------------------------------------- inserts

    def _insert(self, table: str, columns: Sequence[str], rows: Iterator[Row]) -> None:
        from django.db import connection, transaction

        values = ", ".join(["%s"] * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608
        adapt = connection.ops.adapt_datetimefield_value
        adapted = [[adapt(field) if isinstance(field, datetime) else field for field in row] for row in rows]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(sql, adapted)

    def _insert_messages(self, progress: Progress) -> None:
        from django.db import connection

        rows = self._messages()
        sql = f"INSERT INTO messaging_message ({', '.join(MESSAGE_COLUMNS)}) VALUES "  # noqa: S608
        while chunk := list(itertools.islice(rows, CHUNK)):
            with connection.cursor() as cursor:
                cursor.execute(sql + ",".join(chunk))
            progress.step(len(chunk))

    def _save_last_ids(self) -> None:
        from django.db import connection, transaction

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE messaging_conversation SET last_message_id = %s WHERE id = %s",
                [(last, number) for number, last in enumerate(self.last_ids, 1)],
            )


USER_COLUMNS = (
    *("id", "password", "email", "nickname", "introduction", "avatar", "language"),
    *("is_staff", "is_superuser", "created_at"),
)
CONVERSATION_COLUMNS = (
    *("id", "kind", "title", "avatar", "pair", "last_seq", "last_version", "last_ordinal"),
    *("last_message_id", "created_at"),
)
MESSAGE_COLUMNS = (
    *("id", "conversation_id", "seq", "version", "ordinal", "sender_id", "kind", "body", "data"),
    *("reply_to", "client_id", "content_hash", "sent_at"),
)
PARTICIPANT_COLUMNS = (
    *("conversation_id", "user_id", "visible_from_seq", "delivered_seq", "read_seq", "read_ordinal"),
    *("may_send", "may_moderate", "pinned", "notifications"),
)
