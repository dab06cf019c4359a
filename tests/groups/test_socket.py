"""What groups tell to sockets, on a real server."""

from collections.abc import Callable

import pytest

from tests.client import ApiClient, ChatSocket, ok
from tests.groups.common import promote
from tests.stack.server import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

Person = Callable[..., ApiClient]


async def test_who_is_removed_is_told_so_and_hears_nothing_more(server: Server, person: Person) -> None:
    olga, mia = person("Olga"), person("Mia")
    group = olga.create_group(mia)
    async with ChatSocket(server.ws_url, mia.token) as socket:
        await socket.hello()
        olga.send_message(group, "before")
        assert (await _text(socket, group))["body"] == "before"
        ok(olga.delete(f"groups/{group}/members/{mia.id}"), 204)
        gone = await socket.next("conversation.gone", conversation=group)
        assert gone["reason"] == "kicked"
        olga.send_message(group, "after")
        await socket.nothing("message", conversation=group)


async def test_who_joins_hears_at_once(server: Server, person: Person) -> None:
    olga, eve = person("Olga"), person("Eve")
    group = olga.create_group(name="Hikers")
    async with ChatSocket(server.ws_url, eve.token) as socket:
        await socket.hello()
        ok(eve.post(f"groups/{group}/join"))
        shape = (await socket.next("conversation"))["conversation"]
        assert (shape["id"], shape["title"], shape["may_send"]) == (group, "Hikers", True)
        olga.send_message(group, "welcome")
        assert (await _text(socket, group))["body"] == "welcome"


async def _text(socket: ChatSocket, group: int) -> dict[str, object]:
    while True:
        message: dict[str, object] = (await socket.next("message", conversation=group))["message"]
        if message["kind"] == "text":
            return message


async def test_admins_are_told_of_requests_and_members_are_not(server: Server, person: Person) -> None:
    olga, adam, mia, eve = (person(name) for name in ("Olga", "Adam", "Mia", "Eve"))
    group = olga.create_group(adam, mia)
    promote(olga, group, adam)
    ok(olga.patch(f"groups/{group}", {"join_policy": "approval"}))
    sockets = [ChatSocket(server.ws_url, client.token) for client in (adam, mia, eve)]
    async with sockets[0] as adams, sockets[1] as mias, sockets[2] as eves:
        for socket in (adams, mias, eves):
            await socket.hello()
        waiting = ok(eve.post(f"groups/{group}/join"), 202).json()
        assert (await adams.next("group.join_request"))["request"] == waiting
        ok(adam.post(f"groups/{group}/join-requests/{waiting['id']}/approve"))
        assert (await eves.next("group.join_request"))["request"]["status"] == "approved"
        assert (await eves.next("conversation"))["conversation"]["id"] == group
        await mias.nothing("group.join_request")


async def test_being_muted_renamed_and_dissolved_is_seen_at_once(server: Server, person: Person) -> None:
    olga, mia = person("Olga"), person("Mia")
    group = olga.create_group(mia)
    async with ChatSocket(server.ws_url, mia.token) as socket:
        await socket.hello()
        ok(olga.patch(f"groups/{group}", {"muted_all": True}))
        assert (await socket.next("conversation"))["conversation"]["may_send"] is False
        ok(olga.patch(f"groups/{group}", {"name": "New name", "muted_all": False}))
        while (await socket.next("conversation"))["conversation"]["title"] != "New name":
            pass
        ok(olga.delete(f"groups/{group}"), 204)
        assert (await socket.next("conversation.gone"))["reason"] == "dissolved"
