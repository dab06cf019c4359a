"""Every address has a limit, whoever asks and by whichever process."""

import asyncio
import re
import time
import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from websockets.exceptions import InvalidStatus

from chatchat import overload
from chatchat.buckets import SharedBuckets
from scripts.services import Redis
from tests.client import ApiClient, ChatSocket, error_code, ok
from tests.people import sign_in
from tests.stack.server import Server, refusal

#: A value for each kind of variable in an address.
EXAMPLES = {
    "id": "1",
    "int": "1",
    "str": "zh-hans",
    "slug": "meridian",
    "path": "1",
    "uuid": "0b7c1b0e-5f0e-4a9e-9a55-3f1f5a2b8e11",
    "": "x",
}
#: What fits those that are regular expressions, by how they begin.
EXPRESSIONS = {
    "^docs/": "docs/websocket/",
    "^avatars/(?P<name>[A-Z": "avatars/0123456789abcdef.webp",
    "^avatars/(?P<name>[0-9": "avatars/1.png",
    "^(?P<app_label>": "accounts/",
    "(?P<url>": "nothing",
    "^(?P<rest>": "nothing",
}


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every address of the site, with examples in place of its variables."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + _example(pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def _example(pattern: URLPattern | URLResolver) -> str:
    text = str(pattern.pattern)
    if "(?P<" in text:
        return next(example for start, example in EXPRESSIONS.items() if text.startswith(start))
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: EXAMPLES[found[1] or ""], text)


@pytest.fixture
def once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request an hour, and the hour does not end meanwhile."""
    settings.REQUEST_RATE = "1/h"
    moment = time.time()
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: moment))


def test_every_address_has_a_limit(db: None, settings: Any, client: Client) -> None:
    settings.REQUEST_RATE = "0/h"
    free = []
    there = sorted(set(routes()))
    assert len(there) > 150
    for route in there:
        resolve(f"/{route}")
        answer = client.get(f"/{route}")
        if answer.status_code != 429:
            free.append(route)
            continue
        assert 1 <= int(answer["Retry-After"]) <= 3600
        if route.startswith("api/v1/"):
            assert answer.json()["error"]["code"] == "rate_limited"
    assert free == []


def test_the_limit_is_a_person_s_wherever_they_are(api: Callable[..., ApiClient], once: None) -> None:
    amy, bob, nobody = api("Amy"), api("Bob"), api()
    cache.clear()  # they have asked who they are
    ok(amy.get("users/me"))
    assert error_code(ok(amy.get("friends"), 429)) == "rate_limited"
    ok(bob.get("users/me"))
    ok(nobody.get("users/me"), 401)
    ok(nobody.get("users/me"), 429)


def test_a_token_that_is_none_counts_for_the_ip(api: Callable[..., ApiClient], once: None) -> None:
    one, other = api(), api()
    one.token, other.token = "x.y.z", "another one"
    ok(one.get("users/me"), 401)
    ok(other.get("users/me"), 429)


def test_what_is_costly_goes_first_when_messages_wait(api: Callable[..., ApiClient]) -> None:
    amy, bob = api("Amy"), api("Bob")
    group = bob.create_group(join_policy="open")
    overload.waiting(time.monotonic() - 10)
    try:
        for answer in (amy.get("users", search="Bob"), amy.post(f"groups/{group}/join", {})):
            assert error_code(ok(answer, 503)) == "busy"
            assert int(answer.headers["Retry-After"]) >= 1
        ok(amy.get("users/me"))
        ok(amy.get("conversations"))
    finally:
        overload.waiting(None)
    ok(amy.get("users", search="Bob"))


def test_sockets_are_opened_so_often_and_no_more(start_server: Callable[..., Server], stack: str) -> None:
    servers = [start_server(RATELIMIT_ENABLE="1", CONNECT_RATE="3/h")]
    if stack == "production":
        servers.append(start_server(RATELIMIT_ENABLE="1", CONNECT_RATE="3/h"))
    amy, bob = (sign_in(ApiClient(servers[0].url), name) for name in ("Amy", "Bob"))

    async def connect(client: ApiClient, number: int) -> None:
        async with ChatSocket(servers[number % len(servers)].ws_url, client.token) as socket:
            await socket.hello()

    for number in range(3):
        asyncio.run(connect(amy, number))
    with pytest.raises(InvalidStatus) as refused:
        asyncio.run(connect(amy, 3))
    assert refused.value.response.status_code == refusal(429)
    if servers[0].kind == "uvicorn":
        assert int(refused.value.response.headers["Retry-After"]) >= 1
    asyncio.run(connect(bob, 0))


def test_handshakes_of_nobody_count_for_their_address(start_server: Callable[..., Server]) -> None:
    server = start_server(RATELIMIT_ENABLE="1", REQUEST_RATE="2/h")

    async def status() -> int:
        with pytest.raises(InvalidStatus) as refused:
            async with ChatSocket(server.ws_url, "x.y.z"):
                pass
        return refused.value.response.status_code

    assert [asyncio.run(status()) for _ in range(3)] == [refusal(401), refusal(401), refusal(429)]


def send_all(client: ApiClient, urls: list[str], conversation: int, count: int) -> list[httpx.Response]:
    """`count` messages, in turns to each of the servers."""
    return [
        httpx.post(
            f"{urls[number % len(urls)]}/api/v1/conversations/{conversation}/messages",
            json={"client_id": str(uuid.UUID(int=number)), "kind": "text", "body": "hello"},
            headers={"Authorization": f"Bearer {client.token}"},
        )
        for number in range(count)
    ]


@pytest.mark.production
def test_sending_is_limited_across_processes(start_server: Callable[..., Server]) -> None:
    slowly = {"RATELIMIT_ENABLE": "1", "SEND_RATE": "0.001", "SEND_BURST": "6"}
    urls = [start_server(**slowly).url for _ in range(2)]
    amy, bob = (sign_in(ApiClient(urls[0]), name) for name in ("Amy", "Bob"))
    group = amy.create_group(bob)
    answers = send_all(amy, urls, group, 12)
    assert [answer.status_code for answer in answers] == [201] * 6 + [429] * 6
    assert all(int(answer.headers["Retry-After"]) > 60 for answer in answers[6:])
    again = send_all(amy, urls, group, 2)
    assert [answer.status_code for answer in again] == [200, 200], "what was sent is answered again"
    assert len([message for message in bob.history(group) if message["sender"]]) == 6


@pytest.mark.production
def test_without_redis_sending_is_limited_by_each_process(
    start_server: Callable[..., Server], redis_server: Redis
) -> None:
    server = start_server(RATELIMIT_ENABLE="1", SEND_RATE="0.001", SEND_BURST="6", REDIS_URL=redis_server.url)
    amy, bob = (sign_in(ApiClient(server.url), name) for name in ("Amy", "Bob"))
    group = amy.create_group(bob)
    redis_server.kill()
    answers = send_all(amy, [server.url], group, 8)
    assert [answer.status_code for answer in answers] == [201] * 6 + [429] * 2


@pytest.mark.production
def test_a_shared_bucket_fills_again(redis_server: Redis) -> None:
    here, there = (SharedBuckets(redis_server.url, name="test", rate=20, burst=5) for _ in range(2))
    assert [here.take({1: 3})[1].got, there.take({1: 3})[1].got, here.take({1: 1})[1].got] == [3, 2, 0]
    assert there.take({2: 9, 3: 1})[2].got == 5
    got, deadline = 0, time.monotonic() + 10
    while not got and time.monotonic() < deadline:
        got = here.take({1: 5})[1].got
    assert 1 <= got <= 5
