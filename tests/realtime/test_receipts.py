"""Markers and typing over the socket: who is told what, how soon, and how often at most."""

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from accounts.models import User
from messaging.models import Participant
from tests.client import ApiClient, ChatSocket, ok
from tests.messaging.common import markers
from tests.messaging.line import in_one_go, rooms, say
from tests.people import orm
from tests.realtime.conftest import Two

pytestmark = pytest.mark.asyncio


async def test_in_a_direct_conversation_receipts_come_at_once_and_in_order(two: Two) -> None:
    for number in range(30):
        two.amy.send_message(two.chat, f"{number}")
    async with two.at_amys() as writer, two.at_bobs() as reader, two.at_bobs() as tablet:
        for socket in (writer, reader, tablet):
            await socket.hello()
        started = time.monotonic()
        first = await reader.request({"type": "read", "conversation": two.chat, "seq": 1})
        assert first["type"] == "ok"
        receipt = await writer.next("receipts", conversation=two.chat)
        assert time.monotonic() - started < 0.9, "at once"
        assert receipt["receipts"] == [{"user": two.bob.id, "delivered_seq": 1, "read_seq": 1}]
        state = (await tablet.next("conversation"))["conversation"]
        assert (state["id"], state["read_seq"], state["unread"]) == (two.chat, 1, 29)
        for seq in range(2, 31):
            await reader.send({"type": "read", "conversation": two.chat, "seq": seq})
        seen = [1]
        while seen[-1] < 30:
            frame = await writer.next("receipts")
            seen += [each["read_seq"] for each in frame["receipts"]]
        assert seen == sorted(seen), "never back"
        states = [1]
        while states[-1] < 30:
            states.append((await tablet.next("conversation"))["conversation"]["read_seq"])
        assert states == sorted(states), "nor on one's own devices"
        await reader.nothing("receipts", within=0.1)


async def test_what_cannot_be_is_refused_and_goes_back_nowhere(two: Two) -> None:
    for number in range(3):
        two.amy.send_message(two.chat, f"{number}")
    async with two.at_bobs() as reader:
        await reader.hello()
        chat = {"conversation": two.chat}
        assert (await reader.request({"type": "read", **chat, "seq": 2}))["type"] == "ok"
        assert (await reader.request({"type": "read", **chat, "seq": 1}))["type"] == "ok"
        for frame in ("read", "delivered"):
            reply = await reader.request({"type": frame, **chat, "seq": 4})
            assert reply["error"]["code"] == "invalid", frame
        assert orm(lambda: markers(two.chat, two.bob.id)) == (2, 2)
        assert (await reader.request({"type": "delivered", **chat, "seq": 3}))["type"] == "ok"
        assert orm(lambda: markers(two.chat, two.bob.id)) == (3, 2)


async def test_an_impossible_marker_takes_no_possible_one_with_it(two: Two) -> None:
    """Delivered markers are gathered for a second; only the highest that can be counts."""
    for number in range(3):
        two.amy.send_message(two.chat, f"{number}")
    async with two.at_bobs() as reader:
        await reader.hello()
        chat = {"type": "delivered", "conversation": two.chat}
        replies = await asyncio.gather(
            *(reader.request({**chat, "seq": seq}) for seq in (1, 99, 3, 2)),
        )
        assert [reply["type"] for reply in replies] == ["ok", "error", "ok", "ok"]
        assert orm(lambda: markers(two.chat, two.bob.id)) == (3, 0)


async def test_in_a_group_others_hear_once_a_second_whichever_door(
    two: Two, person: Callable[..., ApiClient]
) -> None:
    group = two.amy.create_group(two.bob)
    seqs = [two.amy.send_message(group, f"{number}")["seq"] for number in range(12)]
    async with two.at_amys() as writer, two.at_bobs() as reader:
        await writer.hello()
        await reader.hello()
        arrivals: list[float] = []
        seen: list[int] = []

        async def listen() -> None:
            while not seen or seen[-1] < seqs[-1]:
                frame = await writer.next("receipts", conversation=group)
                arrivals.append(time.monotonic())
                seen.extend(each["read_seq"] for each in frame["receipts"] if each["user"] == two.bob.id)

        listening = asyncio.create_task(listen())
        for number, seq in enumerate(seqs):
            if number % 2:
                ok(await asyncio.to_thread(two.bob.put, f"conversations/{group}/read", {"seq": seq}))
            else:
                await reader.request({"type": "read", "conversation": group, "seq": seq})
            await asyncio.sleep(0.1)
        await listening
        assert seen == sorted(seen)
        gaps = [later - sooner for sooner, later in pairwise(arrivals)]
        assert all(gap > 0.8 for gap in gaps), f"{len(arrivals)} frames, {gaps} seconds apart"


