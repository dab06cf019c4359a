"""The application on what is not its first choice: Channels' stock layers, and daphne."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from accounts.services.bans import ban_person
from tests.client import ApiClient, ChatSocket
from tests.people import orm
from tests.stack.server import Server

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
    told = await asyncio.to_thread(bob.history, chat)
    assert [m["body"] for m in told if m["sender"]] == [*(f"{number}" for number in range(21)), "missed"]


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
    for server in servers:
        ready = await asyncio.to_thread(httpx.get, f"{server.url}/readyz")
        assert ready.status_code == 200, "a proxy sends people here"


async def test_daphne_serves_the_socket_too(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    daphne = start_server("daphne")
    amy, bob = (person(name, server=daphne) for name in ("Amy", "Bob"))
    await talk(amy, bob, daphne.ws_url, daphne.ws_url)
    async with ChatSocket(daphne.ws_url, bob.token) as socket:
        ready = await socket.hello()
        await socket.send(b"binary")
        assert (await socket.next("error"))["error"]["code"] == "invalid_json"
        assert (await asyncio.to_thread(amy.get, "conversations")).status_code == 200
        await asyncio.to_thread(bob.delete, f"auth/sessions/{ready['session']['id']}")
        assert await socket.closed() == 4401
    async with ChatSocket(daphne.ws_url, amy.token) as socket:
        await socket.send({"type": "ping", "pad": "字" * 22_000})
        assert await socket.closed() == 4009, "it may not say 1009"
    with pytest.raises(InvalidStatus) as refused:
        await ChatSocket(daphne.ws_url).open()
    assert refused.value.response.status_code == 403, "it has but one answer"
    text = daphne.log_text()
    for complaint in ("Traceback", "never retrieved", "was destroyed", "took too long"):
        assert complaint not in text, text[-3000:]


async def test_daphne_tells_why_before_it_closes(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    daphne = start_server("daphne")
    amy = person("Amy", server=daphne)
    async with ChatSocket(daphne.ws_url, amy.token) as socket:
        await socket.hello()
        orm(lambda: ban_person(user_id=amy.id))
        assert (await socket.next("error"))["error"]["code"] == "banned"
        assert await socket.closed() == 4403
