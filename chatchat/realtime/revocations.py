"""Each numbered revocation once, from whichever comes first: the channel layer or the database."""

import asyncio
import logging
import time
from collections.abc import Callable

from chatchat.realtime.events import Revoked
from chatchat.realtime.ports import Source

log = logging.getLogger("chatchat.realtime")

EVERY = 0.5  # seconds between two readings
GAP_SECONDS = 60.0  # for which a missing number is looked for: longer than any transaction of ours
GAP_LIMIT = 1000
SEEN_LIMIT = 20_000


class RevocationReader:
    """Reads the rows past the last one seen, and the gaps: numbers may be committed out of order."""

    def __init__(self, source: Source, act: Callable[[Revoked], None]) -> None:
        self._source = source
        self._act = act
        self._last = -1  # not read yet
        self._seen: set[int] = set()
        self._missing: dict[int, float] = {}

    def take(self, event: Revoked) -> None:
        """Act on ``event`` unless that was done."""
        if event.id in self._seen:
            return
        if event.id > self._last >= 0:
            self._advance(event.id)
        elif self._missing.pop(event.id, None) is not None:
            self._seen.add(event.id)
        self._act(event)

    def _advance(self, number: int) -> None:
        moment = time.monotonic()
        for missing in range(max(self._last + 1, number - GAP_LIMIT), number):
            self._missing[missing] = moment
        self._last = number
        self._seen.add(number)

    async def read_forever(self) -> None:
        """Read twice a second; while the database is away, go on trying."""
        away = False
        while True:
            try:
                await self._read()
                away = False
            except Exception as error:
                if not away:  # said once, not twice a second until it is back
                    log.warning("revocations cannot be read: %s", error)
                away = True
            await asyncio.sleep(EVERY)

    async def _read(self) -> None:
        rows = await self._source.revocations(self._last, sorted(self._missing))
        if self._last < 0:
            self._last = max((row.id for row in rows), default=0)
            return
        for row in rows:
            self.take(row)
        oldest = time.monotonic() - GAP_SECONDS
        self._missing = {number: since for number, since in self._missing.items() if since > oldest}
        if len(self._seen) > SEEN_LIMIT:
            self._seen = {number for number in self._seen if number > self._last - SEEN_LIMIT // 2}
