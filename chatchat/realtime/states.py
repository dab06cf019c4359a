"""What conversations look like to their people: read here, after the hint, and never carried.

Whoever changes something publishes only that it changed. A process then reads the present states of
everything that was hinted at since its last reading, one reading at a time: so no state comes after a
newer one, and a state costs one reading however often it changed meanwhile and however many sockets
show it.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import InterfaceError, OperationalError

from chatchat.realtime.ports import Client, Source
from chatchat.realtime.watch import Watch
from chatchat.realtime.wsframe import text_frame

log = logging.getLogger("chatchat.realtime")

AT_ONCE = 400  # states a reading: SQLite allows expressions of depth 1,000
AGAIN = 0.5  # seconds before a database that is away is asked again

Due = tuple[int, Client]  # a conversation, and a socket that is to be told its state


class States:
    """A process's states that are to be told."""

    def __init__(
        self,
        source: Source,
        watches: Mapping[int, Watch],
        put: Callable[[Client, Sequence[bytes], bytes], None],
        spawn: Callable[..., None],
    ) -> None:
        self._source = source
        self._watches = watches
        self._put = put
        self._spawn: Callable[[Coroutine[Any, Any, None]], None] = spawn
        self._due: dict[Due, None] = {}  # in the order of the hints
        self._reading: set[Due] = set()
        self._busy = False

    def tell(self, client: Client, conversation: int) -> None:
        """Read the conversation's state for the client's person, from now on, and write it there."""
        self._due[conversation, client] = None
        if not self._busy:
            self._busy = True
            self._spawn(self._tell_all())

    def forget(self, client: Client, conversation: int) -> None:
        """The client does not get the conversation any more, nor a state that is being read."""
        self._due.pop((conversation, client), None)
        self._reading.discard((conversation, client))

    async def _tell_all(self) -> None:
        try:
            while self._due:
                self._reading = set(islice(self._due, AT_ONCE))
                for due in self._reading:
                    del self._due[due]
                try:
                    await self._read_and_tell()
                except (OperationalError, InterfaceError, ConnectionError) as error:
                    log.warning("states cannot be read: %s", error)
                    self._due = {**dict.fromkeys(self._reading), **self._due}
                    await asyncio.sleep(AGAIN)
        finally:
            self._busy = False
            self._reading = set()

    async def _read_and_tell(self) -> None:
        wanted = sorted({(conversation, client.user_id) for conversation, client in self._reading})
        states = await self._source.states(wanted)
        blobs = {key: text_frame(state.frame) for key, state in states.items()}
        for due in list(self._reading):
            conversation, client = due
            key = (conversation, client.user_id)
            if due not in self._reading or key not in states:  # writing to one may end others
                continue
            if self._watches[conversation].show(states[key].receipts):
                self._put(client, (states[key].frame,), blobs[key])
            else:  # markers went on while it was read, and that was told: so it is read again
                self._due[due] = None
