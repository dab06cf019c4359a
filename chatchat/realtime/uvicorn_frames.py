"""The ``chatchat.frames`` extension for uvicorn: finished frames straight to the transport.

uvicorn's ``send`` encodes each frame for each reader and waits while a reader's buffer is full. A
hub writes one finished frame to many readers and waits for none, so this protocol class also offers
the application its transport. It leans on ``transport``, ``writable``, ``queue`` and ``handle_connect``
of uvicorn's class, and a test says so when those move. It is also where memory is saved: of a socket that
says nothing the rest of this class, its queue and the handshake were the better half.
"""

from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from chatchat.realtime.lean import Inbox, Passage
from chatchat.realtime.sink import EXTENSION


class FramesProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, offering itself as the extension's ``FrameWriter``."""

    #: uvicorn's attributes. There are more than the 30 up to which the instances of a class share the keys
    #: of their dictionaries, which then take 1,600 bytes each; a name that is missing here lies in there.
    __slots__ = (
        "app", "app_state", "asgi_version", "client", "close_sent", "close_timeout", "close_timer", "config",
        "conn", "connections", "curr_msg_data_type", "default_headers", "disconnected", "frames",
        "handshake_complete", "handshake_initiated", "initial_response", "last_ping_rtt", "logger", "loop",
        "pending_ping_payload", "ping_interval", "ping_sent_at", "ping_timeout", "ping_timer", "pong_timer",
        "queue", "read_paused", "request", "response", "root_path", "scheme", "scope", "server", "tasks",
        "transport", "writable",
    )  # fmt: skip

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.queue, self.writable = cast(Any, Inbox()), cast(Any, Passage())

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            # The application's task has been created, but not run yet.
            extensions: dict[str, Any] = cast(Any, self.scope["extensions"])
            extensions[EXTENSION] = self

    def start_keepalive(self) -> None:
        """The handshake is over: the headers, which the scope has, would be kept as long as the socket."""
        super().start_keepalive()
        self.request.headers.clear()
        self.response.headers.clear()

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
