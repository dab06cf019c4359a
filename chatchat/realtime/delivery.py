"""Finished frames to this process's sockets: gathered, and without waiting for any of them."""

import asyncio
import time
from collections.abc import Sequence

from chatchat.realtime.events import Change
from chatchat.realtime.ports import Client
from chatchat.realtime.watch import Watch
from chatchat.realtime.wsframe import text_frame
from chatchat.telemetry import metrics, traces

#: Seconds after a write to all who watch for which what follows is gathered; or a part of the time that it
#: took, if that is longer: else a large group's messages would be written one by one, on each other's heels.
GATHER = 0.001


def part_of_write(messages: int) -> float:
    """What part of the time that a write of so many took: the more there was to gather, the more will be."""
    return messages / (messages + 2)


class Delivery:
    """A process's writes. Who has more than ``max_unsent`` bytes unsent is told that it is behind."""

    def __init__(self, *, max_unsent: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._max_unsent = max_unsent
        #: What is written in the loop's next turn, unless ``flush`` comes first.
        self._due: list[Watch] = []

    def gather(self, watch: Watch, change: Change) -> None:
        """Write to all who watch: with what else this turn of the loop brings, or a little later with what
        follows, if they were written to just now."""
        watch.pending.append(change)
        if len(watch.pending) > 1:
            return
        if time.monotonic() - watch.last_write > watch.pause:
            if not self._due:
                self._loop.call_soon(self.flush)
            self._due.append(watch)
        else:
            self._loop.call_later(watch.pause, self.flush_watch, watch)

    def flush(self) -> None:
        """Write what is due."""
        while self._due:
            self.flush_watch(self._due.pop())

    def flush_watch(self, watch: Watch) -> None:
        """Write what was gathered of one conversation."""
        if not watch.pending:
            return
        began, started = time.time_ns(), time.monotonic()
        changes, watch.pending = watch.pending, []
        texts = [change.frame for change in changes]
        blob = b"".join(map(text_frame, texts)) if len(texts) > 1 else text_frame(texts[0])
        max_unsent = self._max_unsent
        slow: list[Client] = []
        for client in watch.live:
            if client.sink.put(texts, blob) > max_unsent:
                slow.append(client)
        watch.last_write = time.monotonic()
        watch.pause = max(GATHER, (watch.last_write - started) * part_of_write(len(texts)))
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
        if client.sink.put(texts, blob) > self._max_unsent:
            client.behind()
