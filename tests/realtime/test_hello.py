"""`hello`: what there is, then what was missed, then the live stream."""

import asyncio
from collections.abc import Callable

import pytest

from accounts.models import User
from messaging.models import Participant
from tests.client import ApiClient, ChatSocket, ok
from tests.messaging.line import in_one_go, rooms, say
from tests.people import orm
from tests.realtime.conftest import Two

pytestmark = pytest.mark.asyncio


def user(client: ApiClient) -> User:
    return orm(lambda: User.objects.get(pk=client.id))


def say_often(person: User, chat: int, count: int) -> None:
    def often() -> None:
        with in_one_go():
            for number in range(count):
                say(person, chat, f"{number}")

    orm(often)


async def test_nothing_comes_before_hello(two: Two) -> None:
    async with two.at_bobs() as socket:
        for frame in ("message.send", "sync", "read", "typing", "delivered", "message.recall"):
            fields = {"conversation": two.chat, "seq": 1, "after": 0, "active": True, "body": "x"}
            fields |= {"client_id": "8a4bf6c2-4d0c-4a7f-9a0a-0a3b3a1d4d11"}
            reply = await socket.request({"type": frame, **fields})
            assert reply["error"]["code"] == "hello_first", frame
        assert (await socket.request({"type": "ping"}))["type"] == "pong"
        await asyncio.to_thread(two.amy.send_message, two.chat, "hello")
        await asyncio.to_thread(two.bob.put, f"conversations/{two.chat}/read", {"seq": 1})
        await socket.nothing(within=0.2)
        await socket.hello({})
        assert [frame["type"] for frame in socket.received[-2:]] == ["ready", "synced"]


async def test_ready_says_who_one_is_and_what_there_is(two: Two) -> None:
    two.amy.send_message(two.chat, "hello")
    async with two.at_bobs() as socket:
        ready = await socket.hello()
        assert ready["user"] == {"id": two.bob.id, "nickname": "Bob", "avatar": None}
        assert ready["session"]["id"] == ok(two.bob.get("auth/session")).json()["session"]["id"]
        listed = ok(two.bob.get("conversations")).json()["results"]
        assert ready["conversations"] == listed, "the same shape as over REST"
        assert (await socket.request({"type": "hello"}))["error"]["code"] == "hello_again"
        assert (await socket.request({"type": "ping"}))["type"] == "pong"


async def test_without_a_cursor_the_offline_messages_come(two: Two) -> None:
    for number in range(5):
        two.amy.send_message(two.chat, f"{number}")
    ok(two.bob.post("offline/ack", {"conversation": two.chat, "seq": 2}), 204)
    ok(two.amy.patch(f"conversations/{two.chat}/messages/4", {"body": "changed"}))
    ok(two.amy.patch(f"conversations/{two.chat}/messages/1", {"body": "long received"}))
    async with two.at_bobs() as socket:
        await socket.hello()
        assert [(m["seq"], m["body"]) for m in socket.messages()] == [(3, "2"), (5, "4"), (4, "changed")]
        assert [m["version"] for m in socket.messages()] == [3, 5, 6], "in version order"
    async with two.at_amys() as socket:
        await socket.hello()
        assert socket.messages() == [], "one's own messages are delivered to oneself"


async def test_with_a_cursor_all_after_it_comes(two: Two) -> None:
    for number in range(4):
        two.amy.send_message(two.chat, f"{number}")
    ok(two.bob.put(f"conversations/{two.chat}/read", {"seq": 4}))
    ok(two.amy.patch(f"conversations/{two.chat}/messages/1", {"body": "changed"}))
    for cursor, expected in ((0, [2, 3, 4, 5]), (3, [4, 5]), (4, [5]), (5, [])):
        async with two.at_bobs() as socket:
            await socket.hello({two.chat: cursor})
            assert [m["version"] for m in socket.messages()] == expected, f"after {cursor}"


async def test_two_hundred_come_and_the_rest_by_pages(two: Two) -> None:
    say_often(user(two.amy), two.chat, 450)
    given: list[dict[int | str, int]] = [{}, {two.chat: 0}]
    for cursors in given:
        async with two.at_bobs() as socket:
            await socket.hello(cursors)
            assert [m["version"] for m in socket.messages()] == list(range(1, 201))
            limited = await socket.next("sync.limited")
            assert (limited["conversation"], limited["after"]) == (two.chat, 200)
            rest = await socket.sync(two.chat, after=200)
            assert [m["version"] for m in rest] == list(range(201, 451))
    async with two.at_bobs() as socket:
        await socket.hello({two.chat: 250})
        assert len(socket.messages()) == 200
        await socket.nothing("sync.limited", within=0.1)


