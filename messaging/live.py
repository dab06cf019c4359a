"""What a server process holds for messaging: its writer, its news of markers, its open sockets."""

import asyncio
import logging
import random
import time
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection as database

from chatchat import policies
from chatchat.realtime import Signal, frame
from chatchat.realtime.hub import Hub
from chatchat.telemetry import health, metrics
from messaging.attachments import sweep
from messaging.connection import CUT_AFTER, RESTARTING, Connection
from messaging.markers import News
from messaging.scribe import Writer
from messaging.services import messages

log = logging.getLogger("chatchat.messaging")

TIDY_EVERY = 10.0
LOOK_AT_ONCE = 100  # sockets
TYPING_EVERY = 3.0  # seconds between two tellings that somebody is typing
LEAVE_EVERY = 0.002  # seconds between two sockets that are sent away: those that come back come one by one

#: Every open socket of this process.
connections: set[Connection] = set()
_writer: Writer | None = None
_news: News | None = None
_hub: Hub | None = None
#: {(conversation, person): since when the others know that they are typing, and whether they still are}
_typing: dict[tuple[int, int], tuple[float, bool]] = {}


async def begin(hub: Hub) -> None:
    """Start with the process's hub."""
    global _writer, _news, _hub
    _hub = hub
    _writer = Writer(hub.loop.call_soon_threadsafe, hub.publish)
    _news = News(hub)
    messages.use_writer(_writer, _news.add)
    hub.spawn(_look_after_sockets())
    hub.spawn(_sweep())
    hub.spawn(_tidy())


async def leave(seconds: float) -> None:
    """Tell every socket to come back, which is to another process: one by one, within ``seconds``."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    every = min(LEAVE_EVERY, seconds / max(len(connections), 1))
    sent = 0
    while staying := [connection for connection in connections if not connection.closing]:
        due = min(int((loop.time() - began) / every) + 1 - sent, len(staying))
        for connection in staying[:due]:
            connection.close(RESTARTING)
        sent += due
        await asyncio.sleep(max(every, 0.01))
    gone = loop.time() + CUT_AFTER
    while connections and loop.time() < gone:  # noqa: ASYNC110 - at most a second, once
        await asyncio.sleep(0.01)


def _writer_writes() -> None:
    if _writer is not None and (reason := _writer.trouble()):
        raise health.NotReady(reason)


health.needs("writer", _writer_writes)
metrics.gauge("chatchat_connections", "Sockets that are open.", lambda: len(connections))
metrics.gauge(
    "chatchat_writer_waiting",
    "Messages that wait for the writer.",
    lambda: writer().waiting() if _writer else 0,
)
metrics.gauge(
    "chatchat_hub_conversations", "Conversations watched here.", lambda: len(_hub.watches) if _hub else 0
)
metrics.gauge(
    "chatchat_tasks", "Tasks of the event loop.", lambda: len(asyncio.all_tasks(_hub.loop)) if _hub else 0
)
metrics.gauge("chatchat_hub_people", "People with a socket here.", lambda: len(_hub.people) if _hub else 0)


async def end() -> None:
    """Write what was accepted, then stop."""
    messages.use_writer(None)
    if _writer is not None:
        await asyncio.get_running_loop().run_in_executor(None, _writer.stop)
        await asyncio.sleep(0)


def writer() -> Writer:
    """This process's writer."""
    if _writer is None:
        raise RuntimeError("the server has not started its writer")
    return _writer


def news() -> News:
    """This process's news of markers."""
    if _news is None:
        raise RuntimeError("the server has not started")
    return _news


def typing(connection: Connection, conversation: int, *, active: bool) -> None:
    """Tell the others, at most every three seconds; the end of it at once."""
    key = (conversation, connection.user_id)
    moment = time.monotonic()
    told_at, told = _typing.get(key, (-TYPING_EVERY, False))
    if (moment - told_at < TYPING_EVERY) if active else not told:
        return
    _typing[key] = (moment if active else told_at, active)
    if len(_typing) > 10_000:
        for old in [key for key, (at, _) in _typing.items() if moment - at > TYPING_EVERY]:
            del _typing[old]
    text = frame("typing", conversation=conversation, user=connection.user_id, active=active)
    connection.hub.publish([Signal(conversation, text, connection.user_id)])


def json(value: Any) -> bytes:
    """``value`` as UTF-8 JSON; what is lazily translated is worded."""
    return msgspec.json.encode(value, enc_hook=str)


async def _look_after_sockets() -> None:
    while True:
        await asyncio.sleep(1)
        looked_at = list(connections)
        for first in range(0, len(looked_at), LOOK_AT_ONCE):
            moment = time.monotonic()
            for connection in looked_at[first : first + LOOK_AT_ONCE]:
                if connection in connections:
                    connection.look(moment, settings.READER_MAX_STALL)
            await asyncio.sleep(0)  # messages do not wait for ten thousand sockets to be looked at


async def _sweep() -> None:
    """Remove uploads that nobody sent. Every process does; what one has done, another does not find."""
    while True:
        await asyncio.sleep(settings.ATTACHMENT_SWEEP_EVERY * random.uniform(0.5, 1.5))  # noqa: S311 - apart
        try:
            await asyncio.to_thread(_swept)
        except Exception as error:
            log.warning("attachments cannot be swept: %s", error)


async def _tidy() -> None:
    """End what is over: bans with a term, what was kept to be restored, the oldest of the record."""
    while True:
        await asyncio.sleep(TIDY_EVERY * random.uniform(0.5, 1.5))  # noqa: S311 - apart
        try:
            await asyncio.to_thread(_tidied)
        except Exception as error:
            log.warning("what is over cannot be ended: %s", error)


def _tidied() -> None:
    try:
        policies.tidy()
    finally:
        database.close()


def _swept() -> None:
    try:
        sweep.sweep()
    finally:
        database.close()
