"""Attachments on their way into messages: who is first, what it costs, and over the socket."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import User
from messaging.attachments import storage
from messaging.models import Attachment, Message
from messaging.services import messages
from messaging.writer import BATCH, Accepted, Outcome, Send, write
from tests.client import ApiClient, ChatSocket, ok
from tests.messaging.attachments import files, photo, uploaded
from tests.messaging.common import check_numbers
from tests.messaging.line import room
from tests.messaging.test_writer import codes
from tests.people import new_user, orm
from tests.stack.server import Server
from tests.witness import at_once

pytestmark = pytest.mark.django_db
at_once_too = pytest.mark.django_db(transaction=True)


def send(user: User, conversation: int, *ids: int, body: str = "look", client_id: Any = None) -> Send:
    return messages.prepare(
        user_id=user.pk,
        conversation_id=conversation,
        client_id=client_id or uuid4(),
        kind="text",
        body=body,
        reply_to=None,
        attachments=ids,
    )


def ready(owner: User, count: int) -> list[int]:
    """Uploads of theirs, without files."""
    Attachment.objects.bulk_create(
        Attachment(
            owner=owner,
            name="a",
            type="text/plain",
            size=1,
            file=storage.new_name(),
            stored=4096,
            state="ready",
        )
        for _ in range(count)
    )
    mine = Attachment.objects.filter(owner=owner, message=None).order_by("-pk")
    return list(mine.values_list("pk", flat=True)[:count])


@pytest.fixture
def three() -> list[User]:
    return [new_user(name) for name in ("Amy", "Bob", "Cat")]


def test_a_batch_with_attachments_locks_them_and_claims_them_together(
    three: list[User], django_assert_num_queries: Callable[..., Any]
) -> None:
    travels = connection.vendor == "mysql"  # what is written goes in one trip, and what is read in another
    rooms = [room(*three) for _ in range(5)]
    plain = [send(three[n % 3], rooms[n % 5]) for n in range(60)]
    with django_assert_num_queries(4 if travels else 7):  # with the transaction's two
        assert all(isinstance(outcome, Accepted) for outcome in write(plain))
    mine = {user.pk: ready(user, 40) for user in three}
    batch = [
        send(three[n % 3], rooms[n % 5], *[mine[three[n % 3].pk].pop() for _ in range(n % 4)])
        for n in range(60)
    ]
    with django_assert_num_queries(5 if travels else 9):
        assert all(isinstance(outcome, Accepted) for outcome in write(batch))
    for item in batch:
        row = Message.objects.get(client_id=item.client_id)
        assert [one["id"] for one in row.data.get("attachments", [])] == list(item.attachments)
        assert set(row.attachments.values_list("pk", flat=True)) == set(item.attachments)


def test_the_biggest_batch_takes_all_its_attachments(three: list[User]) -> None:
    amy = three[0]
    chat = room(*three)
    mine = ready(amy, BATCH * 10)
    outcomes = write([send(amy, chat, *mine[n * 10 : n * 10 + 10]) for n in range(BATCH)])
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert not Attachment.objects.filter(message=None).exists()


def test_in_a_batch_the_first_gets_it_and_one_bad_message_fails_alone(three: list[User]) -> None:
    amy, bob, _ = three
    chat = room(*three)
    first, second, third = ready(amy, 3)
    [his] = ready(bob, 1)
    again = uuid4()
    outcomes = write(
        [
            send(amy, chat, first, second),
            send(amy, chat, second, third),  # one of them is taken
            send(amy, chat, his),
            send(amy, chat, third, client_id=again),
            send(amy, chat, third, client_id=again),
            send(amy, chat, 2**60),
            send(bob, chat, his),
            send(amy, chat),
        ]
    )
    assert codes(outcomes) == [1, "invalid", "invalid", 2, -2, "invalid", 3, 4]
    assert Attachment.objects.filter(message=None).count() == 0
    check_numbers(chat)


def test_who_may_not_speak_loses_no_attachment(three: list[User]) -> None:
    amy, bob, _ = three
    chat = room(bob)
    [mine] = ready(amy, 1)
    assert codes(write([send(amy, chat, mine)])) == ["not_found"]
    assert codes(write([send(amy, room(amy), mine)])) == [1]


@at_once_too
def test_two_messages_at_once_do_not_share_an_attachment(three: list[User]) -> None:
    amy = three[0]
    for _ in range(6):
        rooms = [room(*three), room(*three)]
        [mine] = ready(amy, 1)
        outcomes: list[list[Outcome]] = at_once(
            *[partial(write, [send(amy, chat, mine, body=str(chat))]) for chat in rooms]
        )
        assert sorted(str(codes(outcome)[0]) for outcome in outcomes) == ["1", "invalid"]
        assert Message.objects.filter(conversation__in=rooms).count() == 1


@at_once_too
def test_a_message_and_a_taking_back_at_once(three: list[User]) -> None:
    from chatchat.errors import NotFound
    from messaging.services import attachments

    amy = three[0]
    chat = room(*three)

    def send_it(id_: int) -> list[object]:
        return codes(write([send(amy, chat, id_)]))

    def take_back(id_: int) -> list[object]:
        try:
            attachments.take_back(owner_id=amy.pk, attachment_id=id_)
        except NotFound:
            return ["too late"]
        return ["gone"]

    for _ in range(6):
        [mine] = ready(amy, 1)
        sent, taken = at_once(partial(send_it, mine), partial(take_back, mine))
        row = Attachment.objects.filter(pk=mine).first()
        assert (row is None) == (taken == ["gone"]) == (sent == ["invalid"])


# --- on the socket ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_on_the_socket(server: Server, person: Callable[..., ApiClient]) -> None:
    import asyncio

    def prepare() -> tuple[ApiClient, ApiClient, int, dict[str, Any], dict[str, Any]]:
        amy, bob = person("Amy"), person("Bob")
        return amy, bob, amy.befriend(bob), photo(amy), uploaded(bob)

    amy, bob, direct, mine, his = await asyncio.to_thread(prepare)
    frame = {"type": "message.send", "conversation": direct, "client_id": str(uuid4()), "body": ""}
    async with ChatSocket(server.ws_url, amy.token) as writer, ChatSocket(server.ws_url, bob.token) as reader:
        await writer.hello()
        await reader.hello()
        for wrong in ([his["id"]], [mine["id"]] * 2, list(range(1, 12)), [0], ["1"], [True], "x", None, 1):
            refused = await writer.request({**frame, "attachments": wrong})
            assert refused["error"]["code"] == "invalid", wrong
            assert "attachments" in refused["error"]["details"], wrong
        refused = await writer.request({**frame, "attachments": []})
        assert "body" in refused["error"]["details"]
        accepted = await writer.request({**frame, "attachments": [mine["id"]]})
        assert (accepted["type"], accepted["duplicate"]) == ("message.accepted", False)
        told_ = (await reader.next("message"))["message"]
        assert told_["data"] == {"attachments": [mine]}
        again = await writer.request({**frame, "attachments": [mine["id"]]})
        assert (again["seq"], again["duplicate"]) == (accepted["seq"], True)
        refused = await writer.request({**frame, "attachments": []})
        assert refused["error"]["code"] in ("invalid", "client_id_conflict")
        await asyncio.to_thread(lambda: ok(bob.get(mine["url"])))
        recalled = {"type": "message.recall", "conversation": direct, "seq": accepted["seq"]}
        assert (await writer.request(recalled))["type"] == "ok"
        assert (await reader.next("message"))["message"]["data"] == {}
        await asyncio.to_thread(lambda: ok(bob.get(mine["url"]), 404))
        kept = await asyncio.to_thread(lambda: orm(files))
        assert len(kept) == 1, "his is still there, mine is gone"
