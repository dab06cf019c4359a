"""Statements that travel together: one round trip, where the database takes several at once.

MySQL and MariaDB do. A transaction of theirs then needs two round trips, one for what it reads and one for
what it writes, instead of one for each statement and three more for its own beginning and end. SQLite is no
trip away, and takes them one after the other.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper

from chatchat.db import write_transaction

Statement = tuple[str, Sequence[Any]]
"""SQL, and the values of its ``%s``."""

Rows = Sequence[tuple[Any, ...]]


def execute_together(*statements: Statement) -> list[Rows]:
    """Run ``statements`` in order; the rows of each. After one that fails none is run."""
    with connection.cursor() as cursor:
        return list(_answers(cursor, statements))


def _answers(cursor: CursorWrapper, statements: Sequence[Statement]) -> Iterator[Rows]:
    if connection.vendor != "mysql":
        for sql, values in statements:
            cursor.execute(sql, values)
            yield cursor.fetchall() if cursor.description else ()
        return
    cursor.execute(
        "; ".join(sql for sql, _ in statements), [value for _, values in statements for value in values]
    )
    yield cursor.fetchall() if cursor.description else ()
    # The others from the driver itself: its cursor, and Django's around that, take longer than the database.
    driver, django_errors = connection.connection, connection.wrap_database_errors
    for _ in statements[1:]:
        with django_errors:
            driver.next_result()
            result = driver.store_result()
            rows: Rows = result.fetch_row(0) if result is not None else ()
        yield rows


class Trips:
    """A transaction that first reads and then writes, each once."""

    def __init__(self, *, own: bool) -> None:
        """``own``: it begins with what is read, and commits with what is written."""
        self._begin: tuple[Statement, ...] = (("START TRANSACTION", ()),) if own else ()
        self._commit: tuple[Statement, ...] = (("COMMIT", ()),) if own else ()
        #: When all was written and the commit began, by ``time.time_ns()``.
        self.written_at = 0

    def read(self, *statements: Statement) -> list[Rows]:
        """The rows of each."""
        return execute_together(*self._begin, *statements)[len(self._begin) :]

    def write(self, *statements: Statement) -> None:
        """Run them."""
        everything = [*statements, *self._commit]
        if not everything:
            return
        with connection.cursor() as cursor:
            for done, _rows in enumerate(_answers(cursor, everything), 1):
                if done == len(statements):
                    self.written_at = time.time_ns()


@contextmanager
def two_trips(*, asking: bool = False) -> Iterator[Trips]:
    """A ``write_transaction`` whose work is one ``read``, what is looked up in between, and one ``write``.

    Django knows nothing of it, so what is to happen after the commit happens after the block, and rows are
    locked by ``read``; ``asking``: also in between. Within another transaction it is a part of that one.
    """
    if asking or connection.vendor != "mysql" or connection.in_atomic_block:
        with write_transaction():
            trips = Trips(own=False)
            yield trips
            trips.written_at = time.time_ns()
        return
    try:
        yield Trips(own=True)
    except BaseException:
        _undo()
        raise


def _undo() -> None:
    try:
        connection.rollback()
    except DatabaseError:  # the line is gone, and the transaction with it
        with suppress(DatabaseError):
            connection.close()