async def test_live_frames_go_on_while_a_client_pages(two: Two) -> None:
    say_often(user(two.amy), two.chat, 230)
    async with two.at_bobs() as socket:
        await socket.hello({two.chat: 0})
        await socket.next("sync.limited")
        await asyncio.to_thread(two.amy.send_message, two.chat, "live")
        live = await socket.next("message", timeout=5)
        while live["message"]["version"] <= 200:
            live = await socket.next("message", timeout=5)
        assert live["message"]["version"] == 231
        pages = await socket.sync(two.chat, after=200)
        assert [m["version"] for m in pages] == list(range(201, 232))


async def test_a_cursor_beyond_the_head_starts_over(two: Two) -> None:
    two.amy.send_message(two.chat, "hello")
    async with two.at_bobs() as socket:
        await socket.hello({two.chat: 1000})
        limited = await socket.next("sync.limited")
        assert (limited["conversation"], limited["after"]) == (two.chat, 0)
        await asyncio.to_thread(two.amy.send_message, two.chat, "live")
        assert (await socket.next("message"))["message"]["seq"] == 2


async def test_a_cursor_for_what_is_not_ones_own_is_gone(two: Two, person: Callable[..., ApiClient]) -> None:
    eve = person("Eve")
    foreign = eve.create_group()
    left = two.amy.create_group(two.bob)
    ok(two.bob.post(f"groups/{left}/leave"), 200, 204)
    async with two.at_bobs() as socket:
        await socket.hello({foreign: 0, left: 1, 2**61: 3, two.chat: 0})
        gone = [await socket.next("conversation.gone") for _ in range(3)]
        assert {frame["conversation"] for frame in gone} == {foreign, left, 2**61}
        await socket.nothing("conversation.gone", within=0.1)


async def test_cursors_that_are_none_are_refused_and_hello_may_be_said_again(two: Two) -> None:
    async with two.at_bobs() as socket:
        bad: list[object] = [
            {str(number): 0 for number in range(1, 502)},
            {"x": 1}, {"-1": 1}, {"0": 1}, {"1.5": 1}, {"": 1}, {"٣": 1}, {"9" * 30: 1}, {"9" * 19: 1},
            {"1": -1}, {"1": 2**63}, {"1": "1"}, {"1": None}, {"1": True}, [1], "all", 7,
        ]  # fmt: skip
        for cursors in bad:
            reply = await socket.request({"type": "hello", "cursors": cursors})
            assert reply["error"]["code"] == "invalid", cursors
        await socket.hello(dict.fromkeys(range(10**9, 10**9 + 500), 0))


async def test_somebody_in_many_conversations_follows_them_all(two: Two) -> None:
    amy, bob = user(two.amy), user(two.bob)

    def make() -> list[int]:
        with in_one_go():
            made = rooms(505, amy, bob)
            for chat in made[::10]:
                say(amy, chat)
        return made

    chats = orm(make)
    orm(lambda: Participant.objects.filter(user=bob, conversation=chats[10]).update(delivered_seq=1))
    async with two.at_bobs(timeout=20) as socket:
        ready = await socket.hello()
        assert len(ready["conversations"]) == 500, "the most recently active"
        first = {state["id"] for state in ready["conversations"][:51]}
        assert first == set(chats[::10])
        assert {frame["conversation"] for frame in socket.received if frame["type"] == "message"} == set(
            chats[::10]
        ) - {chats[10]}
        await asyncio.to_thread(two.amy.send_message, chats[1], "in one that was not listed")
        live = await socket.next("message", conversation=chats[1])
        assert live["message"]["seq"] == 1


async def test_a_conversation_that_begins_while_one_is_there_is_followed(
    two: Two, person: Callable[..., ApiClient]
) -> None:
    cat = person("Cat")
    async with two.at_bobs() as bobs, ChatSocket(two.server.ws_url, cat.token) as cats:
        await bobs.hello()
        await cats.hello()
        chat = await asyncio.to_thread(cat.befriend, two.bob)
        for socket in (bobs, cats):
            state = await socket.next("conversation")
            assert state["conversation"]["id"] == chat
        await cats.send_message(chat, "hello")
        assert (await bobs.next("message", conversation=chat))["message"]["seq"] == 1
