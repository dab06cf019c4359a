"""Finished frames to this process's sockets: gathered, and without waiting for any of them."""

import asyncio
import time
from collections.abc import Sequence

from chatchat.realtime.events import Change
from chatchat.realtime.ports import Client
from chatchat.realtime.watch import Watch
from chatchat.realtime.wsframe import text_frame
from chatchat.telemetry import metrics, traces

GATHER = 0.001  # seconds: at once if the last write was longer ago, else joined with what follows


class Delivery:
    """A process's writes. Who has more than ``max_unsent`` bytes unsent is told that it is behind."""

    def __init__(self, *, max_unsent: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._max_unsent = max_unsent
        self._dirty: list[Watch] = []
        self._timer: asyncio.TimerHandle | None = None

    def gather(self, watch: Watch, change: Change) -> None:
        """Write to all who watch: at once if the last write was a while ago, else with what follows."""
        if not watch.pending:
            if self._loop.time() - watch.last_write > GATHER:
                watch.pending.append(change)
                self.flush_watch(watch)
                return
            self._dirty.append(watch)
            if self._timer is None:
                self._timer = self._loop.call_later(GATHER, self.flush)
        watch.pending.append(change)

    def flush(self) -> None:
        """Write what was gathered."""
        self._timer = None
        dirty, self._dirty = self._dirty, []
        for watch in dirty:
            self.flush_watch(watch)

    def flush_watch(self, watch: Watch) -> None:
        """Write what was gathered of one conversation."""
        if not watch.pending:
            return
        began = time.time_ns()
        changes, watch.pending = watch.pending, []
        texts = [change.frame for change in changes]
        blob = b"".join(map(text_frame, texts)) if len(texts) > 1 else text_frame(texts[0])
        max_unsent = self._max_unsent
        slow: list[Client] = []
        for client in watch.live:
            sink = client.sink
            sink.put(texts, blob)
            if sink.unsent() > max_unsent:
                slow.append(client)
        watch.last_write = self._loop.time()
        self._told(watch, changes, began)
        for client in slow:
            client.behind()

    def _told(self, watch: Watch, changes: Sequence[Change], began: int) -> None:
        """``changes`` have been written to the last who watches."""
        watch.written += len(changes)
        metrics.frames_out["message"] += len(changes) * len(watch.live)
        moment = time.monotonic()
        for change in changes:
            if change.accepted:
                metrics.delivery.add(moment - change.accepted)
        if traces.on:
            traces.delivered(changes, since=began, sockets=len(watch.live))

    def put(self, client: Client, texts: Sequence[bytes], blob: bytes) -> None:
        """Write ``texts``, which ``blob`` holds as WebSocket frames, to one socket."""
        client.frames_out += len(texts)
        client.sink.put(texts, blob)
        if client.sink.unsent() > self._max_unsent:
            client.behind()
