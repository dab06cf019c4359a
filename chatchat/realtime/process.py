"""What a server process holds for its life: one hub, and what the apps start beside it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from channels.layers import get_channel_layer
from django.conf import settings

from chatchat import lifeline
from chatchat.realtime import outlet
from chatchat.realtime.hub import Hub
from chatchat.realtime.ports import Source
from chatchat.realtime.whereabouts import ManyProcesses, OneProcess

log = logging.getLogger("chatchat.realtime")

#: Told to stop: this process takes nothing new, and ends what it has. /readyz says so.
draining = False

ANSWERED_WITHIN = 2.0  # seconds

_source: Source | None = None
_started: list[Callable[[Hub], Awaitable[None]]] = []
_leaving: list[Callable[[float], Awaitable[None]]] = []
_stopping: list[Callable[[], Awaitable[None]]] = []
_hub: Hub | None = None
_starting: asyncio.Lock | None = None
_beginning: asyncio.Task[None] | None = None


def register(
    source: Source,
    *,
    started: Callable[[Hub], Awaitable[None]],
    leaving: Callable[[float], Awaitable[None]],
    stopping: Callable[[], Awaitable[None]],
) -> None:
    """Name what the hub asks of the database, what begins and ends with the hub, and who sends the
    clients away, within so many seconds, before it does."""
    global _source
    _source = source
    _started[:] = [started]
    _leaving[:] = [leaving]
    _stopping[:] = [stopping]


async def get_hub() -> Hub:
    """This process's hub; started by the server, or on first use where the server has no lifespan."""
    global _hub, _starting
    if _hub is not None and _hub.loop is asyncio.get_running_loop():
        return _hub
    if _starting is None:
        _starting = asyncio.Lock()
    async with _starting:
        if _hub is None or _hub.loop is not asyncio.get_running_loop():
            if _source is None:
                raise RuntimeError("no app registered a source for the hub")
            hub = Hub(
                get_channel_layer(),
                _source,
                max_unsent=settings.READER_MAX_UNSENT_BYTES,
                whereabouts=ManyProcesses(settings.REDIS_URL) if settings.REDIS_URL else OneProcess(),
            )
            lifeline.watch()
            await hub.start()
            for started in _started:
                await started(hub)
            outlet.connect(hub.post)
            _hub = hub
    return _hub


def started() -> bool:
    """Whether there is a hub; an ASGI server with a lifespan has one before its first request."""
    return _hub is not None


def start() -> None:
    """Begin without a lifespan, beside the first request: what an app does by itself needs no socket."""
    global _beginning
    if _beginning is None or _beginning.done():
        _beginning = asyncio.get_running_loop().create_task(_begin())


async def _begin() -> None:
    try:
        await get_hub()
    except Exception as error:
        log.warning("the hub cannot be started, which the next request tries again: %s", error)


async def drain(seconds: float) -> None:
    """Ask the clients to go on with another process, in about ``seconds`` at most."""
    for leaving in _leaving:
        await leaving(seconds)


def people_online() -> int | None:
    """About how many people are there, at all processes; None where there is no hub to ask, or it is
    busy. From any thread but the hub's."""
    if _hub is None:
        return None
    asked = asyncio.run_coroutine_threadsafe(_hub.presence.count(), _hub.loop)
    try:
        return asked.result(timeout=ANSWERED_WITHIN)
    except TimeoutError:
        asked.cancel()
        return None


def layer_trouble() -> str:
    """Why nothing comes from other processes; "" while all is well, or there are none."""
    return _hub.layer_trouble() if _hub is not None else ""


async def shut_down() -> None:
    """Finish what was accepted, hand it on, and end."""
    global _hub
    if _hub is None:
        return
    for stopping in _stopping:
        await stopping()
    outlet.connect(None)
    hub, _hub = _hub, None
    await hub.stop()
