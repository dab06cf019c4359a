"""One message, whichever door and process it came in by, and whoever has tried how often."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from messaging.models import Message
from tests.client import ApiClient, ChatSocket, Frame
from tests.messaging.common import check_numbers
from tests.people import orm
from tests.realtime.conftest import Two

pytestmark = pytest.mark.asyncio


async def test_a_message_reaches_every_device_of_both(two: Two) -> None:
    async with two.at_amys() as phone, two.at_amys() as laptop, two.at_bobs() as reader:
        for socket in (phone, laptop, reader):
            await socket.hello()
        accepted = await phone.send_message(two.chat, "from a phone")
        assert accepted["type"] == "message.accepted"
        assert (accepted["seq"], accepted["duplicate"]) == (1, False)
        by_rest = await asyncio.to_thread(two.bob.send_message, two.chat, "from a program")
        frames = []
        for socket in (phone, laptop, reader):
            frames.append([(await socket.next("message"))["message"] for _ in range(2)])
        assert frames[0] == frames[1] == frames[2], "the same frame for everybody"
        assert [message["body"] for message in frames[0]] == ["from a phone", "from a program"]
        assert frames[0][1] == by_rest
        assert frames[0] == two.amy.history(two.chat)
        assert frames[0][0]["client_id"] == accepted["client_id"]
        assert frames[0][0]["sent_at"] == accepted["sent_at"]


async def test_a_strangers_socket_gets_nothing_and_is_told_nothing(two: Two, person: Any) -> None:
    eve = person("Eve")
    async with ChatSocket(two.server.ws_url, eve.token) as stranger, two.at_bobs() as reader:
        await stranger.hello()
        await reader.hello()
        refused = await stranger.send_message(two.chat, "let me in")
        assert refused["error"]["code"] == "not_found"
        for frame in ("message.edit", "message.recall", "sync", "read", "delivered", "typing"):
            fields = {"seq": 1, "body": "x", "after": 0, "active": True}
            reply = await stranger.request({"type": frame, "conversation": two.chat, **fields})
            assert reply["error"]["code"] == "not_found", frame
        await asyncio.to_thread(two.amy.send_message, two.chat, "for Bob")
        await reader.next("message")
        await reader.nothing(within=0.1)
        await stranger.nothing("message", within=0.1)


async def test_what_one_sends_in_a_row_keeps_its_order(two: Two) -> None:
    async with two.at_amys() as writer, two.at_bobs() as reader:
        await writer.hello()
        await reader.hello()
        for number in range(300):
            await writer.send(_frame(two.chat, f"{number}", id=number))
        replies = [await writer.next("message.accepted", re=number) for number in range(300)]
        assert [reply["seq"] for reply in replies] == list(range(1, 301))
        for _ in range(300):
            await reader.next("message")
        assert [message["body"] for message in reader.messages()] == [f"{n}" for n in range(300)]
        assert [message["version"] for message in reader.messages()] == list(range(1, 301))


async def test_people_on_two_processes_see_one_order(two: Two) -> None:
    async with two.at_amys() as one, two.at_bobs() as two_:
        await one.hello()
        await two_.hello()

        async def write(socket: ChatSocket, name: str) -> None:
            for number in range(100):
                await socket.send(_frame(two.chat, f"{name} {number}"))

        await asyncio.gather(write(one, "a"), write(two_, "b"))
        for socket in (one, two_):
            for _ in range(200):
                await socket.next("message")
        assert one.messages() == two_.messages()
        assert [message["version"] for message in one.messages()] == list(range(1, 201))
    orm(lambda: check_numbers(two.chat))


async def test_the_same_id_fifty_times_at_once_is_one_message(two: Two) -> None:
    """Over both doors of both processes: every answer names the same seq."""
    phone = ApiClient(two.other.url, token=two.amy.token)
    async with (
        two.at_amys() as one,
        ChatSocket(two.other.ws_url, two.amy.token) as second,
        two.at_bobs() as bob,
    ):
        for socket in (one, second, bob):
            await socket.hello()
        for attempt in range(3):
            client_id = str(uuid4())
            body = f"only once {attempt}"
            by_socket = [
                socket.send_message(two.chat, body, client_id) for socket in (one, second) for _ in range(13)
            ]
            by_rest = [
                asyncio.to_thread(client.send_message, two.chat, body, client_id)
                for client in (two.amy, phone)
                for _ in range(12)
            ]
            answers: list[Frame] = await asyncio.gather(*by_socket, *by_rest)
            assert len(answers) == 50
            assert {answer["seq"] for answer in answers} == {attempt + 1}
            fresh = [answer for answer in answers if answer.get("duplicate") is False]
            assert len(fresh) <= 1, "one of them was the first, unless that went over REST"
            assert orm(Message.objects.filter(client_id=client_id).count) == 1
            clash = await one.send_message(two.chat, "something else", client_id)
            assert clash["error"]["code"] == "client_id_conflict"
            status = two.amy.post(
                f"conversations/{two.chat}/messages", {"client_id": client_id, "body": "something else"}
            ).status_code
            assert status == 409
        assert [(await bob.next("message"))["message"]["seq"] for _ in range(3)] == [1, 2, 3]
        await bob.nothing("message", within=0.2)
    phone.close()


async def test_changes_take_the_same_way(two: Two) -> None:
    async with two.at_amys() as one, two.at_bobs() as reader:
        await one.hello()
        await reader.hello()
        await one.send_message(two.chat, "helo")
        path = {"conversation": two.chat, "seq": 1}
        edited = await one.request({"type": "message.edit", **path, "body": "hello"})
        assert (edited["type"], edited["version"]) == ("ok", 2)
        reacted = await reader.request({"type": "reaction.add", **path, "emoji": "👍"})
        again = await reader.request({"type": "reaction.add", **path, "emoji": "👍"})
        assert reacted["version"] == again["version"] == 3, "what is so already takes no version"
        taken = await reader.request({"type": "reaction.remove", **path, "emoji": "👍"})
        assert taken["version"] == 4
        recalled = await one.request({"type": "message.recall", **path})
        assert recalled["version"] == 5
        for _ in range(5):
            await reader.next("message")
        assert [message["version"] for message in reader.messages()] == [1, 2, 3, 4, 5]
        assert [message["body"] for message in reader.messages()] == ["helo", "hello", "hello", "hello", ""]
        refused = await reader.request({"type": "message.edit", **path, "body": "mine now"})
        assert refused["error"]["code"] == "not_yours"


def _frame(chat: int, body: str, **fields: Any) -> Frame:
    return {
        "type": "message.send", "conversation": chat, "client_id": str(uuid4()), "kind": "text", "body": body,
        **fields,
    }  # fmt: skip
