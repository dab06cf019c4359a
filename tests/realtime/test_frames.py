"""What a client may not send: an error and nothing else, or the end of the connection."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Session, User
from accounts.tokens import new_refresh
from tests.client import ApiClient, ChatSocket
from tests.people import orm, sign_in
from tests.realtime.conftest import Two
from tests.stack.server import Server, closing

pytestmark = pytest.mark.asyncio


def token(client: ApiClient, lifetime: timedelta) -> str:
    """An access token of this client's session that ends so soon."""

    def make() -> str:
        session = Session.objects.get(user=client.id)
        access = new_refresh(user_id=client.id, session_id=session.pk).access_token
        access.set_exp(lifetime=lifetime)
        return str(access)

    return orm(make)


NOT_OBJECTS = ["", " ", "null", "[]", "7", '"hello"', "{", "{}x", '{"type": "ping"', "\ufeff{}", "NaN"]


async def test_what_is_no_frame_gets_an_error_and_nothing_else_happens(two: Two) -> None:
    async with two.at_bobs() as socket:
        await socket.hello()
        for text in (*NOT_OBJECTS, "[" * 60_000):
            await socket.send(text)
            assert (await socket.next("error"))["error"]["code"] == "invalid_json", text[:20]
        await socket.send(b'{"type": "ping"}')
        assert (await socket.next("error"))["error"]["code"] == "invalid_json", "binary"
        unknown: list[Any] = ["shout", None, 5, ["ping"], {}]
        for given in unknown:
            await socket.send({"type": given, "id": 1})
            error = await socket.next("error")
            assert (error["error"]["code"], error["re"]) == ("unknown_type", 1), given
        await socket.send({"id": 1})
        assert (await socket.next("error"))["error"]["code"] == "unknown_type"
        assert (await socket.request({"type": "ping"}))["type"] == "pong"


async def test_wrong_fields_are_named(two: Two) -> None:
    right: dict[str, Any] = {"conversation": two.chat, "client_id": str(uuid4()), "kind": "text", "body": "x"}
    wrong: list[tuple[str, Any]] = [
        ("conversation", None), ("conversation", "1"), ("conversation", 0), ("conversation", -1),
        ("conversation", 1.5), ("conversation", 2**63), ("conversation", True), ("conversation", [1]),
        ("client_id", "x"), ("client_id", 5), ("client_id", None),
        ("body", None), ("body", 5), ("body", {}), ("body", ""), ("body", " \n"), ("body", "x" * 4001),
        ("body", "a\x00b"), ("kind", "picture"), ("kind", None), ("reply_to", 0), ("reply_to", "1"),
        ("reply_to", 99), ("attachments", [1]), ("attachments", "x"),
    ]  # fmt: skip
    async with two.at_amys() as socket, two.at_bobs() as reader:
        await socket.hello()
        await reader.hello()
        for field, value in wrong:
            reply = await socket.request({"type": "message.send", **right, field: value})
            assert reply["error"]["code"] == "invalid", (field, value)
            assert field in reply["error"]["details"], (field, value)
        for field in right.keys() - {"kind"}:
            given = {key: value for key, value in right.items() if key != field}
            reply = await socket.request({"type": "message.send", **given})
            assert reply["error"]["code"] == "invalid", field
        await reader.nothing("message", within=0.1)


async def test_an_id_comes_back_as_it_was(two: Two) -> None:
    async with two.at_bobs() as socket:
        for number in (0, -5, 2**53, 2**63 - 1, "x", "字" * 64, ""):
            assert (await socket.request({"type": "ping", "id": number}))["type"] == "pong"
        for bad in (1.5, True, [1], {"a": 1}, "x" * 65, 2**64, -(2**70)):
            await socket.send({"type": "ping", "id": bad})
            error = await socket.next("error")
            assert "re" not in error, bad
        await socket.send({"type": "ping"})
        assert await socket.next("pong") == {"type": "pong"}


