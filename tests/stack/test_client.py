"""The test client does what a developer's would, on the real server."""

from collections.abc import Callable

import pytest

from tests.client import ApiClient, ChatSocket, ok
from tests.people import orm
from tests.stack.server import Server


def test_two_people_register_befriend_and_write(server: Server) -> None:
    amy = ApiClient(server.url).register(nickname="Amy")
    bob = ApiClient(server.url).register(nickname="Bob")
    conversation = amy.befriend(bob)
    sent = amy.send_message(conversation, "hello 你好")
    assert [message["body"] for message in bob.history(conversation) if message["sender"]] == ["hello 你好"]
    assert bob.history(conversation)[-1]["seq"] == sent["seq"]
    assert bob.another_device().token != bob.token


def test_people_in_this_process_need_no_server(api: Callable[..., ApiClient]) -> None:
    amy = api("Amy")
    assert ok(amy.get("users/me")).json()["nickname"] == "Amy"
    assert api().get("users/me").status_code == 401
    api().register("somebody@example.com")


@pytest.mark.asyncio
async def test_a_message_goes_from_socket_to_socket(server: Server, person: Callable[..., ApiClient]) -> None:
    amy, bob = person("Amy"), person("Bob")
    conversation = amy.befriend(bob)
    async with ChatSocket(server.ws_url, amy.token) as one, ChatSocket(server.ws_url, bob.token) as two:
        await one.hello()
        await two.hello()
        accepted = await one.send_message(conversation, "hello")
        assert accepted["type"] == "message.accepted"
        arrived = await two.next("message", conversation=conversation)
        assert arrived["message"]["body"] == "hello"
        assert arrived["message"]["seq"] == accepted["seq"]
        assert two.cursors[str(conversation)] == accepted["version"]
        await two.cut()
    found = await _catch_up(server, bob, conversation)
    assert found == accepted["seq"]


async def _catch_up(server: Server, client: ApiClient, conversation: int) -> int:
    async with ChatSocket(server.ws_url, client.token) as socket:
        await socket.hello({conversation: 0})
        synced = await socket.sync(conversation)
        assert [m["seq"] for m in synced] == [m["seq"] for m in socket.messages(conversation)]
        return int(synced[-1]["seq"])


@pytest.mark.asyncio
async def test_the_database_is_in_reach_of_a_test_in_a_loop(person: Callable[..., ApiClient]) -> None:
    from accounts.models import User

    person("Amy")
    assert orm(lambda: User.objects.count()) == 1
