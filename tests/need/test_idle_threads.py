"""A connection that breaks while nobody uses it fails nothing."""

import asyncio
import threading

import pytest
from django.db import connection

from chatchat.threads import IDLE, THREADS, run


@pytest.mark.production
@pytest.mark.asyncio
@pytest.mark.usefixtures("transactional_db")
async def test_what_comes_after_it_is_done() -> None:
    together = threading.Barrier(THREADS)

    def ask() -> int:
        together.wait(10)  # all threads at once
        with connection.cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID()")
            (id_,) = cursor.fetchone()
        return int(id_)

    def end(ids: list[int]) -> None:
        with connection.cursor() as cursor:
            for id_ in ids:
                cursor.execute(f"KILL {id_:d}")
        connection.close()

    before = await asyncio.gather(*(run(ask) for _ in range(THREADS)))
    await asyncio.to_thread(end, before)
    await asyncio.sleep(IDLE + 0.1)
    after = await asyncio.gather(*(run(ask) for _ in range(THREADS)))
    assert not {*before} & {*after}
