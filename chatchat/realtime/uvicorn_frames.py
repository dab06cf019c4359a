"""The ``chatchat.frames`` extension for uvicorn: finished frames straight to the transport.

uvicorn's ``send`` encodes each frame for each reader and waits while a reader's buffer is full. A
hub writes one finished frame to many readers and waits for none, so this protocol class also offers
the application its transport. It leans on ``transport``, ``writable`` and ``handle_connect`` of
uvicorn's class, and a test says so when those move.
"""

from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from chatchat.realtime.sink import EXTENSION


class FramesProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, offering itself as the extension's ``FrameWriter``."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            # The application's task has been created, but not run yet.
            extensions: dict[str, Any] = cast(Any, self.scope["extensions"])
            extensions[EXTENSION] = self

    def write(self, data: bytes) -> None:
        """See ``chatchat.realtime.sink.FrameWriter``."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(data)

    def unsent(self) -> int:
        """Bytes in the transport's buffer."""
        return self.transport.get_write_buffer_size()

    async def drain(self) -> None:
        """Wait until the buffer is below its low-water mark."""
        await self.writable.wait()

    def hurry(self) -> None:
        """Let the next ``send`` through."""
        self.writable.set()

    def abort(self) -> None:
        """Cut the line."""
        self.transport.abort()


def protocol_class() -> Any:
    """For ``uvicorn.Config(ws=…)``."""
    return FramesProtocol
