"""Redis is killed, or frozen, under load: nobody's messages wait for it, and what needs it says so."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from scripts.services import Redis
from tests.client import TLS, ApiClient, ChatSocket, Frame, error_code, ok
from tests.need.conftest import HOW
from tests.need.doors import SENTENCES
from tests.stack.server import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.production]

#: What a delivery may take after the acknowledgement, with Redis or without.
SOON = 3.0


class Reader:
    """When each message of a conversation came to somebody."""

    def __init__(self) -> None:
        self.came: dict[int, float] = {}

    def take(self, frame: Frame) -> None:
        if frame["type"] == "message":
            self.came[frame["message"]["seq"]] = time.monotonic()


@pytest.mark.parametrize("how", HOW)
async def test_no_send_fails_and_every_reader_has_it_soon(
    start_server: Callable[..., Server], redis_server: Redis, person: Callable[..., ApiClient], how: str
) -> None:
    servers = [start_server(REDIS_URL=redis_server.url) for _ in range(2)]
    people = [person(server=servers[number % 2]) for number in range(6)]
    chat = people[0].create_group(*people[1:])
    readers = [Reader() for _ in people]
    acknowledged: dict[int, float] = {}
    over = asyncio.Event()

    async def talk(socket: ChatSocket) -> None:
        for number in itertools.count():
            if over.is_set():
                return
            reply = await socket.send_message(chat, f"{number}")
            assert reply["type"] == "message.accepted", reply
            acknowledged[reply["seq"]] = time.monotonic()
            await asyncio.sleep(0.1)

    async with contextlib.AsyncExitStack() as open_:
        sockets = []
        for number, (client, reader) in enumerate(zip(people, readers, strict=True)):
            socket = ChatSocket(servers[number % 2].ws_url, client.token, on_frame=reader.take)
            sockets.append(await open_.enter_async_context(socket))
            await socket.hello()
        talking = [asyncio.create_task(talk(socket)) for socket in sockets]
        await asyncio.sleep(0.5)
        with HOW[how](redis_server):
            await asyncio.sleep(3)
        await asyncio.sleep(1)
        over.set()
        await asyncio.gather(*talking)
        async with asyncio.timeout(SOON):
            while any(acknowledged.keys() - reader.came for reader in readers):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    late = [
        (seq, reader.came[seq] - at) for reader in readers for seq, at in acknowledged.items()
        if reader.came[seq] - at > SOON
    ]  # fmt: skip
    assert not late
    assert all(list(reader.came) == sorted(reader.came) for reader in readers), "in order"


@pytest.mark.parametrize("how", HOW)
async def test_signing_in_says_that_a_part_is_away_and_the_rest_goes_on(
    start_server: Callable[..., Server], redis_server: Redis, how: str
) -> None:
    server = start_server(REDIS_URL=redis_server.url, RATELIMIT_ENABLE="1", SEND_RATE="1", SEND_BURST="3")
    amy, bob = ApiClient(server.url).register(), ApiClient(server.url).register()
    chat = amy.befriend(bob)
    with HOW[how](redis_server):
        for path, body in (
            ("auth/token", {"email": amy.email, "password": amy.password}),
            ("auth/email-codes", {"email": "new@example.com", "purpose": "register"}),
        ):
            answer = await asyncio.to_thread(ApiClient(server.url).post, path, body)
            assert (answer.status_code, error_code(answer)) == (503, "unavailable"), path
        await asyncio.to_thread(refused_by_the_page, amy)
        started = time.monotonic()
        for _ in range(20):
            ok(await asyncio.to_thread(amy.get, "conversations"))
        assert time.monotonic() - started < 10, "one in a while asks Redis, and waits; the others do not"
        outcomes = [
            await asyncio.to_thread(
                amy.post, f"conversations/{chat}/messages",
                {"client_id": str(uuid4()), "kind": "text", "body": "x"},
            )
            for _ in range(8)
        ]  # fmt: skip
        statuses = {answer.status_code for answer in outcomes}
        assert statuses == {201, 429}, "limits hold a process"
    async with asyncio.timeout(15):
        body = {"email": amy.email, "password": amy.password}
        while (await asyncio.to_thread(ApiClient(server.url).post, "auth/token", body)).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


def refused_by_the_page(amy: ApiClient) -> None:
    """The form is shown, and what is sent with it gets a page that a person understands."""
    with httpx.Client(base_url=amy.base_url, verify=TLS) as browser:
        for language, sentence in SENTENCES.items():
            browser.headers["Accept-Language"] = language
            assert browser.get("/login/").status_code == 200
            form = {"email": amy.email, "password": amy.password}
            form["csrfmiddlewaretoken"] = browser.cookies["chatchat_csrf"]
            answer = browser.post("/login/", data=form)
            assert answer.status_code == 503
            assert sentence in answer.text
