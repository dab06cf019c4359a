"""Reads through the REST door, in this process, of databases of several sizes on one MariaDB server."""

import contextlib
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.filling import READER
from bench.servers import BenchDatabase, database

SMALL, LARGE = "growth_small", "growth_large"
BOUND = 1.5  #: times as long may something take with many as with few


@dataclass
class Read:
    """One kind of request, and how long each took, by database."""

    name: str
    run: Callable[[Any, int], None]
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    queries: dict[str, int] = field(default_factory=dict)

    def median_ms(self, name: str) -> float:
        return statistics.median(self.seconds[name]) * 1000

    @property
    def ratio(self) -> float:
        return self.median_ms(LARGE) / self.median_ms(SMALL)


def settings(url: str, **more: str) -> Mapping[str, str]:
    """The environment of a process that works on the databases of the server at ``url``."""
    return {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "chatchat.settings",
        "SECRET_KEY": os.environ.get("SECRET_KEY") or "only-for-benches-" + "0123456789" * 4,
        "ALLOWED_HOSTS": "testserver",
        "SECURE": "0",
        "DEV_MAIL": "1",
        "RATELIMIT_ENABLE": "0",
        **more,
    }


def use(name: str) -> None:
    """From here on Django works on the database ``name``."""
    from django.core.cache import cache
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name
    cache.clear()


def create(name: str) -> None:
    """An empty database with the product's tables."""
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    use(name)
    call_command("migrate", verbosity=0)


def analyse() -> None:
    """Fresh statistics, as a server that runs for a while has them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE TABLE messaging_message, messaging_participant, messaging_conversation, accounts_user"
        )
        cursor.fetchall()


def client() -> Any:
    from rest_framework.test import APIClient

    from accounts.models import User

    api = APIClient()
    api.force_authenticate(User.objects.get(pk=READER))
    return api


def measure(read: Read, name: str, last: int, times: int) -> None:
    """``times`` requests, after one to get warm, whose queries are counted."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    api = client()
    with CaptureQueriesContext(connection) as queries:
        read.run(api, last)
    read.queries[name] = max(read.queries.get(name, 0), len(queries))
    for _ in range(times):
        started = time.perf_counter()
        read.run(api, last)
        read.seconds[name].append(time.perf_counter() - started)


@contextlib.contextmanager
def database_url(buffer_pool: str) -> Iterator[str]:
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("mysql", "mariadb")):
        yield given
        return
    BenchDatabase.buffer_pool = buffer_pool
    with database() as server:
        yield server.url
