"""A process's end of the channel layer: one channel, joined to the groups of what is watched here.

The layer is only a wake-up, so nothing here fails: what it cannot carry is logged, and read from the
database by whoever missed it.

Each process says every few seconds that it is there. While nobody else does, nothing is published: who comes
in such a moment finds what it misses by comparing heads, as after every loss.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from chatchat.realtime.events import Event, group_of, pack, unpack
from chatchat.telemetry import metrics, traces

log = logging.getLogger("chatchat.realtime")

PROCESSES = "processes"  # the group in which each says that it is there
HERE = "chat.here"  # the type of what it says
SAY_EVERY = 3.0  # seconds
SILENT = 4  # times in a row that nobody else has said so: nobody else is there
GOODBYE = 2.0  # seconds that leaving may take
OUTBOX_LIMIT = 50_000  # events waiting for the layer; beyond, the oldest go: the database has them


class Bus:
    """Publishes this process's events, and hands on those of others."""

    def __init__(self, layer: Any, receive: Callable[[Event], None]) -> None:
        self._layer = layer
        self._receive = receive
        #: Tells this process's events from others': a layer carries them to everybody.
        self._origin = secrets.token_hex(8)
        # The in-memory layer joins nobody but this very process.
        self.alone = layer is None or type(layer).__name__ == "InMemoryChannelLayer"
        self._channel = ""
        self._outbox: list[Event] = []
        self._wake = asyncio.Event()
        self._away = False  # the last publication failed
        #: Whether it says that it is there. Stock layers do not promise that who joined a group stays in it.
        self._says = hasattr(layer, "group_send_many")
        self._silence = 0  # times that it has said so since it heard of another one

    async def open(self, *, lost: Callable[[], None]) -> None:
        """Join the layer, and say so; ``lost`` is called when its connection was lost and is back."""
        self._channel = await self._layer.new_channel()
        # Of the stock layers one has something else by this name, which may be None.
        if callable(on_reconnect := getattr(self._layer, "on_reconnect", None)):
            on_reconnect(self._not_know)
            on_reconnect(lost)
        if self._says:
            await self.join([PROCESSES])
            await self._say()

    def trouble(self) -> str:
        """What keeps events from coming or going; "" while all is well."""
        if self._away:
            return "the last publication failed"
        # Asked of the class, for a stock layer answers for what it has not only in its loop's thread.
        if hasattr(type(self._layer), "connected") and not self._layer.connected:
            return "not connected"
        return ""

    # --- who else is there ---

    async def say_forever(self) -> None:
        """Say that this process is there, and count how often it did so without an echo."""
        while self._says:
            await asyncio.sleep(SAY_EVERY)
            self._silence += 1
            await self._say()

    async def _say(self) -> None:
        await self._carry([(PROCESSES, {"type": HERE, "origin": self._origin})])

    def _not_know(self) -> None:
        """Somebody may have come unheard."""
        self._silence = 0

    def _by_itself(self) -> bool:
        return self._silence >= SILENT and self._layer.connected

    async def close(self) -> None:
        """Publish what is waiting, then leave: soon, whether or not the layer answers."""
        try:
            async with asyncio.timeout(GOODBYE):
                if self._outbox:
                    await self._publish_outbox()
                if hasattr(self._layer, "close"):
                    await self._layer.close()
        except TimeoutError:
            log.warning("the channel layer does not answer; others read the database")

    # --- in ---

    async def listen_forever(self) -> None:
        """Hand on what other processes publish."""
        while True:
            try:
                message = await self._layer.receive(self._channel)
            except Exception:
                log.exception("the channel layer failed; going on from the database")
                await asyncio.sleep(0.5)
                continue
            if message.get("origin") != self._origin:
                self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("type") == HERE:
            self._silence = 0
            return
        try:
            event = unpack(message["event"])
        except (KeyError, msgspec.DecodeError):
            log.warning("the channel layer carried something that is not ours")
            return
        if at := message.get("at"):  # clocks of two machines may differ: it is only counted
            metrics.layer.add(max(0.0, time.time() - at))
        try:
            self._receive(event)
        except Exception:
            log.exception("an event of another process could not be handed on")

    # --- out ---

    def send(self, events: Sequence[Event]) -> None:
        """Queue ``events`` for the other processes, if there are any."""
        if self._by_itself():
            if traces.on:
                traces.published(events)
            return
        self._outbox.extend(events)
        if len(self._outbox) > OUTBOX_LIMIT:
            lost = self._outbox[:-OUTBOX_LIMIT]
            self._outbox = self._outbox[-OUTBOX_LIMIT:]
            if traces.on:
                traces.published(lost)
        self._wake.set()

    async def send_forever(self) -> None:
        """Publish everything that queued while the last publication was under way, together."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._publish_outbox()

    async def _publish_outbox(self) -> None:
        events, self._outbox = self._outbox, []
        if traces.on:
            with traces.carrying(events):
                await self._publish(events)
            traces.published(events)
        else:
            await self._publish(events)

    async def _publish(self, events: Sequence[Event]) -> None:
        base = {"type": "chat.event", "origin": self._origin, "at": time.time()}
        await self._carry([(group_of(event), {**base, "event": pack(event)}) for event in events])

    async def _carry(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        try:
            if self._says:
                with traces.span("PUBLISH", calling=True):
                    await self._layer.group_send_many(messages, elsewhere=True)
            else:
                for group, message in messages:
                    await self._layer.group_send(group, message)
            self._away = False
        except Exception as error:
            metrics.layer_failures["publish"] += 1
            if not self._away:  # said once, not for each message until it is back
                log.warning("the channel layer is away (%s); others read the database meanwhile", error)
            self._away = True

    # --- groups ---

    async def join(self, groups: list[str]) -> None:
        """Take what is sent to ``groups``; returns when that is confirmed, or the layer is away."""
        try:
            if hasattr(self._layer, "group_add_many"):
                await self._layer.group_add_many(groups, self._channel)
            else:
                for group in groups:
                    await self._layer.group_add(group, self._channel)
        except Exception as error:
            log.warning("the channel layer is away (%s); filling from the database", error)

    async def part(self, group: str) -> None:
        """The reverse of ``join``."""
        try:
            await self._layer.group_discard(group, self._channel)
        except Exception as error:  # what still comes for it concerns nobody here
            log.warning("the channel layer is away (%s); a group was not left", error)
