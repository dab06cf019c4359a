"""The database after a test that has committed: empty, quickly.

Django's way also asks every app to fill in its permissions and content types again, which takes longer
than many tests. Those tables, and the roles that migrations made, are left as they are.
"""

import functools

from django.db import connection, transaction
from django.test import TransactionTestCase

KEPT = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}


@functools.cache
def _statements() -> list[str]:
    """A DELETE a table: of small ones it is much quicker than TRUNCATE, and ids never repeat."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    found = [f"DELETE FROM {connection.ops.quote_name(name)}" for name in names if name not in KEPT]  # noqa: S608
    if connection.vendor == "mysql":
        return ["SET FOREIGN_KEY_CHECKS = 0", *found, "SET FOREIGN_KEY_CHECKS = 1"]
    return found  # SQLite looks whether references hold at the end of the transaction


def empty_database(*_: object) -> None:
    """Delete every row."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _statements():
            cursor.execute(statement)


def install() -> None:
    """Let every test that commits end with it."""
    TransactionTestCase._fixture_teardown = empty_database  # type: ignore[attr-defined]
