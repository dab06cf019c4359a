"""A connection that breaks while nobody uses it fails nothing."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from django.db import connection

from chatchat.threads import IDLE, THREADS, run
from chatchat.trips import execute_together

WHO = "SELECT CONNECTION_ID()"


def by_django() -> int:
    with connection.cursor() as cursor:
        cursor.execute(WHO)
        return int(cursor.fetchone()[0])


def by_the_driver() -> int:
    ((row,),) = execute_together((WHO, ()))
    return int(row[0])


@pytest.mark.production
@pytest.mark.asyncio
@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("idle", [0.1, IDLE + 0.1])
@pytest.mark.parametrize("query", [by_django, by_the_driver])
async def test_what_comes_after_it_is_done(query: Callable[[], int], idle: float) -> None:
    together = threading.Barrier(THREADS)

    def ask() -> int:
        together.wait(10)  # all threads at once
        return query()

    def end(ids: list[int]) -> None:
        with connection.cursor() as cursor:
            for id_ in ids:
                cursor.execute(f"KILL {id_:d}")
        connection.close()

    before = await asyncio.gather(*(run(ask) for _ in range(THREADS)))
    await asyncio.to_thread(end, before)
    await asyncio.sleep(idle)
    after = await asyncio.gather(*(run(ask) for _ in range(THREADS)))
    assert not {*before} & {*after}
