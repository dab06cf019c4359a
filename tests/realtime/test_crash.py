"""A server process dies or is told to stop while people write: what was acknowledged is there, once."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from uuid import uuid4

import pytest
from websockets.exceptions import WebSocketException

from scripts.services import Redis
from tests.client import ApiClient, ChatSocket, Frame
from tests.messaging.common import check_numbers
from tests.people import orm
from tests.stack.server import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]


class Player:
    """Somebody who writes until told to stop, retries what was not acknowledged, and resumes with a
    cursor on whichever process answers."""

    def __init__(self, client: ApiClient, chat: int, servers: Sequence[Server]) -> None:
        self.client, self.chat = client, chat
        self._servers = cycle(servers)
        self.sent: dict[str, str] = {}
        self.acknowledged: dict[str, int] = {}
        self.cursor = 0
        self.has: dict[int, Frame] = {}
        self.versions: list[int] = []
        self.connections = 0
        self.codes: list[int | None] = []

    def take(self, frame: Frame) -> None:
        if frame["type"] == "message.accepted":
            self.acknowledged[frame["client_id"]] = frame["seq"]
        assert frame["type"] != "error", frame
        if frame["type"] == "message":
            message = frame["message"]
            assert message["seq"] not in self.has, f"seq {message['seq']} came twice to {self.client.id}"
            self.has[message["seq"]] = message
            self.versions.append(message["version"])
            self.cursor = message["version"]

    async def play(self, done: asyncio.Event, pace: float) -> None:
        while not done.is_set() or self.sent.keys() - self.acknowledged.keys():
            socket = ChatSocket(next(self._servers).ws_url, self.client.token, on_frame=self.take, timeout=20)
            with contextlib.suppress(OSError, WebSocketException, AssertionError, TimeoutError):
                await socket.open()
                self.connections += 1
                try:
                    await self._session(socket, done, pace)
                finally:
                    await socket.close()
                    self.codes.append(socket.close_code)
            await asyncio.sleep(0.05)

    async def _session(self, socket: ChatSocket, done: asyncio.Event, pace: float) -> None:
        await socket.hello({self.chat: self.cursor})
        for client_id in self.sent.keys() - self.acknowledged.keys():
            await socket.send_message(self.chat, self.sent[client_id], client_id)
        while not done.is_set():
            client_id = str(uuid4())
            self.sent[client_id] = f"{self.client.id} {len(self.sent)}"
            await socket.send_message(self.chat, self.sent[client_id], client_id)
            await asyncio.sleep(pace)
        await asyncio.sleep(0.3)

    async def read_to_the_end(self) -> None:
        async with ChatSocket(next(self._servers).ws_url, self.client.token, on_frame=self.take) as socket:
            await socket.hello({self.chat: self.cursor})


def check(players: Sequence[Player]) -> None:
    """Nothing acknowledged is missing, nothing is there twice, everybody has the same."""
    chat = players[0].chat
    history = [m for m in players[0].client.history(chat, 100) if m["sender"]]
    by_id = {message["client_id"]: message for message in history}
    assert len(by_id) == len(history), "nothing is there twice"
    for player in players:
        assert player.sent.keys() == player.acknowledged.keys(), "everything was acknowledged in the end"
        for client_id, seq in player.acknowledged.items():
            assert by_id[client_id]["seq"] == seq
            assert by_id[client_id]["body"] == player.sent[client_id]
        assert player.versions == sorted(player.versions)
        assert [player.has[seq] for seq in sorted(player.has) if player.has[seq]["sender"]] == history
    assert sum(len(player.sent) for player in players) == len(history)
    orm(lambda: check_numbers(chat))


@pytest.fixture
def servers(start_server: Callable[..., Server], stack: str) -> list[Server]:
    return [start_server() for _ in range(2 if stack == "production" else 1)]


@pytest.mark.parametrize("how", ["kill -9", "told to stop"])
async def test_nothing_acknowledged_is_missing_and_nothing_is_twice(
    servers: list[Server], person: Callable[..., ApiClient], how: str
) -> None:
    amy, *others = (person(name, server=servers[0]) for name in ("Amy", "Bob", "Cat", "Dan"))
    chat = amy.create_group(*others)
    players = [Player(client, chat, servers) for client in (amy, *others)]
    done = asyncio.Event()
    playing = [asyncio.create_task(player.play(done, 0.01)) for player in players]
    for round_ in range(2):
        await asyncio.sleep(0.7)
        server = servers[round_ % len(servers)]
        if how == "kill -9":
            await asyncio.to_thread(server.kill)
        else:
            started = time.monotonic()
            assert await asyncio.to_thread(server.stop) in (0, -signal.SIGTERM)
            assert time.monotonic() - started < 10, "it goes within ten seconds"
        await asyncio.to_thread(server.start)
    await asyncio.sleep(0.5)
    done.set()
    await asyncio.gather(*playing)
    for player in players:
        await player.read_to_the_end()
    assert sum(player.connections for player in players) > len(players) + 1, "somebody was cut"
    if how == "told to stop" and servers[0].kind == "uvicorn":  # daphne cuts the line
        codes = {code for player in players for code in player.codes if code != 1000}
        assert 1012 in codes, f"closed with {codes}: it says that it restarts"
    check(players)


@pytest.mark.production
async def test_redis_and_a_process_die_together(
    start_server: Callable[..., Server], redis_server: Redis, person: Callable[..., ApiClient]
) -> None:
    servers = [start_server(REDIS_URL=redis_server.url) for _ in range(2)]
    amy, bob = (person(name, server=servers[0]) for name in ("Amy", "Bob"))
    chat = amy.befriend(bob)
    players = [Player(client, chat, servers) for client in (amy, bob)]
    done = asyncio.Event()
    playing = [asyncio.create_task(player.play(done, 0.01)) for player in players]
    await asyncio.sleep(0.5)
    redis_server.kill()
    servers[0].kill()
    await asyncio.sleep(0.5)
    await asyncio.to_thread(redis_server.start)
    await asyncio.to_thread(servers[0].start)
    await asyncio.sleep(0.5)
    done.set()
    await asyncio.gather(*playing)
    for player in players:
        await player.read_to_the_end()
    check(players)
