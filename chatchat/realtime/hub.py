"""One hub a process: what happens in a conversation goes to each local socket that watches it.

The channel layer is only a wake-up: a conversation's changes are numbered, and what it does not carry
is read from the database (``ordering``). What goes out is gathered a little (``delivery``).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from chatchat.realtime.bus import Bus
from chatchat.realtime.delivery import Delivery
from chatchat.realtime.events import (
    Change,
    Event,
    Personal,
    Presence,
    Receipt,
    Restate,
    Review,
    Revoked,
    Signal,
    conversation_group,
    person_group,
    receipts_frame,
)
from chatchat.realtime.ordering import Ordering
from chatchat.realtime.ports import Client, Source
from chatchat.realtime.presence import People
from chatchat.realtime.receipts import Receipts
from chatchat.realtime.revocations import RevocationReader
from chatchat.realtime.states import States
from chatchat.realtime.watch import Gate, Watch
from chatchat.realtime.whereabouts import OneProcess, Whereabouts
from chatchat.realtime.wsframe import text_frame
from chatchat.telemetry import metrics, traces

log = logging.getLogger("chatchat.realtime")


class Hub:
    """See the module. All methods belong to the loop's thread, but ``post``."""

    def __init__(
        self, layer: Any, source: Source, *, max_unsent: int, whereabouts: Whereabouts | None = None
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.source = source
        self.max_unsent = max_unsent
        self.watches: dict[int, Watch] = {}
        self.people: dict[int, set[Client]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._delivery = Delivery(max_unsent=max_unsent)
        self._ordering = Ordering(source, self.watches, self._hand_on, self.spawn)
        self._bus = Bus(layer, self._receive)
        self._revocations = RevocationReader(source, self._revoked)
        self._states = States(source, self.watches, self._delivery.put, self.spawn)
        self._receipts = Receipts(source, self._tell_receipts, self.spawn)
        self.presence = People(self, whereabouts or OneProcess())
        #: What the groups of the layer are joined for, by the first part of their names.
        self._wanted: dict[str, Mapping[int, Any]] = {
            "conversation": self.watches,
            "person": self.people,
            "presence": self.presence.watchers,
        }
        self._handlers: dict[type, Callable[[Any], None]] = {
            Change: self._ordering.take,
            Signal: self._signal,
            Personal: self._personal,
            Restate: self._restate,
            Presence: self.presence.hint,
            Review: self._review,
            Revoked: self._revocations.take,
        }

    # --- life ---

    async def start(self) -> None:
        """Begin to listen, to compare heads and to read revocations."""
        if not self._bus.alone:
            await self._bus.open(lost=self.catch_up_soon)
            self.spawn(self._bus.listen_forever())
            self.spawn(self._bus.send_forever())
            self.spawn(self._bus.say_forever())
        self.spawn(self._ordering.compare_heads_forever())
        self.spawn(self._revocations.read_forever())
        self.spawn(self.presence.tick_forever())

    async def stop(self) -> None:
        """Hand on what is waiting, then end."""
        for watch in list(self.watches.values()):
            self._delivery.flush_watch(watch)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.presence.stop()
        if not self._bus.alone:
            await self._bus.close()

    def layer_trouble(self) -> str:
        """Why other processes do not hear from this one, or it from them; "" while all is well."""
        return self._bus.trouble()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run ``work`` beside; what it raises is logged."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task of the hub failed", exc_info=task.exception())

    # --- in: from this process, and from others ---

    def post(self, events: Sequence[Event]) -> None:
        """Take committed events of this process; safe from any thread."""
        self.loop.call_soon_threadsafe(self.publish, events)

    def publish(self, events: Sequence[Event]) -> None:
        """Hand events of this process to its own sockets at once, and to the other processes."""
        if traces.on:
            events = traces.publishing(events)
        for event in events:
            self._receive(event)
        self._delivery.flush()
        if not self._bus.alone:
            self._bus.send(events)
        elif traces.on:
            traces.published(events)

    def _receive(self, event: Event) -> None:
        self._handlers[type(event)](event)

    def _hand_on(self, watch: Watch, event: Change) -> None:
        if watch.gated:
            self._hold_at_gates(watch, event)
        if not watch.live:
            return
        if watch.floors or event.seq < watch.highest_floor:
            self._hand_on_apart(watch, event)
        else:
            self._delivery.gather(watch, event)

    def _hold_at_gates(self, watch: Watch, event: Change) -> None:
        for client, gate in list(watch.gated.items()):
            gate.waiting.append(event)
            gate.size += len(event.frame)
            if gate.size > self.max_unsent:
                client.behind()

    def _hand_on_apart(self, watch: Watch, event: Change) -> None:
        """Some sockets have this change already, or may not see that far back."""
        self._delivery.flush_watch(watch)
        blob = text_frame(event.frame)
        began, sockets = time.time_ns(), 0
        for client, first_seq in list(watch.live.items()):
            floor = watch.floors.get(client)
            if floor is not None:
                if event.version >= floor:
                    del watch.floors[client]
                if event.version <= floor:
                    continue
            if event.seq >= first_seq:
                self._delivery.put(client, (event.frame,), blob)
                sockets += 1
        metrics.frames_out["message"] += sockets
        if traces.on:
            traces.delivered((event,), since=began, sockets=sockets)

    def write(self, client: Client, text: bytes) -> None:
        """Write a frame to one socket."""
        metrics.sent(text)
        self._delivery.put(client, (text,), text_frame(text))

    # --- the other events ---

    def _signal(self, event: Signal) -> None:
        watch = self.watches.get(event.conversation)
        if watch is None:
            return
        if event.receipts:
            self._receipts.take(watch, event)
        else:
            self._tell(watch, event.frame, event.but)

    def _tell_receipts(self, watch: Watch, event: Signal, news: Sequence[Receipt]) -> None:
        same = tuple(news) == event.receipts
        self._tell(watch, event.frame if same else receipts_frame(event.conversation, news), event.but)

    def _tell(self, watch: Watch, text: bytes, but: int | None) -> None:
        """Write a passing frame to all who watch, but to nobody's own sockets."""
        self._delivery.flush_watch(watch)
        blob = text_frame(text)
        clients = [client for client in watch.live if client.user_id != but]
        metrics.sent(text, len(clients))
        for client in clients:
            self._delivery.put(client, (text,), blob)

    def _personal(self, event: Personal) -> None:
        clients = self.people.get(event.user)
        if clients:
            blob = text_frame(event.frame)
            for client in list(clients):
                client.personal(event.frame, blob)

    def _restate(self, event: Restate) -> None:
        watch = self.watches.get(event.conversation)
        if watch is None:
            return
        clients = [*watch.live, *watch.gated] if event.user is None else self.people.get(event.user, ())
        for client in clients:
            self.restate(client, event.conversation)

    def restate(self, client: Client, conversation: int) -> bool:
        """Tell ``client`` the conversation's present state, behind its backlog if that is still to come;
        False if it does not get the conversation's frames."""
        watch = self.watches.get(conversation)
        if watch is None:
            return False
        gate = watch.gated.get(client)
        if gate is not None:
            gate.restate = True
        elif client in watch.live:
            self._states.tell(client, conversation)
        else:
            return False
        return True

    def _review(self, event: Review) -> None:
        for client in self.people.get(event.user, ()):
            self.presence.review(client)

    def _revoked(self, event: Revoked) -> None:
        for client in list(self.people.get(event.user, ())):
            client.revoked(event)

    # --- what the database knows, whatever the layer lost ---

    def catch_up_soon(self) -> None:
        """The layer's connection was lost: see at once what it did not carry."""
        self.spawn(self.compare_heads())
        self.presence.renew_soon()

    async def compare_heads(self) -> None:
        """See what is missing in the conversations that are watched."""
        await self._ordering.compare_heads()

    # --- sockets come and go ---

    async def enter(self, client: Client) -> None:
        """Deliver to ``client`` what is for its person."""
        clients = self.people.setdefault(client.user_id, set())
        first = not clients
        clients.add(client)
        if first:
            self.presence.came(client.user_id)
            await self.subscribe([person_group(client.user_id)])

    def exit(self, client: Client, conversations: Iterable[int]) -> None:
        """Forget ``client`` and its ``conversations``."""
        for conversation in conversations:
            self.detach(client, conversation)
        self.presence.forget(client)
        clients = self.people.get(client.user_id)
        if clients is not None:
            clients.discard(client)
            if not clients:
                del self.people[client.user_id]
                self.presence.went(client.user_id)
                self.unsubscribe(person_group(client.user_id))

    async def watch(self, client: Client, conversations: Sequence[int]) -> None:
        """Subscribe (confirmed), then hold the conversations' live frames for ``client`` at a gate."""
        new: list[Watch] = []
        waiting: list[asyncio.Future[None]] = []
        for conversation in conversations:
            watch = self.watches.setdefault(conversation, Watch(conversation))
            if watch.subscribed is not None:
                waiting.append(watch.subscribed)
            elif watch.version < 0:  # new, or the database was away when it was
                watch.subscribed = self.loop.create_future()
                new.append(watch)
            if client not in watch.live and client not in watch.gated:
                watch.gated[client] = Gate()
        if new:
            await self._begin_all(new)
        for future in waiting:
            await asyncio.shield(future)
        if any(self.watches[c].version < 0 for c in conversations if c in self.watches):
            raise ConnectionError("the database is away")

    async def _begin_all(self, watches: list[Watch]) -> None:
        try:
            await self._begin(watches)
        finally:
            for watch in watches:
                if watch.subscribed is not None:
                    watch.subscribed.set_result(None)
                    watch.subscribed = None
                self._forget_if_empty(watch)

    async def _begin(self, watches: list[Watch]) -> None:
        await self.subscribe([conversation_group(watch.conversation) for watch in watches])
        heads = await self._ordering.heads([watch.conversation for watch in watches])
        for watch in watches:
            if watch.version < 0:
                self._ordering.settle(watch, heads.get(watch.conversation, 0))

    def open(self, client: Client, conversation: int, *, first_seq: int, version: int) -> None:
        """Let ``client``, who has everything up to ``version``, get the live frames from now on."""
        watch = self.watches.get(conversation)
        gate = watch.gated.pop(client, None) if watch is not None else None
        if watch is None or gate is None:
            if watch is not None and client in watch.live:
                watch.let_in(client, first_seq)
            return
        self._delivery.flush_watch(watch)
        texts = [e.frame for e in gate.waiting if e.version > version and e.seq >= first_seq]
        if texts:
            metrics.frames_out["message"] += len(texts)
            self._delivery.put(client, texts, b"".join(map(text_frame, texts)))
        watch.let_in(client, first_seq)
        if version > watch.version:
            watch.floors[client] = version
        if gate.restate:
            self._states.tell(client, conversation)

    def detach(self, client: Client, conversation: int) -> bool:
        """Stop ``conversation``'s frames to ``client`` at once; whether they went there."""
        watch = self.watches.get(conversation)
        if watch is None:
            return False
        if client in watch.live:
            self._delivery.flush_watch(watch)  # what was gathered was said before
        self._states.forget(client, conversation)
        watch.floors.pop(client, None)
        gone = watch.gated.pop(client, None) is not None
        gone = watch.let_out(client) or gone
        self._forget_if_empty(watch)
        return gone

    def _forget_if_empty(self, watch: Watch) -> None:
        if watch.empty() and watch.subscribed is None and self.watches.get(watch.conversation) is watch:
            watch.stop_timer()
            del self.watches[watch.conversation]
            self.unsubscribe(conversation_group(watch.conversation))

    def live(self, client: Client, conversation: int) -> bool:
        """Whether ``client`` gets the conversation's frames as they come."""
        watch = self.watches.get(conversation)
        return watch is not None and client in watch.live

    def version_of(self, client: Client, conversation: int) -> int:
        """The version up to which ``client``, if it is live, has everything; 0 otherwise."""
        watch = self.watches.get(conversation)
        if watch is None or client not in watch.live:
            return 0
        return max(watch.version, watch.floors.get(client, 0))

    def attached(self, client: Client, conversation: int) -> bool:
        """Whether ``client`` gets, or waits for, the conversation's frames."""
        watch = self.watches.get(conversation)
        return watch is not None and (client in watch.live or client in watch.gated)

    async def subscribe(self, groups: list[str]) -> None:
        """Take what other processes send to ``groups``; returns when that is confirmed."""
        if not self._bus.alone:
            await self._bus.join(groups)

    def unsubscribe(self, group: str) -> None:
        """The reverse, unless somebody wants it again by then."""
        if not self._bus.alone:
            self.spawn(self._part(group))

    async def _part(self, group: str) -> None:
        kind, _, number = group.partition(".")
        if int(number) not in self._wanted[kind]:  # nobody has come back meanwhile
            await self._bus.part(group)
