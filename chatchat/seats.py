"""Where requests run: a few threads that stay, each with a database connection that it keeps.

Django gives every request a thread of its own, and with it a connection of its own: as many as there are
requests at once, until the database has no more of them for anybody.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import ThreadSensitiveContext

P = ParamSpec("P")
R = TypeVar("R")


class Seats:
    """ASGI middleware: what requests do that is not asynchronous runs in one of ``most`` threads.

    A request takes its thread when it first needs one, so that nobody sits there whose body is still on its
    way, and keeps it to its end. While all are taken it shares the one that the fewest have. ``apart``
    {beginning of a path: how many} has threads of its own for what requests of ours ask us ourselves: they
    would wait for what can't begin before they have ended.
    """

    def __init__(self, app: Any, most: int, *, apart: Mapping[str, int] | None = None) -> None:
        self.app = app
        self._rows = {prefix: _Row(count) for prefix, count in (apart or {}).items()}
        self._rest = _Row(most)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seat = _Seat(self._row(scope["path"]))
        try:
            async with ThreadSensitiveContext(executor=seat):
                await self.app(scope, receive, send)
        finally:
            seat.leave()

    def _row(self, path: str) -> "_Row":
        return next((row for prefix, row in self._rows.items() if path.startswith(prefix)), self._rest)


class _Thread:
    __slots__ = ("executor", "taken")

    def __init__(self) -> None:
        self.executor = ThreadPoolExecutor(1, thread_name_prefix="request")
        self.taken = 0


class _Row:
    """Threads side by side; begun when they are needed. The event loop's thread alone touches it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: list[_Thread] = []

    def take(self) -> _Thread:
        """The first that nobody has, so that a quiet site needs few; else the one that fewest have."""
        thread = min(self._threads, key=lambda each: each.taken, default=None)
        if thread is None or (thread.taken and len(self._threads) < self._most):
            thread = _Thread()
            self._threads.append(thread)
        thread.taken += 1
        return thread


class _Seat(Executor):
    """One request's place: the thread that it takes with the first call."""

    def __init__(self, row: _Row) -> None:
        self._row = row
        self._thread: _Thread | None = None

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        if self._thread is None:
            self._thread = self._row.take()
        return self._thread.executor.submit(fn, *args, **kwargs)

    def leave(self) -> None:
        """It is somebody else's."""
        if self._thread is not None:
            self._thread.taken -= 1
