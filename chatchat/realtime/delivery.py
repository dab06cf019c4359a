"""Finished frames to this process's sockets: gathered, and without waiting for any of them."""

import asyncio
from collections.abc import Sequence

from chatchat.realtime.ports import Client
from chatchat.realtime.watch import Watch
from chatchat.realtime.wsframe import text_frame

GATHER = 0.001  # seconds: at once if the last write was longer ago, else joined with what follows


class Delivery:
    """A process's writes. Who has more than ``max_unsent`` bytes unsent is told that it is behind."""

    def __init__(self, *, max_unsent: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._max_unsent = max_unsent
        self._dirty: list[Watch] = []
        self._timer: asyncio.TimerHandle | None = None

    def gather(self, watch: Watch, text: bytes) -> None:
        """Write to all who watch: at once if the last write was a while ago, else with what follows."""
        if not watch.pending:
            if self._loop.time() - watch.last_write > GATHER:
                watch.pending.append(text)
                self.flush_watch(watch)
                return
            self._dirty.append(watch)
            if self._timer is None:
                self._timer = self._loop.call_later(GATHER, self.flush)
        watch.pending.append(text)

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
        texts, watch.pending = watch.pending, []
        blob = b"".join(map(text_frame, texts)) if len(texts) > 1 else text_frame(texts[0])
        max_unsent = self._max_unsent
        slow: list[Client] = []
        for client in watch.live:
            sink = client.sink
            sink.put(texts, blob)
            if sink.unsent() > max_unsent:
                slow.append(client)
        watch.last_write = self._loop.time()
        for client in slow:
            client.behind()

    def put(self, client: Client, texts: Sequence[bytes], blob: bytes) -> None:
        """Write ``texts``, which ``blob`` holds as WebSocket frames, to one socket."""
        client.sink.put(texts, blob)
        if client.sink.unsent() > self._max_unsent:
            client.behind()
