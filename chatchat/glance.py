"""What an operator sees at a glance: gathered from the apps, and kept for some seconds.

Whatever an app puts in comes from counters or from a bounded stretch of an index, so it costs the same
however much there is.
"""

import platform
import shutil
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from chatchat import __version__, policies

KEPT: Final = 10  # seconds
KEY: Final = "glance"


def glance() -> dict[str, Any]:
    """{name: number or list}; of what cannot be known now there is None, or nothing."""
    try:
        found = cache.get(KEY)
    except (RedisError, OSError):
        found = None
    if not isinstance(found, dict):
        found = {name: value for part in policies.glance() for name, value in part.items()}
        found |= {"database_bytes": database_bytes(), **disk()}
        try:
            cache.set(KEY, found, KEPT)
        except (RedisError, OSError):
            return found
    return found


def versions() -> dict[str, str]:
    """Of the product and of what it stands on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()" if connection.vendor == "mysql" else "SELECT sqlite_version()")
        database = str(cursor.fetchone()[0])
    return {
        "chatchat": __version__,
        "database": f"{connection.display_name} {database}",
        "python": platform.python_version(),
    }


def database_bytes() -> int | None:
    """What the database takes, as it says itself."""
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            cursor.execute(
                "SELECT SUM(data_length + index_length) FROM information_schema.tables "
                "WHERE table_schema = DATABASE()"
            )
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        row = cursor.fetchone()
    return int(row[0]) if row and row[0] is not None else None


def disk() -> dict[str, int | None]:
    """Of the disk that files are kept on: what is used, and what is free."""
    try:
        usage = shutil.disk_usage(settings.VAR_DIR)
    except OSError:
        return {"disk_used": None, "disk_free": None}
    return {"disk_used": usage.used, "disk_free": usage.free}
