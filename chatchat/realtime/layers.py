"""A Channels layer over Redis's publish and subscribe, made for few channels and many groups.

One connection listens, with one subscription a group and process; another publishes, all that waited
together, as one command with one answer. Like any publish and subscribe it may lose what is sent while a
connection is down; it says when that was (``on_reconnect``), and a hub then reads the database.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger("chatchat.realtime")

CONFIRM = 2.0  # seconds that a subscription may take to be confirmed before we go on without
BACKLOG = 50_000  # messages waiting for ``receive``; beyond, the oldest go
ANSWER = 2.0  # seconds that Redis may take to publish
#: PUBLISH for every two arguments: many commands have as many answers, each of which has to be read.
PUBLISH = b'for i = 1, #ARGV, 2 do redis.call("PUBLISH", ARGV[i], ARGV[i + 1]) end'
RETRY = (0.05, 0.2, 0.5, 1.0)  # seconds between attempts to reach Redis again; the last one repeats


ANYBODY = bytes(8)


def _packed(arguments: list[bytes]) -> bytes:
    """A command as it goes to Redis (RESP, an array of bulk strings)."""
    parts = [b"*%d\r\n" % len(arguments)]
    parts += [b"$%d\r\n%s\r\n" % (len(argument), argument) for argument in arguments]
    return b"".join(parts)


class RedisLayer:
    """Channels' layer interface: ``send``, ``receive``, ``new_channel`` and groups; and the same in bulk."""

    extensions = ("groups",)
    MessageFull: type[Exception] = RuntimeError

    def __init__(self, url: str, prefix: str = "chatchat") -> None:
        # What cannot be published now is in the database: no retries, no waiting.
        patience: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "socket_connect_timeout": 1.0}
        self._pool: Any = ConnectionPool.from_url(url, socket_keepalive=True, **patience)
        # Redis's channels know nothing of its numbered databases.
        self.prefix = f"{prefix}:{self._pool.connection_kwargs.get('db') or 0}"
        self._members: dict[str, set[str]] = {}  # group's or channel's name → local channels
        self._inbox: dict[str, deque[Any]] = {}
        self._arrived: dict[str, asyncio.Event] = {}
        self._confirmations: dict[str, asyncio.Future[None]] = {}
        self._line: Any = None  # the connection that listens
        self._outward = self._make_line()  # the one that publishes
        self._publishing = asyncio.Lock()
        #: Before each message: whose it is, if it is for other processes alone.
        self._mine = secrets.token_bytes(8)
        self._reader: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        self._reconnect_callbacks: list[Callable[[], None]] = []

    # --- Channels' interface ------------------------------------------------------------------

    async def new_channel(self, prefix: str = "process") -> str:
        """A channel of this process; its name is unguessable."""
        channel = f"{prefix}.{secrets.token_hex(8)}"
        self._inbox[channel] = deque(maxlen=BACKLOG)
        self._arrived[channel] = asyncio.Event()
        await self._join({channel: channel})
        return channel

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Send to one channel, of any process."""
        await self.group_send_many([(channel, message)])

    async def receive(self, channel: str) -> dict[str, Any]:
        """The next message; waits for one."""
        inbox, arrived = self._inbox[channel], self._arrived[channel]
        while not inbox:
            arrived.clear()
            await arrived.wait()
        data: bytes = inbox.popleft()
        message: dict[str, Any] = msgspec.msgpack.decode(data)
        return message

    async def group_add(self, group: str, channel: str) -> None:
        """Let ``channel`` get what is sent to ``group``; returns when Redis has confirmed, or is away."""
        await self._join({group: channel})

    async def group_add_many(self, groups: Iterable[str], channel: str) -> None:
        """``group_add`` for several, in one round trip."""
        await self._join(dict.fromkeys(groups, channel))

    async def group_discard(self, group: str, channel: str) -> None:
        """The reverse of ``group_add``."""
        members = self._members.get(group)
        if members is None:
            return
        members.discard(channel)
        if not members:
            del self._members[group]
            if self._connected.is_set():
                try:
                    await self._line.send_command("UNSUBSCRIBE", self._name(group))
                except (RedisError, OSError):
                    log.debug("the subscription ended with its connection")

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send to every channel of ``group``. Raises ``RedisError`` or ``OSError`` if Redis is away."""
        await self.group_send_many([(group, message)])

    async def group_send_many(
        self, messages: Iterable[tuple[str, dict[str, Any]]], *, elsewhere: bool = False
    ) -> None:
        """``group_send`` for several (group, message), in order, in one round trip.

        ``elsewhere``: to other processes' channels alone.
        """
        sender = self._mine if elsewhere else ANYBODY
        arguments: list[bytes] = [b"EVAL", PUBLISH, b"0"]
        for group, message in messages:
            arguments += (self._name(group).encode(), sender + msgspec.msgpack.encode(message))
        command = _packed(arguments)
        async with self._publishing:
            connected = self._outward.is_connected
            try:
                await self._publish(command)
            except (RedisError, ConnectionError):
                if not connected:
                    raise
                await self._publish(command)  # it may have been lost while nothing was published

    async def _publish(self, command: bytes) -> None:
        line = self._outward
        try:
            async with asyncio.timeout(ANSWER):
                if not line.is_connected:
                    await line.connect()
                await line.send_packed_command(command, check_health=False)
                await line.read_response()
        except BaseException:
            await line.disconnect(nowait=True)  # an answer that is still to come would be taken for the next
            raise

    @property
    def connected(self) -> bool:
        """Whether what is sent to this process's groups arrives."""
        return self._reader is None or self._connected.is_set()

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` whenever the listening connection is back after it was lost."""
        self._reconnect_callbacks.append(callback)

    async def close(self) -> None:
        """End both connections."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        await self._outward.disconnect()

    # --- listening ---------------------------------------------------------------------------------

    def _make_line(self) -> Any:
        return self._pool.make_connection()

    def _name(self, group: str) -> str:
        return f"{self.prefix}:{group}"

    async def _join(self, groups: dict[str, str]) -> None:
        new = [group for group in groups if group not in self._members]
        for group, channel in groups.items():
            self._members.setdefault(group, set()).add(channel)
        if self._reader is None:
            self._reader = asyncio.create_task(self._listen_forever())
            await self._wait(self._connected.wait())
        elif new and self._connected.is_set():
            await self._subscribe(new)

    async def _subscribe(self, groups: list[str]) -> None:
        names = [self._name(group) for group in groups]
        create = asyncio.get_running_loop().create_future
        confirmations = [self._confirmations.setdefault(name, create()) for name in names]
        try:
            await self._line.send_command("SUBSCRIBE", *names)
        except (RedisError, OSError):
            return  # the listener sees it too, and subscribes again
        await self._wait(asyncio.gather(*confirmations))

    async def _wait(self, waited: Any) -> None:
        try:
            async with asyncio.timeout(CONFIRM):
                # Shielded: it may still be confirmed later, and the next one to ask waits for the same.
                await asyncio.shield(waited)
        except TimeoutError:
            log.warning("Redis does not confirm a subscription; going on without")

    async def _listen_forever(self) -> None:
        attempt, lost = 0, False
        while True:
            self._line = self._make_line()
            try:
                await self._line.connect()
                reading = asyncio.create_task(self._read())
                try:
                    await self._resume(announce=lost)
                    attempt = 0
                    await reading
                finally:
                    reading.cancel()
            except (RedisError, OSError, asyncio.IncompleteReadError) as error:
                if not lost:
                    log.warning("the connection to Redis was lost: %s", error)
                lost = True
            finally:
                self._connected.clear()
                self._confirm_all()
                await self._line.disconnect()
            await asyncio.sleep(RETRY[min(attempt, len(RETRY) - 1)])
            attempt += 1

    async def _resume(self, *, announce: bool) -> None:
        """Subscribe to everything that is wanted, on a new connection."""
        wanted: set[str] = set()
        while missing := [group for group in self._members if group not in wanted]:
            wanted.update(missing)
            await self._subscribe(missing)
        self._connected.set()
        if announce:
            log.warning("the connection to Redis is back")
            for callback in self._reconnect_callbacks:
                callback()

    async def _read(self) -> None:
        """Take what comes until the connection is lost."""
        prefix = len(self.prefix) + 1
        while True:
            kind, name, data = await self._line.read_response(timeout=None, disconnect_on_error=False)
            if kind == b"message":
                self._take(name[prefix:].decode(), data)
            elif kind == b"subscribe":
                future = self._confirmations.pop(name.decode(), None)
                if future is not None and not future.done():
                    future.set_result(None)

    def _confirm_all(self) -> None:
        for future in self._confirmations.values():
            if not future.done():
                future.set_result(None)
        self._confirmations.clear()

    def _take(self, group: str, data: bytes) -> None:
        if data.startswith(self._mine):
            return
        for channel in self._members.get(group, ()):
            self._inbox[channel].append(data[len(ANYBODY) :])
            self._arrived[channel].set()
