"""The way out where the ASGI server has no frame extension: everything by its `send`, in order."""

import asyncio
from typing import Any

import pytest

from chatchat.realtime.sink import SendSink, close

pytestmark = [pytest.mark.asyncio, pytest.mark.once]


class Line:
    """A server's end of a socket, as ASGI has it, which takes frames only while it is open."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.open = asyncio.Event()
        self.open.set()
        self.codes = range(1000, 5000)  # that it lets an application say
        self.most = 100_000  # bytes of a frame that it takes
        self.closed = asyncio.Event()

    async def send(self, message: Any) -> None:
        await self.open.wait()
        if len(message.get("text", "")) > self.most:
            raise ValueError("a frame is too big for this server")
        if message.get("code", 1000) not in self.codes:
            raise ValueError("no such close code")
        self.sent.append(message.get("text") or message["code"])
        if message["type"] == "websocket.close":
            self.closed.set()


def put(sink: SendSink, *texts: str) -> None:
    sink.put([text.encode() for text in texts], b"")


async def test_frames_go_in_order_and_are_counted_until_they_are_taken() -> None:
    line = Line()
    sink = SendSink(line.send)
    line.open.clear()
    put(sink, "one", "two")
    put(sink, "字")
    assert sink.unsent() == 9
    line.open.set()
    await sink.put_paced(b"paced")
    assert line.sent == ["one", "two", "字", "paced"]
    assert sink.unsent() == 0
    sink.end()


async def test_what_was_written_before_the_end_is_told_before_it() -> None:
    line = Line()
    sink = SendSink(line.send)
    put(sink, "why", "until when")
    await sink.hurry()
    await line.send({"type": "websocket.close", "code": 4403})
    assert line.sent == ["why", "until when", 4403]
    sink.end()


async def test_a_reader_that_takes_nothing_does_not_hold_up_the_end() -> None:
    line = Line()
    sink = SendSink(line.send)
    line.open.clear()
    put(sink, "never taken")
    async with asyncio.timeout(5):
        await sink.hurry()
    line.open.set()
    await asyncio.sleep(0)
    assert line.sent == []
    sink.end()


async def test_a_frame_that_the_server_refuses_ends_the_socket_instead_of_silence() -> None:
    line = Line()
    sink = SendSink(line.send)
    line.most = 10
    async with asyncio.timeout(5):
        await sink.put_paced(b"much too much")
        await line.closed.wait()
    put(sink, "short")
    await sink.hurry()
    assert line.sent == [1011], "nothing follows a close frame"
    assert sink.unsent() == 0
    sink.end()


async def test_a_close_code_that_the_server_may_not_say_is_said_as_a_private_one() -> None:
    line = Line()
    line.codes = range(3000, 5000)
    for code in (1009, 1012, 4401):
        await close(line.send, code)
    assert line.sent == [4009, 4012, 4401]
    line.codes = range(0)
    for code in (1009, 4401):
        with pytest.raises(ValueError, match="close code"):
            await close(line.send, code)
