"""Frames that are wrong in one thing: each is refused in the envelope, and the connection lives on."""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from websockets.exceptions import ConnectionClosed

from tests.client import ApiClient, ChatSocket, Frame
from tests.fuzz.common import bounded, envelope, unharmed
from tests.fuzz.wrong_frames import LIMIT, Case, Ids, cases, valid_frames
from tests.stack.server import Server, closing

TOLD = frozenset(
    {
        "ready", "synced", "sync.limited", "message.accepted", "ok", "sync.page", "pong", "message",
        "receipts", "conversation", "conversation.gone", "typing", "presence", "error",
    }
)  # fmt: skip


class Probe:
    """One socket at a time, opened again when the server had reason to close it."""

    def __init__(self, server: Server, token: str) -> None:
        self.server, self.token = server, token
        self.runner = asyncio.Runner()
        self.socket: ChatSocket | None = None
        self.seen = self.number = 0

    def __call__(self, case: Case) -> list[Frame]:
        """Send it, then a ping; what came until its pong."""
        return self.runner.run(self._probe(*case))

    async def _probe(self, data: str | bytes, refused: bool) -> list[Frame]:
        socket = self.socket or await self._open()
        self.number += 1
        try:
            await socket.send(data)
            await socket.send({"type": "ping", "id": f"fence {self.number}"})
            await socket.next("pong", 30, re=f"fence {self.number}")
        except (AssertionError, ConnectionClosed):
            await socket.close()
            # 1006: the ping met a closed line, whose reset overtook the close frame.
            assert socket.close_code in (1006, closing(1009)), (
                f"closed with {socket.close_code} after {data!r}"
            )
            assert len(data if isinstance(data, bytes) else data.encode()) > LIMIT, data
            await self.close()
            return []
        came, self.seen = socket.received[self.seen :], len(socket.received)
        for frame in came:
            well_formed(frame)
        errors = [frame for frame in came if frame["type"] == "error"]
        if refused:
            assert errors, f"not refused: {data!r}"
        return came

    async def _open(self) -> ChatSocket:
        self.socket = ChatSocket(self.server.ws_url, self.token)
        await self.socket.open()
        await self.socket.hello()
        self.seen = len(self.socket.received)
        return self.socket

    async def close(self) -> None:
        if self.socket is not None:
            await self.socket.close()
            for frame in self.socket.received:
                well_formed(frame)
        self.socket = None

    def end(self) -> None:
        """Wait for what is answered later, and hang up."""

        async def finish() -> None:
            await asyncio.sleep(1.5)
            await self.close()

        self.runner.run(finish())
        self.runner.close()


def well_formed(frame: Frame) -> None:
    """A frame of the protocol; an error in the envelope, and none of ours."""
    assert frame["type"] in TOLD, frame
    if frame["type"] == "error":
        assert set(frame) <= {"type", "re", "error"}, frame
        envelope({"error": frame["error"]})


@pytest.fixture
def ids(person: Callable[..., ApiClient]) -> tuple[ApiClient, Ids]:
    """Somebody with a group, a friend, and another group that is none of their business."""
    amy, bob = person("Amy"), person("Bob")
    group, direct = amy.create_group(bob), amy.befriend(bob)
    for number in range(5):
        amy.send_message(group, f"hello {number}")
        last = bob.send_message(group, f"hello {number}")["seq"]
    return amy, Ids(group, direct, bob.create_group(), last)


@pytest.fixture
def probe(server: Server, ids: tuple[ApiClient, Ids]) -> Iterator[Probe]:
    with unharmed(server):
        made = Probe(server, str(ids[0].token))
        yield made
        made.end()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_frames_with_one_thing_wrong(probe: Probe, ids: tuple[ApiClient, Ids]) -> None:
    @bounded(1000)
    @given(cases(ids[1]))
    def run(case: Case) -> None:
        probe(case)

    run()
    ids[0].history(ids[1].group)


def test_valid_frames_are_answered_once_each(probe: Probe, ids: tuple[ApiClient, Ids]) -> None:
    asked: set[str] = set()

    @bounded(300)
    @given(valid_frames(ids[1]))
    def run(frame: dict[str, Any]) -> None:
        id_ = str(uuid.uuid4())
        if frame["type"] != "typing":
            asked.add(id_)
        probe((json.dumps({**frame, "id": id_}), False))

    run()
    socket = probe.socket
    assert socket is not None
    probe.runner.run(asyncio.sleep(1.5))
    answers = [
        frame["re"] for frame in socket.received if frame.get("re") in asked and frame["type"] != "ready"
    ]
    hellos = {frame["re"] for frame in socket.received if frame["type"] == "error"}
    assert len(answers) == len(set(answers))
    assert asked - set(answers) == set(), hellos


