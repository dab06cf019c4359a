"""Transactions and columns that mean the same on SQLite, MariaDB and MySQL."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_sqlite_turn = threading.RLock()


@contextmanager
def write_transaction() -> Iterator[None]:
    """One transaction that writes.

    SQLite has one writer at a time: this process's writers take turns here, in order, instead of
    polling the file's lock (which is unfair, and gives up). Elsewhere row locks do that work.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _sqlite_turn, transaction.atomic():
        yield


class ExactCharField(models.CharField):
    """A string that is compared byte for byte: e-mail addresses, client ids, subjects, emoji.

    The default collations of MySQL and MariaDB hold two different emoji, or ``e`` and ``é``, equal.
    ``utf8mb4_bin`` ignores trailing spaces on MariaDB, so inputs refuse those. SQLite compares
    exactly by default and does not know the name.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        parameters["collation"] = "utf8mb4_bin" if connection.vendor == "mysql" else None
        return parameters
