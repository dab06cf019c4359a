"""The channel layer is only a wake-up: Redis dies, is away, freezes, comes back, and nothing is lost."""

import asyncio
import os
import signal
import time
from collections.abc import Callable

import pytest

from accounts.models import User
from accounts.services import sessions
from accounts.services.bans import ban_person
from chatchat.realtime import outlet
from messaging.services import messages
from scripts.services import Redis
from tests.client import ApiClient, ChatSocket, ok
from tests.messaging.common import check_numbers
from tests.messaging.line import say
from tests.people import orm
from tests.realtime.conftest import Two
from tests.stack.server import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.production]

RECOVERS = pytest.mark.beyond_core_layer(
    "it waits on a frozen Redis, and hears nothing more after a killed one"
)

NOTICED = 3.5  # seconds: heads every 2, held for 0.1, and a busy machine


@pytest.fixture
def apart(redis_server: Redis, start_server: Callable[..., Server], person: Callable[..., ApiClient]) -> Two:
    """Two processes on a Redis of the test's own."""
    server = start_server(REDIS_URL=redis_server.url)
    other = start_server(REDIS_URL=redis_server.url)
    amy, bob = person("Amy", server=server), person("Bob", server=other)
    return Two(amy, bob, amy.befriend(bob), server, other)


@RECOVERS
async def test_deliveries_go_on_without_redis_and_by_push_when_it_is_back(
    apart: Two, redis_server: Redis, person: Callable[..., ApiClient]
) -> None:
    async with apart.at_amys() as writer, apart.at_bobs() as reader:
        await writer.hello()
        await reader.hello()
        sent = 0

        async def send(count: int) -> None:
            nonlocal sent
            for _ in range(count):
                reply = await writer.send_message(apart.chat, f"{sent}")
                assert reply["type"] == "message.accepted", "acknowledgements go on"
                sent += 1

        async def all_there(within: float) -> float:
            started = time.monotonic()
            async with asyncio.timeout(within):
                while len(reader.messages(apart.chat)) < sent:
                    await reader.next("message", timeout=within, conversation=apart.chat)
            return time.monotonic() - started

        await send(20)
        await all_there(2)
        redis_server.kill()
        await send(20)
        await all_there(NOTICED)

        cat = person("Cat", server=apart.server)
        group = await asyncio.to_thread(cat.create_group, apart.bob)
        state = await reader.next("conversation", timeout=2)
        assert state["conversation"]["id"] == group, "a join is noticed"
        await asyncio.to_thread(cat.send_message, group, "welcome")
        await reader.next("message", timeout=NOTICED, conversation=group)
        ok(await asyncio.to_thread(cat.delete, f"groups/{group}/members/{apart.bob.id}"), 204)
        gone = await reader.next("conversation.gone", timeout=2, conversation=group)
        assert gone["reason"] == "kicked"

        await asyncio.to_thread(redis_server.start)
        await send(5)
        await all_there(NOTICED)
        async with asyncio.timeout(10):  # until both processes have their connections again
            while True:
                await send(1)
                if await all_there(NOTICED) < 0.5:
                    break
        quick = 0
        for _ in range(5):
            await send(1)
            quick += await all_there(NOTICED) < 0.5
        assert quick >= 4, "by push again"
        assert [m["body"] for m in reader.messages(apart.chat)] == [str(n) for n in range(sent)]
        assert [m["version"] for m in reader.messages(apart.chat)] == list(range(1, sent + 1))
    orm(lambda: check_numbers(apart.chat))


