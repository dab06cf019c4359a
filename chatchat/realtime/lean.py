"""What asyncio has, for one task at a time and next to no memory.

A process holds sockets by the thousand, nearly all of them idle. asyncio's ``Queue`` keeps four deques of
760 bytes each and its ``Event`` one, full or empty.
"""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """As much of ``asyncio.Queue`` as one reader of a queue without bound needs."""

    __slots__ = ("_arrived", "_messages")

    def __init__(self) -> None:
        self._messages: list[T] = []
        self._arrived: asyncio.Future[None] | None = None  # what the reader waits for

    def put_nowait(self, message: T) -> None:
        self._messages.append(message)
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    def empty(self) -> bool:
        return not self._messages

    async def get(self) -> T:
        while not self._messages:
            self._arrived = asyncio.get_running_loop().create_future()
            try:
                await self._arrived
            finally:
                self._arrived = None
        return self._messages.pop(0)


class Passage:
    """As much of ``asyncio.Event`` as is needed of one that is nearly always set."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened: asyncio.Future[None] | None = None  # None: it is open

    def set(self) -> None:
        if self._opened is not None:
            self._opened.set_result(None)
            self._opened = None

    def clear(self) -> None:
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()

    async def wait(self) -> None:
        if self._opened is not None:
            await asyncio.shield(self._opened)  # others may wait for the same
