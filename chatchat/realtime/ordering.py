"""A conversation's changes in the order of their versions, with none left out.

They are numbered, so what is missing shows: what came too early is held, and what does not come is
read from the database. Every ``HEADS_EVERY`` seconds the heads of what is watched are compared too,
whether or not the channel layer is there.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from chatchat.realtime.events import Change
from chatchat.realtime.ports import Source
from chatchat.realtime.watch import Watch
from chatchat.telemetry import metrics

log = logging.getLogger("chatchat.realtime")

HOLD = 0.1  # seconds that a change waits for the ones before it, before the database is asked
HEADS_EVERY = 2.0


class Ordering:
    """Hands each change of ``watches`` to ``hand_on`` once and in order, ``watch.version`` being the last."""

    def __init__(
        self,
        source: Source,
        watches: Mapping[int, Watch],
        hand_on: Callable[[Watch, Change], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._watches = watches
        self._hand_on = hand_on
        self._spawn = spawn

    def take(self, event: Change) -> None:
        """Hand ``event`` on if it is the next, hold it if it came too early, else drop it."""
        watch = self._watches.get(event.conversation)
        if watch is None or (event.version <= watch.version):
            return
        if event.version == watch.version + 1 and not watch.filling:
            self._next(watch, event)
            if watch.held:
                self._hand_on_held(watch)
            return
        watch.held[event.version] = event
        if watch.version >= 0 and watch.timer is None and not watch.filling:
            watch.timer = self._loop.call_later(HOLD, self._fill, watch)

    def _next(self, watch: Watch, event: Change) -> None:
        watch.version = event.version
        self._hand_on(watch, event)

    def _hand_on_held(self, watch: Watch) -> None:
        while (event := watch.held.pop(watch.version + 1, None)) is not None:
            self._next(watch, event)
        if not watch.held:
            watch.stop_timer()

    def _fill(self, watch: Watch) -> None:
        watch.stop_timer()
        if not watch.filling and self._watches.get(watch.conversation) is watch:
            watch.filling = True
            self._spawn(self._fill_from_database(watch))

    async def _fill_from_database(self, watch: Watch) -> None:
        """Read what did not come. A version may be held by no row, so the fill ends at the head."""
        try:
            head = await self._read_changes(watch)
        except Exception as error:
            # The next comparison of heads tries again.
            log.warning("conversation %d is behind, and the database is away: %s", watch.conversation, error)
            metrics.fills["failed"] += 1
            watch.filling = False
            return
        metrics.fills["done"] += 1
        self.settle(watch, head)

    async def _read_changes(self, watch: Watch) -> int:
        """Hand on what the database has; the head up to which that is everything."""
        while True:
            head, changes = await self._source.changes(watch.conversation, watch.version)
            for event in changes:
                if event.version > watch.version:
                    self._next(watch, event)
            if not changes or changes[-1].version >= head or watch.empty():
                return head

    def settle(self, watch: Watch, head: int) -> None:
        """Everything up to ``head`` was handed on, or is known to be held by no row."""
        watch.filling = False
        watch.version = max(watch.version, head)
        watch.held = {version: event for version, event in watch.held.items() if version > watch.version}
        self._hand_on_held(watch)
        if watch.held and watch.timer is None:
            watch.timer = self._loop.call_later(HOLD, self._fill, watch)

    # --- what the database knows, whatever the layer lost ---

    async def heads(self, conversations: Sequence[int]) -> dict[int, int]:
        """{conversation: its newest version}, as the database has it."""
        heads: dict[int, int] = {}
        for ids in _chunks(conversations, 500):
            heads.update(await self._source.heads(ids))
        return heads

    async def compare_heads(self) -> None:
        """Read the watched conversations' heads; what is behind gets ``HOLD`` to come by itself."""
        for conversation, head in (await self.heads(list(self._watches))).items():
            watch = self._watches.get(conversation)
            if watch is not None and 0 <= watch.version < head:
                self._loop.call_later(HOLD, self._fill_if_behind, watch, head)

    async def compare_heads_forever(self) -> None:
        """Compare them every ``HEADS_EVERY`` seconds."""
        while True:
            await asyncio.sleep(HEADS_EVERY)
            try:
                await self.compare_heads()
            except Exception as error:
                log.warning("heads cannot be compared: %s", error)

    def _fill_if_behind(self, watch: Watch, head: int) -> None:
        if watch.version < head:
            self._fill(watch)


def _chunks(items: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return itertools.takewhile(bool, (items[i : i + size] for i in itertools.count(0, size)))
