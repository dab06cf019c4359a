"""The database is killed, or frozen, and comes back: who asks is told so at once, and nobody is cut off."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.client import ApiClient, ChatSocket, error_code, ok
from tests.need.conftest import HOW, Site

pytestmark = [pytest.mark.asyncio, pytest.mark.production, pytest.mark.django_db]  # its schema is copied

#: Seconds within which a frozen database has to be noticed: two looks of a second each, and the wait for them.
BOUND = 4.0


async def until_served(send: Callable[[], Awaitable[str]], within: float = 15) -> None:
    """Try as a client does, until it is accepted."""
    async with asyncio.timeout(within):
        while await send() != "message.accepted":
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("how", HOW)
async def test_sends_fail_soon_and_sockets_stay(site: Site, how: str) -> None:
    amy, bob = ApiClient(site.server.url).register(), ApiClient(site.server.url).register()
    chat = amy.befriend(bob)
    async with (
        ChatSocket(site.server.ws_url, amy.token) as writer,
        ChatSocket(site.server.ws_url, bob.token) as reader,
    ):
        await writer.hello()
        await reader.hello()
        assert (await writer.send_message(chat, "before"))["type"] == "message.accepted"
        with HOW[how](site.database):
            for _ in range(3):
                async with asyncio.timeout(BOUND):
                    reply = await writer.send_message(chat, "lost")
                assert (reply["type"], reply["error"]["code"]) == ("error", "unavailable")
                answer = await asyncio.to_thread(
                    amy.post, f"conversations/{chat}/messages",
                    {"client_id": "1", "kind": "text", "body": "x"},
                )
                assert (answer.status_code, error_code(answer)) == (503, "unavailable")
            started = time.monotonic()
            for _ in range(20):
                assert (await writer.send_message(chat, "lost"))["error"]["code"] == "unavailable"
            assert time.monotonic() - started < BOUND, "it is known by now: nobody waits"
            assert (await reader.request({"type": "ping"}))["type"] == "pong"
            assert await asyncio.to_thread(site.server.healthy)
            assert writer.close_code is reader.close_code is None
        async def again() -> str:
            return str((await writer.send_message(chat, "after"))["type"])
        await until_served(again)
        await reader.next("message")
        history = [message["body"] for message in await asyncio.to_thread(amy.history, chat)]
        assert "lost" not in history
        ok(await asyncio.to_thread(amy.get, "conversations"))
