"""The application on what is not its first choice: Channels' stock layers, and daphne."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from scripts.services import free_port
from tests.client import ApiClient, ChatSocket
from tests.stack.server import ROOT, Server, server_env

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]


async def talk(amy: ApiClient, bob: ApiClient, amys_url: str, bobs_url: str) -> None:
    """Both write, both get all of it in one order; one is cut and resumes."""
    chat = amy.befriend(bob)
    async with ChatSocket(amys_url, amy.token) as one, ChatSocket(bobs_url, bob.token) as two:
        await one.hello()
        await two.hello()
        for number in range(21):
            socket = (one, two)[number % 2]
            assert (await socket.send_message(chat, f"{number}"))["seq"] == number + 1
            for each in (one, two):
                await each.next("message", timeout=4)
        assert one.messages(chat) == two.messages(chat)
        assert [m["body"] for m in one.messages(chat)] == [f"{number}" for number in range(21)]
        await two.request({"type": "read", "conversation": chat, "seq": 21})
        receipts = await one.next("receipts", timeout=4)
        assert receipts["receipts"][0]["read_seq"] == 21
        await two.cut()
        await one.send_message(chat, "missed")
    async with ChatSocket(bobs_url, bob.token) as two:
        await two.hello({chat: 21})
        assert [m["body"] for m in two.messages(chat)] == ["missed"]


@pytest.mark.production
@pytest.mark.parametrize(
    "layer", ["channels_redis.pubsub.RedisPubSubChannelLayer", "channels_redis.core.RedisChannelLayer"]
)
async def test_channels_own_layers_serve_too(
    start_server: Callable[..., Server], person: Callable[..., ApiClient], layer: str
) -> None:
    servers = [start_server(CHANNEL_LAYER=layer) for _ in range(2)]
    amy, bob = (person(name, server=server) for name, server in zip(("Amy", "Bob"), servers, strict=True))
    await talk(amy, bob, servers[0].ws_url, servers[1].ws_url)


@pytest.fixture
def daphne(transactional_db: None, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """(its address without the scheme, its log)."""
    port = free_port()
    env = os.environ | server_env() | {"DJANGO_SETTINGS_MODULE": "chatchat.settings"}
    log = tmp_path / "daphne.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "chatchat.asgi:application"],
            cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200:
                    break
            time.sleep(0.05)
        yield f"127.0.0.1:{port}", log
    finally:
        process.kill()
        process.wait()


async def test_daphne_serves_the_socket_too(
    daphne: tuple[str, Path], person: Callable[..., ApiClient]
) -> None:
    address, log = daphne

    class At:
        url = f"http://{address}"

    amy, bob = person("Amy", server=At), person("Bob", server=At)
    await talk(amy, bob, f"ws://{address}", f"ws://{address}")
    async with ChatSocket(f"ws://{address}", bob.token) as socket:
        ready = await socket.hello()
        await socket.send(b"binary")
        assert (await socket.next("error"))["error"]["code"] == "invalid_json"
        assert (await asyncio.to_thread(amy.get, "conversations")).status_code == 200
        await asyncio.to_thread(bob.delete, f"auth/sessions/{ready['session']['id']}")
        assert await socket.closed() == 4401
    with contextlib.suppress(Exception):
        async with ChatSocket(f"ws://{address}") as nobody:
            await nobody.hello()
            raise AssertionError("let in without a token")
    text = log.read_text()
    for complaint in ("Traceback", "never retrieved", "was destroyed", "took too long"):
        assert complaint not in text, text[-3000:]
