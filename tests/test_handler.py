"""A request goes to a thread once, not for each middleware."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import pytest
from asgiref.sync import ThreadSensitiveContext
from asgiref.testing import ApplicationCommunicator

from chatchat.handler import Handler

P = ParamSpec("P")
R = TypeVar("R")


class Counting(Executor):
    """One thread, and how often something was handed to it."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1)
        self.handed = 0

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        self.handed += 1
        return self.thread.submit(fn, *args, **kwargs)


async def answer(application: Any, path: str) -> int:
    """The status of a GET."""
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    communicator: Any = ApplicationCommunicator
    request = communicator(application, scope)
    await request.send_input({"type": "http.request", "body": b""})
    status: int = (await request.receive_output(10))["status"]
    await request.receive_output(10)
    await request.wait(10)
    return status


@pytest.mark.asyncio
async def test_middleware_and_view_are_one_piece_of_work(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    seat, handler = Counting(), Handler()

    async def seated(*connection: Any) -> None:
        async with ThreadSensitiveContext(executor=seat):
            await handler(*connection)

    assert await answer(seated, "/api/v1/nowhere") == 404
    # What Django does when a request begins, the request, and closing its answer.
    assert seat.handed <= 5
    seat.thread.shutdown()
