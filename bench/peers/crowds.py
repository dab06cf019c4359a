"""Sockets of every server that is compared: they sign in, say numbered texts, and count what comes."""

import asyncio
import uuid
from typing import Any, ClassVar

import jwt
import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.crowd import BODY_SIZE, MARK, NUMBER_SIZE, Crowd, Seat
from bench.people import in_turns

_encode = msgspec.json.encode
#: So many sockets are opened at once, as long as nobody measures a storm.
AT_ONCE = 32
OPEN_SECONDS = 60.0
#: A group of so many has this and their number for its own; those of two are numbered from 1, as people are.
GROUP = 1_000_000


class PairSeat(Seat):
    """One of two who talk: what comes back to its own sender is not a delivery."""

    __slots__ = ()

    def take(self, payload: bytes) -> None:
        at = payload.find(MARK) + len(MARK)
        number = int(payload[at : at + NUMBER_SIZE])
        self.last = payload
        if number >= len(self.crowd.said_by):
            return  # of a crowd that was here before, from a server that is still at it
        if self.crowd.said_by[number] != self.index:
            super().take(payload)


class PeerCrowd(Crowd):
    """``size`` sockets of as many people, in one group or (``pairs``) by twos."""

    def __init__(self, url: str, size: int, *, pairs: bool, secret: str = "") -> None:
        super().__init__(url, size, seat=PairSeat if pairs else Seat)
        self.pairs = pairs
        self.secret = secret
        self.readers = 1 if pairs else size
        self.sockets: list[Any] = []

    def conversation(self, index: int) -> int:
        """Of the socket with this number."""
        return index // 2 + 1 if self.pairs else GROUP + self.size

    def beginners(self, count: int) -> list[Seat]:
        return self.seats[: 2 * count : 2] if self.pairs else super().beginners(count)

    def answering(self, seat: Seat) -> Seat:
        """In pairs it goes to and fro."""
        return self.seats[seat.index ^ 1] if self.pairs else seat

    async def first_word(self) -> None:
        """All are there and hear."""
        self.say(self.seats[0])
        await self.quiet()

    async def open(self, at_once: int = AT_ONCE) -> None:
        self.sockets = [self.socket(seat) for seat in self.seats]
        await in_turns([socket.open() for socket in self.sockets], lambda: None, at_once=at_once)

    async def close(self) -> None:
        for socket in self.sockets:
            socket.close()
        await asyncio.sleep(0.2)

    def say_text(self, seat: Seat, text: bytes) -> None:
        self.sockets[seat.index].say(text.ljust(BODY_SIZE, b"x").decode())

    def socket(self, seat: Seat) -> Any:
        raise NotImplementedError


class WebSocket(WSListener):
    """One person's, who has a token; subclasses know what the server calls things."""

    path: ClassVar[str]
    greeting: ClassVar[bytes]  #: how the frame begins after which it is in
    message: ClassVar[bytes]  #: how a delivery begins

    def __init__(self, crowd: PeerCrowd, seat: Seat) -> None:
        self.crowd, self.seat = crowd, seat
        self.conversation = crowd.conversation(seat.index)
        self.token = jwt.encode({"sub": str(seat.index + 1)}, crowd.secret, "HS256")
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: WSTransport | None = None

    async def open(self) -> None:
        url = "ws" + self.crowd.url.removeprefix("http") + self.path.format(**vars(self))
        await ws_connect(lambda: self, url, websocket_handshake_timeout=OPEN_SECONDS)
        async with asyncio.timeout(OPEN_SECONDS):
            await self.ready

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def close(self) -> None:
        if self.transport is not None:
            self.transport.disconnect()

    def text(self, text: bytes) -> None:
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, text)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type is WSMsgType.TEXT:
            payload = frame.get_payload_as_bytes()
            if payload.startswith(self.message):
                self.seat.take(payload)
            else:
                self.other(payload)

    def other(self, payload: bytes) -> None:
        if payload.startswith(self.greeting) and not self.ready.done():
            self.ready.set_result(None)

    def body(self, text: str) -> dict[str, Any]:
        return {"conversation": self.conversation, "client_id": str(uuid.uuid4()), "body": text}


class JsonSocket(WebSocket):
    """The hand-written server's."""

    path = "/?token={token}"
    greeting = b'{"type":"ready"'
    message = b'{"type":"message"'

    def say(self, text: str) -> None:
        self.text(_encode(self.body(text)))


class TutorialSocket(JsonSocket):
    """Channels' tutorial's: a room is in the address."""

    path = "/ws/chat/{conversation}/?token={token}"
    greeting = b'{"type": "ready"'
    message = b'{"type": "message"'


class SocketIOSocket(WebSocket):
    """Engine.IO 4 over WebSocket, Socket.IO 5 on it: https://socket.io/docs/v4/engine-io-protocol/."""

    path = "/socket.io/?EIO=4&transport=websocket"
    greeting = b'42["ready"'
    message = b'42["message"'

    _asked = 0

    def other(self, payload: bytes) -> None:
        if payload.startswith(b"0"):
            self.text(b"40" + _encode({"token": self.token}))
        elif payload == b"2":
            self.text(b"3")
        super().other(payload)

    def say(self, text: str) -> None:
        self._asked += 1
        self.text(b"42%d" % self._asked + _encode(["message", self.body(text)]))


class WsCrowd(PeerCrowd):
    def socket(self, seat: Seat) -> JsonSocket:
        return JsonSocket(self, seat)


class TutorialCrowd(PeerCrowd):
    def socket(self, seat: Seat) -> TutorialSocket:
        return TutorialSocket(self, seat)


class SocketIOCrowd(PeerCrowd):
    def socket(self, seat: Seat) -> SocketIOSocket:
        return SocketIOSocket(self, seat)
