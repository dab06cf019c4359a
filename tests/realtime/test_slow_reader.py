"""A reader that does not read hurts only itself: it is told to resume, then cut."""

import asyncio
import base64
import contextlib
import os
import socket
import time
from collections.abc import Callable

import pytest

from accounts.models import User
from messaging.services import messages
from tests.client import ApiClient, ChatSocket
from tests.messaging.line import in_one_go, say
from tests.people import orm
from tests.stack.server import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

READER = pytest.mark.own_server("daphne takes whatever is sent to a reader, and never says how much it holds")


class Stuck:
    """A socket with a tiny buffer that says hello and then takes nothing until `drain`."""

    def __init__(self, server: Server, token: str | None) -> None:
        self.raw = socket.socket()
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.raw.settimeout(10)
        self.raw.connect(("127.0.0.1", server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.raw.sendall(
            f"GET /ws/chat/ HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: chatchat.v1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.raw.recv(1)
        assert b" 101 " in answer.split(b"\r\n")[0]
        self.send(b'{"type":"hello"}')

    def send(self, text: bytes) -> None:
        """A masked text frame of under 126 bytes; the mask is zero."""
        assert len(text) < 126
        self.raw.sendall(bytes((0x81, 0x80 | len(text))) + bytes(4) + text)

    def drain(self) -> tuple[int | None, int]:
        """(close code if there is one, bytes) of all that is still there."""
        data = b""
        with self.raw, contextlib.suppress(ConnectionError):
            while chunk := self.raw.recv(65536):  # a line that was not cut is a timeout
                data += chunk
        end = data.rfind(b"\x88\x02")
        code = int.from_bytes(data[end + 2 : end + 4], "big") if end >= 0 else None
        return code, len(data)


@READER
async def test_it_is_cut_and_the_others_go_on(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    server = start_server(READER_MAX_UNSENT_BYTES="200000")
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    chat = amy.befriend(bob)
    stuck = await asyncio.to_thread(Stuck, server, bob.token)
    async with ChatSocket(server.ws_url, amy.token) as writer, ChatSocket(server.ws_url, bob.token) as reader:
        await writer.hello()
        await reader.hello()
        slowest = 0.0
        # What its kernel and ours take besides is some megabytes.
        for _ in range(450):
            started = time.monotonic()
            reply = await writer.send_message(chat, "字" * 4000)
            assert reply["type"] == "message.accepted"
            await reader.next("message", timeout=2)
            slowest = max(slowest, time.monotonic() - started)
        assert slowest < 2, "the others' deliveries go on"
        assert (await reader.request({"type": "ping"}))["type"] == "pong"
        await asyncio.sleep(2.2)
        code, size = await asyncio.to_thread(stuck.drain)
        assert size < 450 * 12_000, "it did not get all of it"
        assert code in (4408, None), "told to resume, or cut before it had read so far"
        assert [m["seq"] for m in reader.messages(chat)] == list(range(1, 451))
        async with ChatSocket(server.ws_url, bob.token) as again:
            await again.hello({chat: 400})
            assert [m["version"] for m in again.messages(chat)] == list(range(401, 451))


@READER
async def test_one_that_makes_no_progress_is_told_why(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    """Stuck in the middle of its backlog, which does not count against its bound."""
    server = start_server(READER_MAX_STALL="1")
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    chat = amy.befriend(bob)

    def fill() -> None:
        writer = User.objects.get(pk=amy.id)
        with in_one_go():
            for _ in range(190):
                say(writer, chat, "🍣" * 4000)
            messages.mark(user_id=bob.id, conversation_id=chat, seq=1, read=False)

    orm(fill)
    stuck = await asyncio.to_thread(Stuck, server, bob.token)
    await asyncio.sleep(4)
    code, size = await asyncio.to_thread(stuck.drain)
    assert size < 189 * 16_000, "it did not get all of it"
    assert code in (4408, None)
    async with ChatSocket(server.ws_url, bob.token, timeout=20) as well:
        await well.hello()
        assert len(well.messages(chat)) == 189


async def test_a_slow_but_steady_reader_gets_its_backlog(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    server = start_server(READER_MAX_UNSENT_BYTES="100000")
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    chat = amy.befriend(bob)

    def fill() -> None:
        writer = User.objects.get(pk=amy.id)
        with in_one_go():
            for _ in range(100):
                say(writer, chat, "字" * 4000)

    orm(fill)
    slow = await asyncio.to_thread(Stuck, server, bob.token)

    def read() -> bytes:
        data = b""
        while b'"synced"' not in data[-100:]:
            data += slow.raw.recv(32768)
            time.sleep(0.002)
        return data

    data = await asyncio.wait_for(asyncio.to_thread(read), 30)
    assert data.count(b'"type":"message"') == 100, "more than it may owe, with back-pressure"
    slow.raw.close()