@pytest.mark.asyncio
async def test_before_hello_only_ping_and_auth_are_heard(server: Server, ids: tuple[ApiClient, Ids]) -> None:
    group = ids[1].group
    early: list[Frame] = [
        {
            "type": "message.send",
            "conversation": group,
            "client_id": str(uuid.uuid4()),
            "kind": "text",
            "body": "x",
        },
        {"type": "message.edit", "conversation": group, "seq": 2, "body": "x"},
        {"type": "message.recall", "conversation": group, "seq": 2},
        {"type": "reaction.add", "conversation": group, "seq": 2, "emoji": "👍"},
        {"type": "reaction.remove", "conversation": group, "seq": 2, "emoji": "👍"},
        {"type": "sync", "conversation": group, "after": 0},
        {"type": "delivered", "conversation": group, "seq": 1},
        {"type": "read", "conversation": group, "seq": 1},
        {"type": "typing", "conversation": group, "active": True},
    ]
    with unharmed(server):
        async with ChatSocket(server.ws_url, ids[0].token) as socket:
            for frame in early:
                reply = await socket.request(frame)
                assert reply["error"]["code"] == "hello_first", frame
            assert (await socket.request({"type": "ping"}))["type"] == "pong"
            wrong = await socket.request({"type": "hello", "cursors": {"x": 1}})
            assert wrong["error"]["code"] == "invalid"
            await socket.hello()
            assert (await socket.request({"type": "hello"}))["error"]["code"] == "hello_again"


@pytest.mark.asyncio
async def test_cursors_of_all_kinds(server: Server, ids: tuple[ApiClient, Ids]) -> None:
    mine = str(ids[1].group)
    keys = [
        "0",
        "-1",
        "01",
        "1.0",
        "",
        " ",
        "x",
        "１",
        "9" * 18,
        "9" * 19,
        "9" * 30,
        f" {mine}",
        f"{mine}\x00",
        "😀",
    ]
    with unharmed(server):
        for key in (mine, *keys):
            for version in (0, 1, 10**6, 2**63 - 1, 2**63, -1, 0.5, None, "1", True):
                async with ChatSocket(server.ws_url, ids[0].token) as socket:
                    await socket.send({"type": "hello", "cursors": {key: version}})
                    await socket.send({"type": "ping", "id": "fence"})
                    await socket.next("pong", re="fence")
                    for frame in socket.received:
                        well_formed(frame)
        many = {str(number): 1 for number in range(1, 502)}
        async with ChatSocket(server.ws_url, ids[0].token) as socket:
            assert (await socket.request({"type": "hello", "cursors": many}))["error"]["code"] == "invalid"


@pytest.mark.own_server("daphne cuts the line, and names no reason")
@pytest.mark.asyncio
async def test_bytes_that_are_no_text_end_the_connection(server: Server, ids: tuple[ApiClient, Ids]) -> None:
    with unharmed(server):
        for data in (b"\xff\xfe", b'{"type": "\xed\xa0\x80"}', b"\xc0\x80", b"\xf0\x9f\x98"):
            async with ChatSocket(server.ws_url, ids[0].token) as socket:
                await socket.hello()
                await socket.connection.send(data, text=True)
                assert await socket.closed() == 1007
        async with ChatSocket(server.ws_url, ids[0].token) as socket:
            await socket.hello()
            await socket.connection.send(['{"type": ', '"ping", ', '"id": 5}'])
            assert (await socket.next("pong"))["re"] == 5


@pytest.mark.asyncio
async def test_a_type_of_any_kind_is_unknown(server: Server, ids: tuple[ApiClient, Ids]) -> None:
    with unharmed(server):
        async with ChatSocket(server.ws_url, ids[0].token) as socket:
            unknown: list[Any] = [{}, [], [{}], None, 5, True, 1.5, "", "Ping", "ping ", "x" * 5000, "😀"]
            for type_ in unknown:
                reply = await socket.request({"type": type_})
                assert reply["error"]["code"] == "unknown_type", type_


@pytest.mark.asyncio
async def test_replies_carry_the_id_as_it_was(server: Server, ids: tuple[ApiClient, Ids]) -> None:
    with unharmed(server):
        async with ChatSocket(server.ws_url, ids[0].token) as socket:
            await socket.hello()
            for id_ in (0, 1, -5, 2**63 - 1, -(2**63), "", "x", "x" * 64, "😀", "\u0000"):
                assert (await socket.request({"type": "ping", "id": id_}))["re"] == id_
            wrong: list[Any] = [1.5, True, [], {}, "x" * 65, 2**63, 2**64, 10**80, -(10**80), 10**4000]
            for no_id in wrong:
                await socket.send({"type": "ping", "id": no_id})
                refusal = await socket.next("error")
                assert "re" not in refusal
                well_formed(refusal)
