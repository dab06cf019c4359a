"""What waits for a later batch of the writer's, by whose it is: who sends much waits, the others do not."""

import asyncio
from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Everybody's items in their own order; of all who wait each has one turn after the other."""

    def __init__(self, each: int) -> None:
        """``each``: items that one person may have waiting."""
        self._each = each
        self._waiting: OrderedDict[int, deque[T]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, user: int, item: T) -> bool:
        """Let it wait; False if too many of ``user``'s wait already."""
        waiting = self._waiting.setdefault(user, deque())
        if len(waiting) >= self._each:
            return False
        waiting.append(item)
        self._size += 1
        return True

    def take(self, most: int) -> list[T]:
        """The next ``most`` in turn. Who has had none of them is the first to be asked next time."""
        taken: list[T] = []
        while self._waiting and len(taken) < most:
            user, waiting = self._waiting.popitem(last=False)
            taken.append(waiting.popleft())
            if waiting:
                self._waiting[user] = waiting
        self._size -= len(taken)
        return taken


class Room:
    """How much more may be under way at once."""

    __slots__ = ("_free", "_freed")

    def __init__(self, most: int) -> None:
        self._free = most
        self._freed: asyncio.Event | None = None

    def full(self) -> bool:
        """Nothing more."""
        return self._free <= 0

    def enter(self) -> None:
        """One more is under way."""
        self._free -= 1

    def leave(self) -> None:
        """One less is."""
        self._free += 1
        if self._freed is not None:
            self._freed.set()

    async def wait(self) -> None:
        """Until it is not full; for one who waits."""
        while self.full():
            self._freed = asyncio.Event()
            await self._freed.wait()
        self._freed = None
