"""Database work beside the event loop: a few threads, each with a connection that it keeps."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

from chatchat.telemetry import metrics

P = ParamSpec("P")
R = TypeVar("R")

#: Few: they share one interpreter, and with eight of them half of the CPU went into taking turns.
THREADS = 3
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
metrics.gauge(
    "chatchat_database_work_waiting",
    "Pieces of the sockets' database work that wait for a thread.",
    _pool._work_queue.qsize,
)


def _with_fresh_connection(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    # A connection that failed is replaced before the next piece of work, not during it.
    if connection.connection is not None and connection.errors_occurred:
        close_old_connections()
    return function(*args, **kwargs)


async def run(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that uses the database in one of the threads; its exceptions come through."""
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()  # whose work it is, for its logs and traces

    def work() -> R:
        return _with_fresh_connection(function, *args, **kwargs)

    return await loop.run_in_executor(_pool, context.run, work)
