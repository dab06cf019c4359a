"""The database is killed, or frozen, and comes back: who asks is told so at once, and nobody is cut off."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest

from tests.client import TLS, ApiClient, ChatSocket, error_code, ok
from tests.need.conftest import HOW, Site
from tests.need.doors import METHODS, knock, paths, signed_in

pytestmark = [pytest.mark.asyncio, pytest.mark.production, pytest.mark.django_db]  # its schema is copied

#: Seconds in which a frozen database has to be noticed: two looks of a second each, and the wait for them.
BOUND = 4.0


async def until(so: Callable[[], Awaitable[bool]], within: float = 15) -> None:
    """Try as a client does, again and again."""
    async with asyncio.timeout(within):
        while not await so():  # noqa: ASYNC110
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("how", HOW)
async def test_sends_fail_soon_and_sockets_stay(site: Site, how: str) -> None:
    amy, bob = ApiClient(site.server.url).register(), ApiClient(site.server.url).register()
    chat = amy.befriend(bob)
    writer, reader = (ChatSocket(site.server.ws_url, client.token) for client in (amy, bob))
    async with contextlib.AsyncExitStack() as ends:
        for socket in (writer, reader):
            await socket.open()
            ends.push_async_callback(socket.close)
            await socket.hello()
        assert (await writer.send_message(chat, "before"))["type"] == "message.accepted"
        with HOW[how](site.database):
            for _ in range(3):
                async with asyncio.timeout(BOUND):
                    reply = await writer.send_message(chat, "lost")
                assert (reply["type"], reply["error"]["code"]) == ("error", "unavailable")
                answer = await asyncio.to_thread(
                    amy.post,
                    f"conversations/{chat}/messages",
                    {"client_id": str(uuid4()), "kind": "text", "body": "x"},
                )
                assert (answer.status_code, error_code(answer)) == (503, "unavailable")
            started = time.monotonic()
            for _ in range(20):
                assert (await writer.send_message(chat, "lost"))["error"]["code"] == "unavailable"
            assert time.monotonic() - started < BOUND, "it is known by now: nobody waits"
            assert (await reader.request({"type": "ping"}))["type"] == "pong"
            assert await asyncio.to_thread(site.server.healthy)
            assert writer.close_code is reader.close_code is None

        async def sent() -> bool:
            reply = await writer.send_message(chat, "after")
            return bool(reply["type"] == "message.accepted")

        await until(sent)
        await reader.next("message")
        history = [message["body"] for message in await asyncio.to_thread(amy.history, chat)]
        assert "lost" not in history
        ok(await asyncio.to_thread(amy.get, "conversations"))


async def test_no_door_answers_with_a_trace(site: Site) -> None:
    """Every address by every method, of somebody with a token, of a browser, and of nobody."""
    amy = ApiClient(site.server.url).register()
    browser = await asyncio.to_thread(signed_in, amy)
    calls = [("GET", path) for path in paths() if "/admin/" not in path or path.count("/") < 4]
    with HOW["killed"](site.database):
        refused, wrong = await asyncio.to_thread(knock, browser, calls)
        api = [(method, path) for _, path in calls if path.startswith("/api/v1/") for method in METHODS]
        for client in (amy.http, httpx.Client(base_url=site.server.url, verify=TLS)):
            client.headers["Authorization"] = f"Bearer {amy.token}" if client is amy.http else ""
            more, also = await asyncio.to_thread(knock, client, api)
            refused, wrong = refused + more, wrong + also
            client.close()
    browser.close()
    assert not wrong, "\n".join(wrong)
    assert refused > 100

    async def served() -> bool:
        again = ApiClient(site.server.url, token=amy.token)
        return (await asyncio.to_thread(again.get, "users/me")).status_code == 200

    await until(served)
