"""What people say or prove themselves with is in no log, trace or metric, whichever door it came by."""

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import canaries
from tests.client import ApiClient, ChatSocket, ok
from tests.people import signed_in
from tests.stack.server import Server, refusal
from tests.telemetry.collector import Collector

Start = Callable[..., Server]


def canary(kind: str) -> str:
    """A word that nothing else holds."""
    return f"canary-{kind}-{secrets.token_hex(8)}"


def test_a_canary_is_found_wherever_it_stands(tmp_path: Path) -> None:
    word, other = canary("found"), canary("other")
    canaries.plant(word, "a message")
    canaries.plant(other, "a message")
    canaries.plant("730251", "a code")
    file = tmp_path / "some.log"
    file.write_bytes(b'{"event": "x' + word.encode() + b'y"}\n\x00\xff 730251 \n7302519 a730251')
    found = canaries.search([file])
    assert sorted(found) == sorted(["a code in some.log: 730251", f"a message in some.log: {word}"])
    file.write_text("nothing here; 1730251, 730251.5, 2026-11-23T10:00:00.730251Z, id=4730251f")
    assert canaries.search([file]) == []


@pytest.mark.parametrize("value", ["hello", "not_authenticated", "aaaaaaaaaaaaaaaa", None, 5])
def test_what_says_nothing_is_no_canary(value: object, tmp_path: Path) -> None:
    file = tmp_path / "some.log"
    file.write_text(f"{value} ")
    canaries.plant(value, "a message")
    assert canaries.search([file]) == []


async def by_socket(server: Server, amy: ApiClient, conversation: int, said: list[str]) -> None:
    """Messages that are taken, refused, too long, no frames at all; tokens that are none."""
    kinds = ("body", "edited", "nowhere", "broken", "wrong", "long", "token")
    body, edited, nowhere, broken, wrong, long, token = words = [canary(kind) for kind in kinds]
    said += words
    async with ChatSocket(server.ws_url, amy.token) as socket:
        await socket.hello()
        sent = await socket.send_message(conversation, body)
        await socket.request(
            {"type": "message.edit", "conversation": conversation, "seq": sent["seq"], "body": edited}
        )
        await socket.send_message(2**40, nowhere)
        await socket.send(f'{{"type": "message.send", "body": "{broken}')
        await socket.send(json.dumps({"type": "message.send", "conversation": wrong, "body": wrong}))
        await socket.send_message(conversation, long + "x" * 5000)
        await socket.request({"type": "auth", "token": token})
        await socket.send(b"\xff" + broken.encode())
    for credential in (token, f"{amy.token}x"):
        with pytest.raises(Exception, match=str(refusal(401))):
            async with ChatSocket(server.ws_url, subprotocols=("chatchat.v1", f"bearer.{credential}")):
                pass


def by_rest(amy: ApiClient, conversation: int, said: list[str]) -> None:
    """A message, a search for it, wrong passwords and codes, tokens that are none."""
    kinds = ("rest", "password", "token", "mail", "path")
    body, wrong, token, mail, path = words = [canary(kind) for kind in kinds]
    said += words
    seq = amy.send_message(conversation, body)["seq"]
    amy.get("messages/search", q=body)
    ok(amy.get("users", search=mail))
    ok(amy.patch(f"conversations/{conversation}/messages/{seq}", {"body": f"{body} again"}))
    stranger = ApiClient(amy.base_url)
    stranger.post("auth/token", {"email": f"{mail}@example.com", "password": wrong})
    stranger.post("auth/token/refresh", {"refresh": token})
    registering = {"email": f"{mail}@example.com", "code": token, "password": wrong, "nickname": "A"}
    stranger.post("auth/register", registering)
    stranger.get("users/me", token=token)
    stranger.request("GET", "users/me", headers={"Authorization": f"Bearer {token}"})
    callback = f"/api/v1/auth/third-party/meridian/callback?code={token}&state={path}"
    for address in (f"/invite/{path}/", f"/{path}", callback):
        stranger.request("GET", address)
    stranger.request("POST", "/login/", data={"email": f"{mail}@example.com", "password": wrong})
    stranger.request("POST", "/api/v1/groups", content=f'{{"name": "{body}', headers={"X-Request-ID": token})


def by_code(amy: ApiClient, said: list[str]) -> None:
    """A code by mail, and a new password with it; signing in anew."""
    password = canary("new-password")
    code = amy.email_code(amy.email, "reset_password")
    ok(amy.post("auth/password/reset", {"email": amy.email, "code": code, "password": password}), 204)
    amy.login(password=password)
    said += [password, str(amy.token), str(amy.refresh_token)]
    ok(amy.post("auth/token/refresh", {"refresh": amy.refresh_token}))


def by_pages(server: Server, amy: ApiClient, conversation: int, said: list[str]) -> None:
    """A message from the page that needs no JavaScript, with the session's cookie."""
    body = canary("plain")
    cookies = signed_in(amy.id)
    with httpx.Client(base_url=server.url, cookies=cookies) as browser:
        page = f"/plain/{conversation}/"
        assert browser.get(page).status_code == 200
        proof = browser.cookies["chatchat_csrf"]
        form = {"body": body, "client_id": str(uuid.uuid4()), "csrfmiddlewaretoken": proof}
        assert browser.post(page, data=form, headers={"Origin": server.url}).status_code in (200, 302)
    said += [body, proof, *cookies.values()]


def test_whatever_is_said_at_any_door_stays_there(start_server: Start, collector: Collector) -> None:
    server = start_server(LOG_LEVEL="DEBUG", LOG_FORMAT="json", **collector.env())
    amy, bob = ApiClient(server.url).register(), ApiClient(server.url).register()
    conversation = amy.befriend(bob)
    said: list[str] = [str(amy.token), str(bob.token), str(amy.refresh_token)]
    asyncio.run(by_socket(server, amy, conversation, said))
    by_rest(amy, conversation, said)
    by_pages(server, amy, conversation, said)
    by_code(amy, said)
    bodies = {message["body"] for message in amy.history(conversation)}
    assert sum(body.startswith("canary-") for body in bodies) == 3, "they did arrive"
    metrics = httpx.get(f"{server.url}/metrics").content
    server.stop()
    traces = b"".join(collector.raw)
    assert b"message.send" in traces
    assert b"mail" in traces
    log = server.log.read_bytes()
    assert b"chatchat.request" in log
    everything: dict[str, Any] = {"log": log, "metrics": metrics, "traces": traces}
    for where, text in everything.items():
        for word in (*said, amy.email):
            assert word.encode() not in text, f"{word} in the {where}"
