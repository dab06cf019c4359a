"""Others' markers, told so that none goes back, however late an event comes and wherever a socket was before.

While the same sockets watch, a process drops what is older than what it told, or than what a state said
that it told to some of them. To those who came since, more may have been told elsewhere, and by the states
that they began with; so what is told first after somebody came is read from the database, which knows of
every marker that was ever told.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError

from chatchat.realtime.events import Receipt, Signal
from chatchat.realtime.ports import Source
from chatchat.realtime.watch import Watch

AGAIN = 0.5  # seconds before a database that is away is asked again


class Receipts:
    """What a process tells of markers."""

    def __init__(
        self,
        source: Source,
        tell: Callable[[Watch, Signal, Sequence[Receipt]], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._source = source
        self._tell = tell
        self._spawn = spawn

    def take(self, watch: Watch, event: Signal) -> None:
        """Tell what is news of ``event``."""
        if watch.knows(event.receipts):
            self._forward(watch, event, event.receipts)
        else:
            self._spawn(self._look_up(watch, event))

    async def _look_up(self, watch: Watch, event: Signal) -> None:
        users = [receipt.user for receipt in event.receipts]
        while not watch.empty():
            arrivals = watch.arrivals
            try:
                found = await self._source.receipts(watch.conversation, users)
            except (OperationalError, InterfaceError, ConnectionError):
                await asyncio.sleep(AGAIN)
                continue
            if watch.arrivals == arrivals:
                self._forward(watch, event, found)
                return

    def _forward(self, watch: Watch, event: Signal, receipts: Sequence[Receipt]) -> None:
        news = watch.forward(receipts)
        if news:
            self._tell(watch, event, news)
