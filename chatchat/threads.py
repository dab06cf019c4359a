"""Database work beside the event loop: a few threads, each with a connection that it keeps."""

import asyncio
import contextvars
import select
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from chatchat.telemetry import metrics

P = ParamSpec("P")
R = TypeVar("R")
Q = TypeVar("Q")

#: Few: they share one interpreter, and with eight of them half of the CPU went into taking turns.
THREADS = 3
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
metrics.gauge(
    "chatchat_database_work_waiting",
    "Pieces of the sockets' database work that wait for a thread.",
    _pool._work_queue.qsize,
)


#: Seconds without work after which a thread asks whether its connection is still there.
IDLE = 1.0
_last = threading.local()


def _with_fresh_connection(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    # A connection that failed, or broke while it was idle, is replaced before the next work, not during it.
    idle = time.monotonic() - getattr(_last, "work", 0.0)
    made = connection.connection
    if made is not None and (connection.errors_occurred or idle > IDLE or _has_ended(made)):
        close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        _last.work = time.monotonic()


def _has_ended(made: Any) -> bool:
    """Whether the database has something to say that nobody asked for: a server that goes ends its lines.

    It may be a moment since it was last used, and the server have been started anew since.
    """
    if not hasattr(made, "fileno"):  # SQLite has no line
        return False
    line = select.poll()
    line.register(made.fileno(), select.POLLIN)
    return bool(line.poll(0))


async def run(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that uses the database in one of the threads; its exceptions come through."""
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()  # whose work it is, for its logs and traces

    def work() -> R:
        return _with_fresh_connection(function, *args, **kwargs)

    return await loop.run_in_executor(_pool, context.run, work)


class Together(Generic[Q, R]):
    """One kind of question: those that come while one is being answered wait, and are then asked together.

    ``ask`` answers them in their order; an answer that is an exception is raised to who asked. At once it
    is asked ``most``, or so many whose ``weight`` makes that. A question is never part of work that had
    begun before it came, so its answer is as new as one alone.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Q]], Sequence[R | Exception]],
        *,
        most: int = 50,
        weight: Callable[[Q], int] = lambda _: 1,
    ) -> None:
        self._ask, self._most, self._weight = ask, most, weight
        self._waiting: list[tuple[Q, asyncio.Future[R]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self, question: Q) -> R:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        self._waiting.append((question, answer))
        if self._asking is None or self._asking.done():
            # Of nobody's context: it goes on for others.
            self._asking = loop.create_task(self._ask_all(), context=contextvars.Context())
        return await answer

    async def _ask_all(self) -> None:
        while self._waiting:
            asked = self._next()
            answers = await self._answers([question for question, _ in asked])
            for (_, future), answer in zip(asked, answers, strict=True):
                if future.done():  # nobody waits any more
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _next(self) -> list[tuple[Q, asyncio.Future[R]]]:
        weights = accumulate(self._weight(question) for question, _ in self._waiting)
        count = max(1, sum(weight <= self._most for weight in weights))
        asked, self._waiting = self._waiting[:count], self._waiting[count:]
        return asked

    async def _answers(self, questions: Sequence[Q]) -> Sequence[R | Exception]:
        try:
            return await run(self._ask, questions)
        except (OperationalError, InterfaceError) as error:
            return [error] * len(questions)
        except Exception as error:
            if len(questions) == 1:
                return [error]
        # One question that cannot be asked fails alone.
        return [answer for question in questions for answer in await self._answers([question])]
