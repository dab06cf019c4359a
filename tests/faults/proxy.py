"""A TCP proxy that fails as networks do: in front of a database, of Redis, of a web process.

    with Proxy(database.port) as proxy:
        …  # use 127.0.0.1:proxy.port
        proxy.refuse()    # nobody is let in, and what was open is reset
        proxy.swallow()   # half-open: connections are taken and kept, and carry nothing either way
        proxy.swallow(DOWN)  # what the server says stays here; what clients say arrives
        proxy.forward()   # as if nothing had been: what was kept goes on

It works in a thread of its own, so that tests with and without an event loop can use it.
"""

import asyncio
import os
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any, Self

from scripts.services import free_port

UP, DOWN = "up", "down"
"""Directions: to the server, and from it."""

HOST = "127.0.0.1"
#: Closing with this lingering is a reset: the other end hears of it at once, and gets nothing more.
RESET = struct.pack("ii", 1, 0)


class _End(asyncio.Protocol):
    """One end of a connection; what it reads goes to its peer."""

    def __init__(self, proxy: "Proxy", direction: str) -> None:
        self.proxy, self.direction = proxy, direction
        self.transport: asyncio.Transport | None = None
        self.peer: _End | None = None
        self.clogged = False  # its own reader doesn't keep up
        self.kept = b""  # read, and not handed on yet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.proxy.ends.add(self)
        self.flow()

    def data_received(self, data: bytes) -> None:
        # A loop may have read already when it is told to pause.
        self.kept += data
        self.flow()

    def pause_writing(self) -> None:
        self.clogged = True
        if self.peer is not None:
            self.peer.flow()

    def resume_writing(self) -> None:
        self.clogged = False
        if self.peer is not None:
            self.peer.flow()

    def flow(self) -> None:
        """Hand on, and read, what may go on."""
        peer, transport = self.peer, self.transport
        if transport is None or transport.is_closing():
            return
        if peer is None or peer.transport is None or self.direction in self.proxy.held:
            transport.pause_reading()
            return
        if self.kept:
            self.proxy.carried[self.direction] += len(self.kept)
            data, self.kept = self.kept, b""
            peer.transport.write(data)
        if peer.clogged:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.proxy.ends.discard(self)
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.close()

    def reset(self) -> None:
        if self.transport is not None:
            with socket.socket(fileno=os.dup(self.transport.get_extra_info("socket").fileno())) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.transport.abort()


class Proxy:
    """In front of ``target``, a port of this machine; its own is ``port``, for good."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.ends: set[_End] = set()
        self.held: frozenset[str] = frozenset()
        #: Bytes by direction, to see that something came through.
        self.carried = {UP: 0, DOWN: 0}
        self._listener: asyncio.Server | None = None
        self._joining: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ what tests do with it

    def start(self) -> None:
        self._thread.start()
        self.forward()

    def close(self) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def forward(self) -> None:
        """Carry everything, also what was kept until now."""
        self._in_loop(self._forward)

    def refuse(self) -> None:
        """Reset every connection, and refuse new ones."""
        self._in_loop(self._refuse)

    def swallow(self, *directions: str) -> None:
        """Take connections and keep those there are, but carry nothing (in these ``directions``)."""
        self._in_loop(self._hold, frozenset(directions or (UP, DOWN)))

    def cut(self) -> int:
        """Reset every connection; how many. New ones are taken, and what was kept is lost."""
        return int(self._in_loop(self._cut))

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return int(self._in_loop(self._count))

    # ------------------------------------------------------------ in the loop's thread

    def _in_loop(self, do: Callable[..., Any], *arguments: Any) -> Any:
        async def run() -> Any:
            result = do(*arguments)
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(20)

    async def _forward(self) -> None:
        if self._listener is None:
            self._listener = await self._loop.create_server(self._take, HOST, self.port, backlog=2048)
        await self._hold(frozenset())

    async def _refuse(self) -> None:
        if self._listener is not None:
            listener, self._listener = self._listener, None
            listener.close()
            await listener.wait_closed()
        await self._cut()

    async def _hold(self, directions: frozenset[str]) -> None:
        self.held = directions
        for end in list(self.ends):
            end.flow()

    async def _cut(self) -> int:
        for task in list(self._joining):
            task.cancel()
        count = await self._count()
        for end in list(self.ends):
            end.reset()
        while self.ends:  # noqa: ASYNC110 - each is told in one of the loop's next turns
            await asyncio.sleep(0)
        return count

    async def _count(self) -> int:
        return sum(end.direction == UP for end in self.ends)

    def _take(self) -> _End:
        client = _End(self, UP)
        task = self._loop.create_task(self._join(client))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)
        return client

    async def _join(self, client: _End) -> None:
        server = _End(self, DOWN)
        try:
            await self._loop.create_connection(lambda: server, HOST, self.target)
        except OSError:
            client.reset()
            return
        client.peer, server.peer = server, client
        if client.transport is None:  # it has gone meanwhile
            server.reset()
            return
        client.flow()
        server.flow()
