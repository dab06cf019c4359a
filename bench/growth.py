#!/usr/bin/env python3
"""Does it stay fast as it grows? The same reads with few messages in the tables and with many.

    bench/growth.py

fills two databases of a throw-away MariaDB server (or of the server that DATABASE_URL names, whose
databases `growth_small` and `growth_large` are made anew), and measures in turns, in this process,
through the REST door: a history page at the end and anywhere, a page of sync, and the list of 200
conversations with unread counts and last messages. Exit code 1: something took more than 1.5 times as
long with many, or took more queries.
"""

import argparse
import contextlib
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.filling import LARGE_GROUP, MINE, READER, Filling
from bench.progress import Progress
from bench.servers import BenchDatabase, database

SMALL, LARGE = "growth_small", "growth_large"
BOUND = 1.5
API = "/api/v1"


@dataclass
class Read:
    """One kind of request, and how long each took, by database."""

    name: str
    run: Callable[[Any, int], None]
    seconds: dict[str, list[float]] = field(default_factory=lambda: {SMALL: [], LARGE: []})
    queries: dict[str, int] = field(default_factory=dict)

    def median_ms(self, name: str) -> float:
        return statistics.median(self.seconds[name]) * 1000

    @property
    def ratio(self) -> float:
        return self.median_ms(LARGE) / self.median_ms(SMALL)

    @property
    def good(self) -> bool:
        return self.ratio <= BOUND and self.queries[LARGE] <= self.queries[SMALL]


# ------------------------------------------------------------------ what is read


def _get(client: Any, path: str, **parameters: Any) -> Any:
    answer = client.get(API + path, parameters)
    assert answer.status_code == 200, answer.content[:500]
    return answer.json()


def newest(client: Any, last: int) -> None:
    page = _get(client, f"/conversations/{LARGE_GROUP}/messages")
    assert len(page["results"]) == 50
    assert page["results"][-1]["seq"] == last


def anywhere(client: Any, last: int) -> None:
    page = _get(client, f"/conversations/{LARGE_GROUP}/messages", before=random.randint(52, last))
    assert len(page["results"]) == 50


def onwards(client: Any, last: int) -> None:
    page = _get(client, f"/conversations/{LARGE_GROUP}/messages", after=random.randint(0, last - 51))
    assert len(page["results"]) == 50


def sync(client: Any, last: int) -> None:
    after = random.randint(0, last - 201)
    page = _get(client, f"/conversations/{LARGE_GROUP}/sync", after=after, limit=200)
    assert len(page["messages"]) == 200


def conversation_list(client: Any, last: int) -> None:
    found = 0
    cursor: dict[str, str] = {}
    while found < MINE:
        page = _get(client, "/conversations", limit=100, **cursor)
        found += len(page["results"])
        assert all(one["last_message"] and one["unread"] is not None for one in page["results"])
        cursor = {"cursor": page["next"]}
    assert found == MINE


def reads() -> list[Read]:
    return [
        Read("history: newest page", newest),
        Read("history: back from anywhere", anywhere),
        Read("history: on from anywhere", onwards),
        Read("sync: page of 200", sync),
        Read(f"list of {MINE} conversations", conversation_list),
    ]


# ------------------------------------------------------------------ one process, two databases


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


def run(options: argparse.Namespace) -> list[Read]:
    import django

    django.setup()
    lasts = {}
    for name, messages in ((SMALL, options.small), (LARGE, options.large)):
        create(name)
        lasts[name] = Filling(messages).fill()
        analyse()
    kinds = reads()
    progress = Progress("rounds", options.rounds)
    for _ in range(options.rounds):
        for read in kinds:
            for name in (SMALL, LARGE):
                use(name)
                measure(read, name, lasts[name], options.times)
        progress.step()
    progress.done()
    return kinds


@contextlib.contextmanager
def database_url(buffer_pool: str) -> Iterator[str]:
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("mysql", "mariadb")):
        yield given
        return
    BenchDatabase.buffer_pool = buffer_pool
    with database() as server:
        yield server.url


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", type=int, default=20_000, metavar="MESSAGES")
    parser.add_argument("--large", type=int, default=2_000_000, metavar="MESSAGES")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--times", type=int, default=20, help="requests of each kind a round and database")
    parser.add_argument("--buffer-pool", default="1G", help="of the throw-away server")
    options = parser.parse_args()
    with database_url(options.buffer_pool) as url:
        os.environ |= {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "chatchat.settings",
            "SECRET_KEY": os.environ.get("SECRET_KEY") or "only-for-benches-" + "0123456789" * 4,
            "ALLOWED_HOSTS": "testserver",
            "SECURE": "0",
            "DEV_MAIL": "1",
        }
        kinds = run(options)
    print(f"{'':<30}{options.small:>12,} {options.large:>12,}   medians of {options.rounds * options.times}")
    for read in kinds:
        print(
            f"{read.name:<30}{read.median_ms(SMALL):>9.2f} ms {read.median_ms(LARGE):>9.2f} ms"
            f"   × {read.ratio:.2f}   queries: {read.queries[SMALL]}, {read.queries[LARGE]}"
        )
    return 0 if all(read.good for read in kinds) else 1


if __name__ == "__main__":
    sys.exit(main())
