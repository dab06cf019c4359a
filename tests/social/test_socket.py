"""What friends are told by their sockets, on a real server."""

from collections.abc import Callable

import pytest

from tests.client import ApiClient, ChatSocket, ok
from tests.social.common import ask, shown
from tests.stack.server import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

Person = Callable[..., ApiClient]


async def test_a_request_its_answer_and_the_end_are_told(server: Server, person: Person) -> None:
    amy, bob = person("Amy"), person("Bob")
    async with ChatSocket(server.ws_url, amy.token) as amys, ChatSocket(server.ws_url, bob.token) as bobs:
        await amys.hello()
        await bobs.hello()
        request = ask(amy, bob)
        assert (await bobs.next("friend.request"))["request"] == request
        conversation = ok(bob.post(f"friend-requests/{request['id']}/accept")).json()["conversation"]
        for socket, friend in ((amys, bob), (bobs, amy)):
            added = await socket.next("friend.added")
            assert (added["friend"], added["conversation"]) == (shown(friend), conversation)
            shape = (await socket.next("conversation"))["conversation"]
            assert (shape["id"], shape["peer"]["id"]) == (conversation, friend.id)
        bob.send_message(conversation, "hi")
        assert (await amys.next("message"))["message"]["body"] == "hi"
        ok(amy.delete(f"friends/{bob.id}"), 204)
        assert (await bobs.next("friend.removed"))["user"] == amy.id


async def test_who_is_blocked_is_told_only_that_they_may_not_write(server: Server, person: Person) -> None:
    amy, bob = person("Amy"), person("Bob")
    conversation = amy.befriend(bob)
    async with ChatSocket(server.ws_url, bob.token) as bobs:
        await bobs.hello()
        seen = len(bobs.received)
        ok(amy.put(f"blocks/{bob.id}"), 204)
        shape = (await bobs.next("conversation"))["conversation"]
        assert (shape["id"], shape["may_send"]) == (conversation, False)
        reply = await bobs.send_message(conversation, "why?")
        assert reply["error"]["code"] == "may_not_send"
        assert "block" not in str(bobs.received[seen:])