async def test_half_a_character_is_refused_and_a_whole_one_is_not(two: Two) -> None:
    frame = {"type": "message.send", "conversation": two.chat, "client_id": str(uuid4()), "id": 1}
    async with two.at_amys() as socket:
        await socket.hello()
        for body in ("\ud83c", "\udf63\ud83c", "a\udfff"):
            await socket.send(json.dumps({**frame, "body": body}))
            assert (await socket.next("error"))["error"]["code"] == "invalid_json"
        await socket.send(json.dumps({**frame, "body": "🍣 \x01\x7f"}))
        await socket.next("message.accepted")
        assert (await socket.next("message"))["message"]["body"] == "🍣 \x01\x7f"


async def test_a_frame_that_is_too_big_ends_the_connection(two: Two) -> None:
    async with two.at_bobs() as socket:
        await socket.hello()
        await socket.send(json.dumps({"type": "ping", "pad": "x" * 65_000}))
        await socket.next("pong")
        await socket.send(json.dumps({"type": "ping", "pad": "x" * 65_536}))
        assert await socket.closed() == closing(1009)


async def test_a_frame_is_measured_in_bytes(two: Two) -> None:
    async with two.at_bobs() as socket:
        await socket.hello()
        await socket.send(json.dumps({"type": "ping", "pad": "字" * 21_000}, ensure_ascii=False))
        await socket.next("pong")
        await socket.send(json.dumps({"type": "ping", "pad": "字" * 22_000}, ensure_ascii=False))
        assert await socket.closed() == closing(1009)


async def test_too_many_frames_end_the_connection(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    server = start_server(
        RATELIMIT_ENABLE="1", FRAME_BURST="20", FRAME_RATE="5", SEND_BURST="3", SEND_RATE="1"
    )
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    chat = amy.befriend(bob)
    async with ChatSocket(server.ws_url, amy.token) as socket:
        await socket.hello()
        client_id = str(uuid4())
        assert (await socket.send_message(chat, "1", client_id))["seq"] == 1
        for body in ("2", "3"):
            assert (await socket.send_message(chat, body))["type"] == "message.accepted"
        refused = await socket.send_message(chat, "4")
        assert refused["error"]["code"] == "rate_limited"
        assert refused["error"]["details"]["retry_after"] >= 1
        answer = await asyncio.to_thread(
            amy.post, f"conversations/{chat}/messages", {"client_id": str(uuid4()), "body": "5"}
        )
        assert answer.status_code == 429, "the limit is a person's, by either door"
        assert int(answer.headers["Retry-After"]) >= 1
        again = await socket.send_message(chat, "1", client_id)
        assert (again["seq"], again["duplicate"]) == (1, True), "a retry is answered all the same"
        for _ in range(40):
            await socket.send({"type": "ping"})
        assert await socket.closed() == 4429


async def test_a_token_that_ends_closes_the_socket_unless_another_is_shown(
    server: Server, person: Callable[..., ApiClient]
) -> None:
    amy, bob = person("Amy"), person("Bob")
    short = timedelta(seconds=2)
    renewed = ChatSocket(server.ws_url, token(amy, short))
    over = ChatSocket(server.ws_url, token(amy, short))
    async with renewed, over:
        await renewed.hello()
        await over.hello()
        foreign = await renewed.request({"type": "auth", "token": bob.token})
        assert foreign["error"]["code"] == "not_authenticated"
        for bad in ("nonsense", "", amy.refresh_token):
            assert (await renewed.request({"type": "auth", "token": bad}))["type"] == "error"
        assert (await renewed.request({"type": "auth", "token": amy.token}))["type"] == "ok"
        assert await over.closed(timeout=6) == 4401
        await asyncio.sleep(0.3)
        assert (await renewed.request({"type": "ping"}))["type"] == "pong"


async def test_auth_may_move_a_socket_to_another_session(two: Two) -> None:
    other = await asyncio.to_thread(_again, two)
    async with two.at_bobs() as socket:
        await socket.hello()
        assert (await socket.request({"type": "auth", "token": other.token}))["type"] == "ok"
        await asyncio.to_thread(two.bob.post, "auth/logout")
        await asyncio.sleep(0.7)
        assert (await socket.request({"type": "ping"}))["type"] == "pong", "its session goes on"
        await asyncio.to_thread(other.post, "auth/logout")
        assert await socket.closed() == 4401


def _again(two: Two) -> ApiClient:
    return sign_in(ApiClient(two.other.url), orm(lambda: User.objects.get(pk=two.bob.id)))
