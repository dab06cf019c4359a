"""More is asked at once than a database has connections."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from django.db import connection

from chatchat.db import on_mysql
from tests.client import ApiClient
from tests.stack.server import Server

AT_ONCE = 200
BESIDE = 20  # threads that are no request's: the loop's, the writer's, the sockets' database work, …


def connections() -> int:
    """How many the database of this test has open; of SQLite nobody can tell."""
    if not on_mysql():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE db = %s",
            [connection.settings_dict["NAME"]],
        )
        (count,) = cursor.fetchone()
    return int(count)


def threads_of(server: Server) -> int:
    return len([*Path(f"/proc/{server.pid}/task").iterdir()])


@pytest.mark.asyncio
async def test_all_are_answered_and_few_threads_and_connections_do_it(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    before = await asyncio.to_thread(connections)  # those that the worker's common servers keep
    server = start_server(REQUEST_THREADS="6")
    amy = person("Amy", server=server)
    told: Counter[int] = Counter()
    threads, open_ = 0, 0
    headers = {"Authorization": f"Bearer {amy.token}"}
    # No connection is used twice: one on which nobody asks for five seconds is ended, maybe while it is used.
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=server.url, headers=headers, limits=limits, timeout=60) as client:

        async def ask() -> None:
            for _ in range(3):
                told[(await client.get("/api/v1/conversations")).status_code] += 1

        asking = asyncio.gather(*(ask() for _ in range(AT_ONCE)))
        while not asking.done():
            threads = max(threads, threads_of(server))
            open_ = max(open_, await asyncio.to_thread(connections))
            await asyncio.sleep(0.05)
        await asking
    assert told == {200: AT_ONCE * 3}
    assert threads <= 6 + BESIDE
    assert open_ - before <= 6 + BESIDE
