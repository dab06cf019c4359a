"""The ``chatchat.frames`` extension for uvicorn: finished frames straight to the transport, and from it.

uvicorn's ``send`` encodes each frame for each reader and waits while a reader's buffer is full. A
hub writes one finished frame to many readers and waits for none, so this protocol class also offers
the application its transport. What comes in goes through a parser that is made for everything that may
come, a queue, and a task's next turn, with reading paused and resumed around it; so a message of the usual
kind, in one whole frame, is handed to the application at once where that takes it. All else, and everything
that is wrong, is left to uvicorn and websockets.

It leans on ``transport``, ``writable``, ``queue``, ``conn`` and ``handle_connect`` of uvicorn's class and on
where websockets' parser waits, and a test says so when those move. It is also where memory is saved: of a
socket that says nothing the rest of this class, its queue and the handshake were the better half.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import OPEN

from chatchat.realtime.lean import Inbox, Passage
from chatchat.realtime.sink import EXTENSION
from chatchat.realtime.wsframe import text_message


class FramesProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, offering itself as the extension's ``FrameWriter``."""

    #: uvicorn's attributes. There are more than the 30 up to which the instances of a class share the keys
    #: of their dictionaries, which then take 1,600 bytes each; a name that is missing here lies in there.
    __slots__ = (
        "app", "app_state", "asgi_version", "client", "close_sent", "close_timeout", "close_timer", "config",
        "conn", "connections", "curr_msg_data_type", "default_headers", "disconnected", "frames",
        "handshake_complete", "handshake_initiated", "initial_response", "last_ping_rtt", "logger", "loop",
        "pending_ping_payload", "ping_interval", "ping_sent_at", "ping_timeout", "ping_timer", "pong_timer",
        "queue", "read_paused", "request", "response", "root_path", "scheme", "scope", "server", "take",
        "tasks", "transport", "writable",
    )  # fmt: skip

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.queue, self.writable = cast(Any, Inbox()), cast(Any, Passage())
        #: See ``chatchat.realtime.sink.FrameWriter``.
        self.take: Callable[[str], bool] | None = None

    def data_received(self, data: bytes) -> None:
        done = self._hand_over(data) if self.take is not None and self._between_messages() else 0
        if done < len(data):
            super().data_received(data[done:] if done else data)

    def _hand_over(self, data: bytes) -> int:
        """How many bytes of ``data`` were messages that the application has taken."""
        done, limit = 0, self.conn.max_message_size
        while self.take is not None and (message := text_message(data, done, limit)) is not None:
            text, end = message
            if not self.take(text):
                break
            done = end
        return done

    def _between_messages(self) -> bool:
        """Whether nothing that came before is unfinished, or waits for the application."""
        conn = self.conn
        if conn.state is not OPEN or conn.current_size is not None or not self.queue.empty():
            return False
        waiting: Any = conn.parser
        while (inner := waiting.gi_yieldfrom) is not None:
            waiting = inner
        return bool(waiting.__name__ == "at_eof")  # and not, within a frame, for so many bytes

    def connection_lost(self, exc: Exception | None) -> None:
        self.take = None
        super().connection_lost(exc)

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

    def put(self, texts: Sequence[bytes], blob: bytes) -> int:
        """See ``chatchat.realtime.sink.FrameWriter``."""
        transport = self.transport
        if not self.close_sent and not transport.is_closing():
            transport.write(blob)
        return transport.get_write_buffer_size()

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
