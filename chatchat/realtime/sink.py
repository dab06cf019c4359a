"""The end of a socket that a hub writes to: never waits for a reader, and says how far behind it is."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from chatchat.realtime.wsframe import text_frame

log = logging.getLogger("chatchat.realtime")

EXTENSION = "chatchat.frames"
PRIVATE = 3000  # where the codes begin that are not the protocol's own (RFC 6455, 7.4.2)
BROKEN = 1011  # the close code of RFC 6455, 7.4.1, for what the server did not expect
LAST_WORDS = 0.5  # seconds


async def close(send: Callable[[Any], Awaitable[None]], code: int) -> None:
    """End a socket with ``code``; from a server that lets an application say only 1000 and 3000 to 4999,
    as daphne does, 1009 comes as 4009."""
    try:
        await send({"type": "websocket.close", "code": code})
    except Exception:
        if code >= PRIVATE:
            raise
        await send({"type": "websocket.close", "code": code + PRIVATE})


class FrameWriter(Protocol):
    """``scope["extensions"]["chatchat.frames"]``: what an ASGI server offers that takes finished frames."""

    #: Given by the application: takes a text message in the very turn in which it came, unless something has
    #: to be waited for first. Then it says False, and the message is received like any other.
    take: Callable[[str], bool] | None

    def put(self, texts: Sequence[bytes], blob: bytes) -> int:
        """Put ``blob``, whole frames that say ``texts``, on the wire or in the transport's buffer, whose size
        it returns. Never waits; a closed line is fine."""

    def unsent(self) -> int:
        """Bytes in the transport's buffer."""

    async def drain(self) -> None:
        """Wait until the transport's buffer is below its low-water mark."""

    def hurry(self) -> None:
        """Let the application's next ``send`` through, however much is unsent."""

    def abort(self) -> None:
        """Cut the line without waiting for what is unsent."""


class Sink(Protocol):
    """Where one socket's frames go."""

    def put(self, texts: Sequence[bytes], blob: bytes) -> int:
        """Write frames now: ``blob`` holds all of ``texts`` as finished frames. Returns the bytes that the
        reader has not taken yet."""

    def unsent(self) -> int:
        """Bytes that the reader has not taken yet."""

    async def put_paced(self, text: bytes) -> None:
        """Write one frame with back-pressure: returns when the reader is close to having taken it."""

    async def hurry(self) -> None:
        """Make way for the frame that closes the socket, which follows."""

    def abort(self) -> None:
        """Stop at once."""

    def end(self) -> None:
        """The line is gone: keep nothing for it."""


class TransportSink:
    """Finished frames straight to the transport, where the ASGI server offers it."""

    __slots__ = ("_writer", "put", "unsent")

    def __init__(self, writer: FrameWriter) -> None:
        self._writer = writer
        self.put = writer.put  # itself: to a thousand sockets each step in between is felt
        self.unsent = writer.unsent

    async def put_paced(self, text: bytes) -> None:
        self.put((text,), text_frame(text))
        await self._writer.drain()

    async def hurry(self) -> None:
        self._writer.hurry()

    def abort(self) -> None:
        self._writer.abort()

    def end(self) -> None:
        """Nothing is kept here."""


class SendSink:
    """Any ASGI server: a queue, and one task that sends from it."""

    __slots__ = ("_bytes", "_queue", "_send", "_taken", "_task", "_wake")

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        self._send = send
        self._queue: list[bytes] = []
        self._bytes = 0
        self._wake = asyncio.Event()
        self._taken = asyncio.Event()
        self._taken.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._send_forever()
        except Exception as error:
            await self._give_up(error)
        finally:
            self._bytes = 0
            self._taken.set()

    async def _send_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                texts, self._queue = self._queue, []
                for text in texts:
                    await self._send({"type": "websocket.send", "text": text.decode()})
                    self._bytes -= len(text)
            self._taken.set()

    async def _give_up(self, error: Exception) -> None:
        """Each server has its own error for a line that is gone; where it is not, nobody waits in vain."""
        try:
            await close(self._send, BROKEN)
        except Exception:
            log.debug("a frame could not be sent: %s", error)
        else:
            log.warning("a frame could not be sent, so the socket was closed: %s", error)

    def put(self, texts: Sequence[bytes], blob: bytes) -> int:
        if not self._task.done():
            self._queue.extend(texts)
            self._bytes += sum(map(len, texts))
            self._taken.clear()
            self._wake.set()
        return self._bytes

    def unsent(self) -> int:
        return self._bytes

    async def put_paced(self, text: bytes) -> None:
        self.put((text,), b"")
        while self._bytes > 0 and not self._task.done():
            await self._taken.wait()

    async def hurry(self) -> None:
        # What was put before, such as why it ends, is told first, if the reader takes it.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._taken.wait()
        self._task.cancel()

    def abort(self) -> None:
        self._task.cancel()

    def end(self) -> None:
        self._task.cancel()


def make_sink(scope: Any, send: Callable[[Any], Awaitable[None]]) -> Sink:
    """The best sink that the server of this ``scope`` allows."""
    writer = scope.get("extensions", {}).get(EXTENSION)
    return TransportSink(writer) if writer is not None else SendSink(send)