async def test_in_a_crowd_markers_are_asked_for(two: Two) -> None:
    def crowd() -> int:
        amy, bob = User.objects.get(pk=two.amy.id), User.objects.get(pk=two.bob.id)
        with in_one_go():
            (chat,) = rooms(1, amy, bob)
            User.objects.bulk_create(
                User(email=f"crowd{chat}-{n}@example.com", nickname=f"C{n}") for n in range(199)
            )
            Participant.objects.bulk_create(
                Participant(conversation_id=chat, user=user)
                for user in User.objects.filter(email__startswith=f"crowd{chat}-")
            )
            say(amy, chat)
        return chat

    chat = orm(crowd)
    async with two.at_amys() as writer, two.at_bobs() as reader, two.at_bobs() as tablet:
        for socket in (writer, reader, tablet):
            await socket.hello()
        await reader.request({"type": "read", "conversation": chat, "seq": 1})
        await tablet.next("conversation")
        await writer.nothing("receipts", within=1.3)
        state = ok(await asyncio.to_thread(two.amy.get, f"conversations/{chat}")).json()
        assert state["receipts"] == []


async def test_typing_is_told_to_the_others_every_three_seconds_at_most(two: Two) -> None:
    async with two.at_amys() as writer, two.at_amys() as phone, two.at_bobs() as reader:
        for socket in (writer, phone, reader):
            await socket.hello()
        typing = {"type": "typing", "conversation": two.chat}
        for _ in range(10):
            await writer.send({**typing, "active": True})
        first = await reader.next("typing")
        assert first == {"type": "typing", "conversation": two.chat, "user": two.amy.id, "active": True}
        await reader.nothing("typing", within=0.3)
        for _ in range(5):
            await writer.send({**typing, "active": False})
            await writer.send({**typing, "active": True})
        assert not (await reader.next("typing"))["active"], "the end of it at once"
        await reader.nothing("typing", within=0.3)
        await writer.nothing("typing", within=0.01)
        await phone.nothing("typing", within=0.01)


async def test_a_block_ends_typing_and_receipts_both_ways(two: Two) -> None:
    two.amy.send_message(two.chat, "hello")
    two.bob.send_message(two.chat, "hello")
    async with two.at_amys() as amys, two.at_bobs() as bobs:
        await amys.hello()
        await bobs.hello()
        ok(await asyncio.to_thread(two.amy.put, f"blocks/{two.bob.id}"), 200, 201, 204)
        chat = {"conversation": two.chat}
        for socket in (amys, bobs):
            await socket.next("conversation")
            reply = await socket.request({"type": "typing", **chat, "active": True})
            assert reply["error"]["code"] == "may_not_send"
        await amys.request({"type": "read", **chat, "seq": 2})
        await bobs.request({"type": "read", **chat, "seq": 2})
        for socket in (amys, bobs):
            await socket.nothing("receipts", within=0.3)
            await socket.nothing("typing", within=0.01)


async def test_receipts_reach_another_process_once_a_marker_is_delivered(two: Two) -> None:
    two.amy.send_message(two.chat, "hello")
    async with two.at_amys() as writer, ChatSocket(two.server.ws_url, two.bob.token) as reader:
        await writer.hello()
        await reader.hello()
        await reader.send({"type": "delivered", "conversation": two.chat, "seq": 1})
        frame = await writer.next("receipts", timeout=4)
        assert frame["receipts"] == [{"user": two.bob.id, "delivered_seq": 1, "read_seq": 0}]
        await reader.nothing("ok", within=0.1)
