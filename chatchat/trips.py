"""Statements that travel together: one round trip, where the database takes several at once.

MySQL and MariaDB do. A transaction of theirs then needs two round trips, one for what it reads and one for
what it writes, instead of one for each statement and three more for its own beginning and end. SQLite is no
trip away, and takes them one after the other.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections

from chatchat.db import on_mysql, write_transaction
from chatchat.telemetry import traces

Statement = tuple[str, Sequence[Any]]
"""SQL, and the values of its ``%s``."""

Rows = Sequence[tuple[Any, ...]]


def execute_together(*statements: Statement) -> list[Rows]:
    """Run ``statements`` in order; the rows of each. After one that fails none is run."""
    return list(_answers(statements))


def _answers(statements: Sequence[Statement]) -> Iterator[Rows]:
    """The rows of each, as they come; all of them have to be taken."""
    db: Any = connections[DEFAULT_DB_ALIAS]  # ``connection`` looks it up anew for each attribute
    if not on_mysql():
        with db.cursor() as cursor:
            for one in statements:
                cursor.execute(*one)
                yield cursor.fetchall() if cursor.description else ()
        return
    sql = "; ".join([sql for sql, _ in statements])
    values = [value for _, given in statements for value in given]
    if traces.on or db.queries_logged or db.execute_wrappers:
        with db.cursor() as cursor:  # those who want to know of it listen here
            cursor.execute(sql, values)
            for number in range(len(statements)):
                if number:
                    cursor.nextset()
                yield cursor.fetchall() if cursor.description else ()
        return
    yield from _answers_of_driver(db, sql, values, len(statements))


def _answers_of_driver(db: Any, sql: str, values: Sequence[Any], count: int) -> Iterator[Rows]:
    """The same without Django's cursor and the driver's, which take longer for a row than the database."""
    db.close_if_health_check_failed()  # as Django's cursors do
    db.ensure_connection()
    db.validate_no_broken_transaction()
    driver, query = db.connection, sql.encode()
    for number in range(count):
        with db.wrap_database_errors:
            if number:
                driver.next_result()
            else:
                driver.query(query % tuple(map(driver.literal, values)) if values else query)
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
        for done, _rows in enumerate(_answers(everything), 1):
            if done == len(statements):
                self.written_at = time.time_ns()


@contextmanager
def two_trips(*, asking: bool = False) -> Iterator[Trips]:
    """A ``write_transaction`` whose work is one ``read``, what is looked up in between, and one ``write``.

    Django knows nothing of it, so what is to happen after the commit happens after the block, and rows are
    locked by ``read``; ``asking``: also in between. Within another transaction it is a part of that one.
    """
    if asking or not on_mysql() or connection.in_atomic_block:
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
