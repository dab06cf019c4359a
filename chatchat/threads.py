"""Database work beside the event loop: a few threads, each with a connection that it keeps."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 8
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="database")


def _with_fresh_connection(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    # A connection that failed is replaced before the next piece of work, not during it.
    if connection.connection is not None and connection.errors_occurred:
        close_old_connections()
    return function(*args, **kwargs)


async def run(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that uses the database in one of the threads; its exceptions come through."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_pool, lambda: _with_fresh_connection(function, *args, **kwargs))
