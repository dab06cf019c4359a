"""SIGTERM while a part of the site is away: the process goes in time all the same, and tells everybody."""

import asyncio
import contextlib
import os
import signal
import time
from uuid import uuid4

import pytest

from tests.client import ApiClient, ChatSocket
from tests.need.conftest import HOW, Site

pytestmark = [pytest.mark.asyncio, pytest.mark.production, pytest.mark.django_db]  # its schema is copied

WITHIN = 10.0  # seconds


@pytest.mark.parametrize(
    ("how", "away"),
    [
        ("frozen", ("database",)),
        ("frozen", ("redis",)),
        ("frozen", ("database", "redis")),
        ("killed", ("database", "redis")),
    ],
)
@pytest.mark.own_server("daphne that is told to stop cuts every line at once")
async def test_it_goes_within_ten_seconds(site: Site, how: str, away: tuple[str, ...]) -> None:
    """Messages are under way, and one client does not even answer the close."""
    amy, bob = ApiClient(site.server.url).register(), ApiClient(site.server.url).register()
    chat = amy.befriend(bob)
    sockets = [ChatSocket(site.server.ws_url, client.token) for client in (amy, amy, bob)]
    for socket in sockets:
        await socket.open()
        await socket.hello()
    deaf = sockets[1]
    deaf.connection.transport.pause_reading()
    with contextlib.ExitStack() as ends:
        for name in away:
            ends.enter_context(HOW[how](getattr(site, name)))
        for socket in sockets:
            for _ in range(20):
                body = {"conversation": chat, "client_id": str(uuid4()), "kind": "text", "body": "x"}
                await socket.send({"type": "message.send", "id": body["client_id"], **body})
        started = time.monotonic()
        os.kill(site.server.pid, signal.SIGTERM)
        assert await sockets[0].closed(WITHIN) == await sockets[2].closed(WITHIN) == 1012
        assert await asyncio.to_thread(site.server.wait, within=WITHIN) in (0, -signal.SIGTERM)
        took = time.monotonic() - started
    deaf.connection.transport.abort()
    site.server.start()
    assert took < WITHIN
    for socket in (sockets[0], sockets[2]):
        told = [frame for frame in socket.received if frame["type"] in ("message.accepted", "error")]
        assert {frame.get("error", {}).get("code") for frame in told} <= {None, "unavailable"}
    known = {message["client_id"] for message in await asyncio.to_thread(amy.history, chat)}
    accepted = [
        frame for socket in sockets for frame in socket.received if frame["type"] == "message.accepted"
    ]
    assert {frame["client_id"] for frame in accepted} <= known, "what was acknowledged is there"
