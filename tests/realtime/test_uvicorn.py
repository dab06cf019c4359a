"""What the frame extension leans on in uvicorn's own class, so that it is said here when that moves."""

import asyncio
import inspect
import itertools
import random
import re
from typing import Any

import pytest
import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from chatchat.realtime.sink import EXTENSION, make_sink
from chatchat.realtime.uvicorn_frames import FramesProtocol
from chatchat.realtime.wsframe import text_frame

pytestmark = pytest.mark.once

REQUEST = (
    b"GET /ws/chat/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MOVED = f"uvicorn {uvicorn.__version__} has changed what chatchat.realtime.uvicorn_frames leans on: "


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""
        self.closing = False
        self.aborted = False

    def write(self, data: Any) -> None:
        self.data += bytes(data)

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.aborted = True

    def get_write_buffer_size(self) -> int:
        return len(self.data)

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def test_the_class_has_what_the_extension_uses() -> None:
    source = inspect.getsource(WebSocketsSansIOProtocol)
    for name in ("transport", "writable", "queue", "close_sent", "request", "response", "scope"):
        assert f"self.{name} = " in source or f"self.{name}: " in source, MOVED + name
    used = set(re.findall(r"self\.(queue|writable)\.(\w+)", source))
    assert used == {
        *(("queue", method) for method in ("put_nowait", "get", "empty")),
        *(("writable", method) for method in ("set", "clear", "wait")),
    }, MOVED + "its queue or its event"
    for method in (
        "handle_connect",
        "pause_writing",
        "resume_writing",
        "connection_lost",
        "data_received",
        "start_keepalive",
    ):
        assert callable(getattr(WebSocketsSansIOProtocol, method, None)), MOVED + method
    for method in ("put", "unsent", "drain", "hurry", "abort"):
        assert not hasattr(WebSocketsSansIOProtocol, method), MOVED + f"it has a {method} of its own now"


@pytest.mark.asyncio
async def test_a_finished_frame_goes_straight_to_the_transport() -> None:
    scopes: list[Any] = []
    go_on = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        scopes.append(scope)
        await go_on.wait()
        await send({"type": "websocket.close", "code": 4401})

    config = Config(application, ws=FramesProtocol, lifespan="off", log_config=None)
    config.load()
    protocol = FramesProtocol(config, ServerState(), {})
    wire = Wire()
    protocol.connection_made(wire)
    protocol.data_received(REQUEST)
    await asyncio.sleep(0.01)
    assert wire.data.startswith(b"HTTP/1.1 101"), MOVED + "the handshake"
    (scope,) = scopes
    assert scope["extensions"].get(EXTENSION) is protocol, MOVED + "handle_connect, scope"
    assert not protocol.request.headers, MOVED + "start_keepalive: headers are kept"
    assert not vars(protocol), MOVED + f"{vars(protocol).keys()}: a socket takes 1.5 KiB more"
    sink = make_sink(scope, None)  # type: ignore[arg-type]
    wire.data = b""
    text = b'{"type":"x"}'
    unsent = sink.put((text,), text_frame(text))
    assert wire.data == b"\x81\x0c" + text
    assert unsent == sink.unsent() == len(wire.data), MOVED + "transport"

    protocol.pause_writing()
    waiting = asyncio.create_task(sink.put_paced(text))
    await asyncio.sleep(0.01)
    assert not waiting.done(), MOVED + "writable: back-pressure does not hold"
    protocol.resume_writing()
    await asyncio.wait_for(waiting, 1)

    protocol.pause_writing()
    go_on.set()
    await asyncio.sleep(0.01)
    await sink.hurry()
    await asyncio.sleep(0.01)
    assert wire.data.endswith(b"\x88\x02" + (4401).to_bytes(2, "big")), MOVED + "hurry: close is held up"
    assert protocol.close_sent, MOVED + "close_sent"
    before = len(wire.data)
    sink.put((text,), text_frame(text))
    assert len(wire.data) == before, "nothing follows a close frame"
    sink.abort()
    assert wire.aborted
    protocol.connection_lost(None)
    await asyncio.sleep(0.01)


async def opened(app: Any) -> tuple[FramesProtocol, Wire]:
    """A protocol whose handshake is over."""
    config = Config(app, ws=FramesProtocol, ws_max_size=200_000, lifespan="off", log_config=None)
    config.load()
    protocol, wire = FramesProtocol(config, ServerState(), {}), Wire()
    protocol.connection_made(wire)
    protocol.data_received(REQUEST)
    await asyncio.sleep(0.01)
    return protocol, wire


def sent(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


@pytest.mark.asyncio
async def test_a_whole_message_is_handed_over_in_the_turn_in_which_it_came() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.sleep(60)

    protocol, wire = await opened(application)
    taken: list[str] = []

    def take(text: str) -> bool:
        taken.append(text)
        return True

    protocol.take = take
    for size in (0, 1, 125, 126, 65_535):
        protocol.data_received(sent(Opcode.TEXT, b"x" * size))
    assert [len(text) for text in taken] == [0, 1, 125, 126, 65_535], MOVED + "conn: nothing is handed over"
    assert protocol.queue.empty()
    protocol.data_received(sent(Opcode.TEXT, b"\xff"))
    assert (1007).to_bytes(2, "big") in wire.data[wire.data.index(b"\r\n\r\n") :], "what is no UTF-8 ends it"
    assert len(taken) == 5
    protocol.connection_lost(None)


def a_stream(chance: random.Random) -> tuple[list[str], list[bytes]]:
    """Messages of all sizes, some in fragments with pings in between, and their bytes as they may come."""
    wanted, stream, ends = list[str](), b"", list[int]()
    for number in range(200):
        text = f"{number} " + "é" * chance.choice((0, 1, 60, 61, 62, 500, 10_000, 40_000))
        wanted.append(text)
        data, kind = text.encode(), chance.random()
        if kind < 0.7:
            stream += sent(Opcode.TEXT, data)
            if chance.random() < 0.5:
                ends.append(len(stream))
        else:
            cut = chance.randrange(len(data))
            stream += sent(Opcode.TEXT, data[:cut], fin=False)
            stream += sent(Opcode.PING, b"?") if kind < 0.85 else b""
            stream += sent(Opcode.CONT, data[cut:])
    ends += [chance.randrange(len(stream)) for _ in range(50)] + [len(stream)]
    cuts = sorted({0, *ends, *(end + 1 for end in ends[:20])})
    return wanted, [stream[start:end] for start, end in itertools.pairwise(cuts)]


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(20))
async def test_however_bytes_come_and_whatever_is_taken_messages_keep_their_order(seed: int) -> None:
    chance = random.Random(seed)
    got: list[str] = []
    taken: set[str] = set()
    pops = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            got.append(message["text"])
            pops.clear()
            if chance.random() < 0.3:
                await pops.wait()

    protocol, _wire = await opened(application)

    def take(text: str) -> bool:
        if chance.random() < 0.3:
            return False
        got.append(text)
        taken.add(text)
        return True

    protocol.take = take
    wanted, stream = a_stream(chance)
    for data in stream:
        protocol.data_received(data)
        for _ in range(chance.choice((0, 1, 50))):
            pops.set()
            await asyncio.sleep(0)
    for _ in range(1000):
        pops.set()
        await asyncio.sleep(0)
    assert got == wanted
    assert 0 < len(taken) < len(wanted)
    protocol.connection_lost(None)
    await asyncio.sleep(0.01)


def test_frames_of_every_size_are_well_formed() -> None:
    for size in (0, 1, 125, 126, 127, 65535, 65536, 100_000):
        payload = b"x" * size
        data = text_frame(payload)
        assert data[0] == 0x81
        length, start = data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        assert (length, data[start:]) == (size, payload)
