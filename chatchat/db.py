"""Transactions and columns that mean the same on SQLite, MariaDB and MySQL."""

import functools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from chatchat.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 8
#: MySQL and MariaDB: lock wait timeout, deadlock, "record has changed since last read".
_LOCK_ERRORS = frozenset({1205, 1213, 1020})

_sqlite_turn = threading.RLock()
TURN_SECONDS = 3.0  # that a writer waits for its turn: as long as SQLite waits for other processes


@functools.cache
def on_mysql() -> bool:
    """Whether this process's database is MySQL or MariaDB; else it is SQLite."""
    return connection.vendor == "mysql"


@functools.cache
def on_mariadb() -> bool:
    """Whether it is MariaDB."""
    server: Any = connection
    return on_mysql() and bool(server.mysql_is_mariadb)


def moment_sql(moment: datetime) -> str:
    """``moment`` (aware) as SQL, to be compared with a column of moments or kept in one."""
    return f"'{moment.astimezone(UTC).replace(tzinfo=None)}'"


@contextmanager
def write_transaction() -> Iterator[None]:
    """One transaction that writes.

    SQLite has one writer at a time: this process's writers take turns here, in order, instead of
    polling the file's lock (which is unfair, and gives up). Elsewhere row locks do that work.
    """
    if on_mysql() or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    if not _sqlite_turn.acquire(timeout=TURN_SECONDS):  # those before it wait for another process
        raise OperationalError("database is locked")
    try:
        with transaction.atomic():
            yield
    finally:
        _sqlite_turn.release()


class StartOver(Exception):
    """Raised in a ``retried`` service: what was read before the lock was taken has changed meanwhile."""


def is_deadlock(error: OperationalError) -> bool:
    """The database undid the transaction in favour of another one: the same again may well succeed."""
    return bool(error.args) and error.args[0] in _LOCK_ERRORS


def retried(service: Callable[P, R]) -> Callable[P, R]:
    """Let ``service``, which opens its own ``write_transaction``, run again after a deadlock.

    Within an outer transaction a deadlock has undone that one too, so only its owner may retry.
    """

    @functools.wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for tried in range(1, TRIES + 1):
            try:
                return service(*args, **kwargs)
            except StartOver:
                if tried == TRIES:
                    raise Unavailable from None
            except OperationalError as error:
                if tried == TRIES or connection.in_atomic_block or not is_deadlock(error):
                    raise
            time.sleep(random.uniform(0, 0.005 * 2**tried))  # noqa: S311 - spreads the retries
        raise AssertionError("unreachable")

    return run


def placeholders(count: int) -> str:
    """``%s, %s, …``"""
    return ", ".join(["%s"] * count)


def in_utc(value: Any) -> Any:
    """A value of a plain cursor's row, where moments do not say that they are in UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


class ExactCharField(models.CharField[Any, Any]):
    """A string that is compared byte for byte: e-mail addresses, client ids, subjects, emoji.

    The default collations of MySQL and MariaDB hold two different emoji, or ``e`` and ``é``, equal.
    ``utf8mb4_bin`` ignores trailing spaces on MariaDB, so inputs refuse those. SQLite compares
    exactly by default and does not know the name.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        parameters["collation"] = "utf8mb4_bin" if connection.vendor == "mysql" else None
        return parameters
