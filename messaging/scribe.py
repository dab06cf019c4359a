"""The one thread of a server process through which every person's message and marker goes."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import close_old_connections, connection

from chatchat import overload
from chatchat.errors import ChatError, TooMany, Unavailable
from chatchat.realtime import Change
from chatchat.telemetry import metrics, traces
from messaging import limits
from messaging.turns import Turns
from messaging.writer import BATCH, Accepted, Item, Mark, Outcome, Send, Tell, write

log = logging.getLogger("chatchat.messaging")

QUEUE_LIMIT = 10_000  # items waiting; beyond, new ones are refused before memory grows
PERSON_LIMIT = 1_000  # of them one person's
STUCK = 15.0  # seconds in one batch: longer than any lock is waited for
DELIVERED_EVERY = 1.0  # seconds for which delivered markers are gathered

Done = Callable[[Outcome], None]
Result = tuple[tuple[Item, Done], Outcome]


class Writer:
    """Gathers what arrives while one write is under way, and writes it together next."""

    def __init__(self, call_soon: Callable[[Callable[[], None]], Any], publish: Tell) -> None:
        """``call_soon`` runs a function in the event loop, from any thread; ``publish`` is called there."""
        self._call_soon = call_soon
        self._publish = publish
        self._queue: queue.SimpleQueue[tuple[Item, Done] | None] = queue.SimpleQueue()
        #: What has come and fits into no batch yet; the writer's thread alone touches it.
        self._turns: Turns[tuple[Item, Done]] = Turns(PERSON_LIMIT)
        #: Delivered markers, gathered: they ride with the next batch, or go after a second.
        self._delivered: list[tuple[Mark, Done]] = []
        self._lock = threading.Lock()
        self._writing_since = 0.0  # 0: waiting for something to write
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, item: Item, done: Done) -> None:
        """Queue ``item``; ``done`` gets its outcome in the event loop. Refused at once if too many wait."""
        if self.waiting() >= QUEUE_LIMIT:
            done(TooMany(code="busy"))
        else:
            self._queue.put((item, done))

    def waiting(self) -> int:
        """Items that no batch has taken yet."""
        return self._queue.qsize() + len(self._turns)

    def trouble(self) -> str:
        """Why nothing is written any more; "" while all is well."""
        if not self._thread.is_alive():
            return "the writer has ended"
        since = self._writing_since
        if since and time.monotonic() - since > STUCK:
            return "the writer is stuck in a batch"
        return ""

    def stop(self) -> None:
        """Write everything that was accepted, then end."""
        self._queue.put(None)
        self._thread.join(timeout=8)

    def gather(self, mark: Mark, done: Done) -> None:
        """Queue a marker that may wait a second."""
        with self._lock:
            self._delivered.append((mark, done))

    def _take_delivered(self) -> list[tuple[Item, Done]]:
        """The highest first: those below it move nothing, unless it is one that cannot be."""
        with self._lock:
            gathered, self._delivered = self._delivered, []
        return [*sorted(gathered, key=lambda each: -each[0].seq)]

    def _run(self) -> None:
        last = time.monotonic()
        running = True
        while running or self._turns:
            arrived = self._arrived()
            if None in arrived:
                running = False
            batch = self._next_batch([each for each in arrived if each is not None])
            if not running or time.monotonic() - last >= DELIVERED_EVERY:
                batch += self._take_delivered()
                last = time.monotonic()
            for start in range(0, len(batch), BATCH):
                self._write(batch[start : start + BATCH])
        connection.close()

    def _arrived(self) -> list[tuple[Item, Done] | None]:
        """All that has come since; where nothing waits, the first thing that comes within a second."""
        arrived: list[tuple[Item, Done] | None] = []
        try:
            if not self._turns:
                arrived.append(self._queue.get(timeout=DELIVERED_EVERY))
            while True:
                arrived.append(self._queue.get_nowait())
        except queue.Empty:
            return arrived

    def _next_batch(self, arrived: list[tuple[Item, Done]]) -> list[tuple[Item, Done]]:
        """All of it if it fits; else everybody has their turn, and who has too much waiting is refused."""
        if not self._turns and len(arrived) <= BATCH:
            return arrived
        refused = [each for each in arrived if not self._turns.add(each[0].user_id, each)]
        if refused:
            outcomes = [TooMany(code="busy")] * len(refused)
            self._call_soon(lambda: _finish(zip(refused, outcomes, strict=True)))
        return self._turns.take(BATCH)

    def _write(self, batch: list[tuple[Item, Done]]) -> None:
        self._writing_since = time.monotonic()
        items = [item for item, _done in batch]
        changes: list[Change] = []
        sends = [item for item in items if isinstance(item, Send)]
        overload.waiting(min((send.accepted_at for send in sends), default=None))
        try:
            limits.hold(sends)
            if connection.connection is not None and connection.errors_occurred:
                close_old_connections()
            outcomes = (_followed if traces.on else write)(items, changes.extend)
        except Exception:
            log.exception("a batch of %d failed", len(batch))
            outcomes = [Unavailable()] * len(batch)
        _count(items, outcomes, self._writing_since)
        self._writing_since = 0.0
        overload.waiting(None)
        self._call_soon(lambda: self._tell(changes, zip(batch, outcomes, strict=True)))

    def _tell(self, changes: Sequence[Change], results: Iterable[Result]) -> None:
        """All in one turn of the loop, which is woken up once a batch."""
        try:
            if changes:
                self._publish(changes)
        finally:
            _finish(results)


def _followed(items: Sequence[Item], tell: Tell) -> list[Outcome]:
    """``write``, with the spans of those that are followed."""
    passages = {
        number: item.trace for number, item in enumerate(items) if isinstance(item, Send) and item.trace
    }
    with traces.batch([*passages.values()], len(items)):
        outcomes = write(items, tell)
    for number, passage in passages.items():
        outcome = outcomes[number]
        if isinstance(outcome, Accepted):
            passage.written(seq=outcome.seq, version=outcome.version, duplicate=outcome.duplicate)
        elif isinstance(outcome, ChatError):
            passage.written(refused=outcome.code)
    return outcomes


def _count(items: Sequence[Item], outcomes: Sequence[Outcome], began: float) -> None:
    metrics.batch_size.add(len(items))
    metrics.batch_write.add(time.monotonic() - began)
    for item, outcome in zip(items, outcomes, strict=True):
        if isinstance(item, Send):
            metrics.batch_wait.add(began - item.accepted_at)
            if isinstance(outcome, Accepted):
                metrics.outcomes["duplicate" if outcome.duplicate else "accepted"] += 1
            else:
                metrics.outcomes["refused"] += 1


def _finish(results: Iterable[Result]) -> None:
    for (_item, done), outcome in results:
        try:
            done(outcome)
        except Exception:
            log.exception("an outcome could not be told")
