"""Where committed events go: to this process's hub, or, in a process without one, to the layer."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from asgiref.sync import async_to_sync
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers

from chatchat.realtime.events import Event, group_of, pack

log = logging.getLogger("chatchat.realtime")

Outlet = Callable[[Sequence[Event]], None]
_hub: Outlet | None = None
_observers: list[Outlet] = []


def connect(outlet: Outlet | None) -> None:
    """Let this process's hub take what is published here; ``outlet`` is safe to call from any thread."""
    global _hub
    _hub = outlet


@contextmanager
def observe() -> Iterator[list[Event]]:
    """Collect what is published within this process meanwhile, for tests and tools."""
    seen: list[Event] = []
    observer = seen.extend
    _observers.append(observer)
    try:
        yield seen
    finally:
        _observers.remove(observer)


def deliver(events: Sequence[Event]) -> None:
    """Hand committed ``events`` on. Never fails: the database has them, and processes compare heads."""
    for observer in _observers:
        observer(events)
    if _hub is not None:
        _hub(events)
        return
    try:
        async_to_sync(_send)(events)
    except Exception:
        log.warning("the channel layer is away; processes will find %d events in the database", len(events))


async def _send(events: Sequence[Event]) -> None:
    # This call has an event loop of its own, so a layer with connections needs to be its own, too.
    layer: Any = channel_layers.make_backend(DEFAULT_CHANNEL_LAYER)
    try:
        for event in events:
            await layer.group_send(
                group_of(event), {"type": "chat.event", "event": pack(event), "origin": ""}
            )
    finally:
        if hasattr(layer, "close"):
            await layer.close()