@RECOVERS
async def test_a_frozen_redis_stops_nobody(apart: Two, redis_server: Redis) -> None:
    """It keeps its connections and answers nothing."""
    async with apart.at_amys() as writer, apart.at_bobs() as reader:
        await writer.hello()
        await reader.hello()
        assert redis_server.process is not None
        pid = redis_server.process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            for number in range(3):
                assert (await writer.send_message(apart.chat, f"{number}"))["type"] == "message.accepted"
            for _ in range(3):
                await reader.next("message", timeout=NOTICED)
            for _ in range(2):  # the second time its groups are known, but were never confirmed
                async with ChatSocket(apart.other.ws_url, apart.amy.token, timeout=15) as late:
                    await late.hello({apart.chat: 0})
                    assert len(late.messages()) == 3
        finally:
            os.kill(pid, signal.SIGCONT)
        await writer.send_message(apart.chat, "thawed")
        await reader.next("message", timeout=NOTICED)


@pytest.mark.parametrize("redis", ["with Redis", "without Redis"])
async def test_what_is_revoked_stops_within_a_second_on_the_other_process(
    apart: Two, redis_server: Redis, person: Callable[..., ApiClient], redis: str
) -> None:
    groups = {reason: apart.amy.create_group(apart.bob) for reason in ("kicked", "left", "dissolved")}
    people = {name: person(name, server=apart.other) for name in ("banned", "signed out", "password", "kept")}
    codes = {"banned": 4403, "signed out": 4401, "password": 4401}
    sockets = {name: ChatSocket(apart.other.ws_url, client.token) for name, client in people.items()}
    try:
        async with apart.at_bobs() as reader:
            await reader.hello()
            for socket in sockets.values():
                await socket.open()
                await socket.hello()
            if redis == "without Redis":
                redis_server.kill()
            path = f"groups/{groups['kicked']}/members/{apart.bob.id}"
            ok(await asyncio.to_thread(apart.amy.delete, path), 204)
            ok(await asyncio.to_thread(apart.bob.post, f"groups/{groups['left']}/leave"), 200, 204)
            ok(await asyncio.to_thread(apart.amy.delete, f"groups/{groups['dissolved']}"), 204)
            started = time.monotonic()
            for reason, group in groups.items():
                gone = await reader.next("conversation.gone", conversation=group)
                assert gone["reason"] == reason
            assert time.monotonic() - started < 1.5
            await asyncio.to_thread(apart.amy.send_message, groups["kicked"], "without Bob")
            # As the processes do it: in a process that has no hub, and that here reaches no Redis.
            orm(lambda: ban_person(user_id=people["banned"].id))
            orm(lambda: sessions.end_all(user_id=people["password"].id, reason="password"))
            answer = await asyncio.to_thread(
                ApiClient(apart.server.url, token=people["signed out"].token).post, "auth/logout"
            )
            ok(answer, 204)
            started = time.monotonic()
            for name, code in codes.items():
                assert await sockets[name].closed() == code, name
            assert time.monotonic() - started < 1.5
            assert sockets["kept"].close_code is None
            await asyncio.sleep(0.1)
            assert "without Bob" not in [message["body"] for message in reader.messages()]
    finally:
        for socket in sockets.values():
            await socket.close()


async def test_a_commit_that_nobody_tells_of_is_noticed(two: Two) -> None:
    """A process dies between its commit and its publication, or reaches no Redis."""
    amy = orm(lambda: User.objects.get(pk=two.amy.id))
    async with two.at_amys() as one, two.at_bobs() as other:
        await one.hello()
        await other.hello()
        for attempt in range(2):
            orm(lambda: _say_unheard(amy, two.chat))
            started = time.monotonic()
            for socket in (one, other):
                found = await socket.next("message", timeout=NOTICED)
                assert found["message"]["body"] == "unheard"
                edited = await socket.next("message", timeout=NOTICED)
                assert edited["message"]["body"] == "edited"
            assert time.monotonic() - started < NOTICED, attempt


def _say_unheard(amy: User, chat: int) -> None:
    outlet.connect(lambda events: None)
    try:
        say(amy, chat, "unheard")
        accepted = say(amy, chat, "edited soon")
        messages.edit(user_id=amy.pk, conversation_id=chat, seq=accepted.seq, body="edited")
    finally:
        outlet.connect(None)
