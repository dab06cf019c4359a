"""What a live socket is told, and how soon: on the process that acts, and on another."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest

from accounts.models import User
from accounts.services import bans
from chatchat.clock import now, rfc3339
from messaging.models import Message
from tests import admin_client
from tests.client import TLS, ApiClient, ChatSocket
from tests.people import orm, signed_in
from tests.stack.server import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
#: Everything is to be seen within a second; a machine that runs everything at once is given more.
SOON = 5.0


@pytest.fixture
def mona(transactional_db: None) -> User:
    return orm(lambda: admin_client.staff("moderator", "Mona"))


@pytest.fixture
def couple(person: Callable[..., ApiClient], other: Server) -> tuple[ApiClient, ApiClient, int]:
    """Amy, who is at one process, Ben, who is at another where there is one, and their conversation."""
    amy, ben = person("Amy"), person("Ben", server=other)
    return amy, ben, amy.befriend(ben)


class Door:
    """The admin of a server, to which Mona is signed in."""

    def __init__(self, url: str, cookies: dict[str, str]) -> None:
        self._http = httpx.Client(base_url=url, cookies=cookies, timeout=30, verify=TLS)

    async def do(self, model: str, deed: str, row: int, *, reason: str, **answers: str) -> None:
        """Choose a deed and confirm it, as a browser does."""
        await asyncio.to_thread(self._do, model, deed, row, {"reason": reason, **answers})

    def _do(self, model: str, deed: str, row: int, answers: dict[str, str]) -> None:
        url = f"/admin/{model}/"
        self._http.get(url).raise_for_status()
        token = self._http.cookies["chatchat_csrf"]
        form = {"action": deed, "_selected_action": str(row), "csrfmiddlewaretoken": token, "back": url}
        asked = self._http.post(url, data=form)
        assert asked.status_code == 200, asked.text[:500]
        done = self._http.post(url, data={**form, "confirmed": "1", **answers})
        assert done.status_code == 302, done.text[:500]

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def door(server: Server, mona: User) -> Iterator[Door]:
    opened = Door(server.url, signed_in(mona.pk))
    yield opened
    opened.close()


async def test_a_ban_says_why_and_until_when_and_closes(
    couple: tuple[ApiClient, ApiClient, int], door: Door, server: Server
) -> None:
    amy, _ben, _direct = couple
    async with ChatSocket(server.ws_url, amy.token) as socket:
        await socket.send({"type": "hello"})
        await socket.next("synced")
        await door.do("accounts/user", "ban", amy.id, reason="spam", term="3d")
        error = (await socket.next("error", SOON))["error"]
        assert (error["code"], error["details"]["reason"]) == ("banned", "spam")
        until = orm(lambda: User.objects.get(pk=amy.id)).banned_until
        assert until is not None
        assert error["details"]["until"] == rfc3339(until)
        assert await socket.closed(SOON) == 4403
    await door.do("accounts/user", "unban", amy.id, reason="a mistake")
    amy.login()
    async with ChatSocket(server.ws_url, amy.token) as socket:
        await socket.send({"type": "hello"})
        await socket.next("synced")


async def test_signing_out_says_why_before_it_closes(
    couple: tuple[ApiClient, ApiClient, int], door: Door, server: Server
) -> None:
    amy, _ben, _direct = couple
    async with ChatSocket(server.ws_url, amy.token) as socket:
        await socket.send({"type": "hello"})
        await socket.next("synced")
        await door.do("accounts/user", "sign_out", amy.id, reason="a stolen phone")
        notice = await socket.next("notice", SOON)
        assert (notice["action"], notice["reason"]) == ("person.sessions_ended", "a stolen phone")
        assert await socket.closed(SOON) == 4401


async def test_who_is_silenced_sees_it_in_every_conversation(
    couple: tuple[ApiClient, ApiClient, int], door: Door, other: Server
) -> None:
    amy, ben, direct = couple
    group = amy.create_group(ben)
    async with ChatSocket(other.ws_url, ben.token) as socket:
        await socket.send({"type": "hello"})
        await socket.next("synced")
        await door.do("accounts/user", "silence", ben.id, reason="spam", term="1h")
        for _ in range(2):
            state = (await socket.next("conversation", SOON))["conversation"]
            assert state["id"] in (direct, group)
            assert state["silenced"]["reason"] == "spam"
            assert not state["may_send"]
        refused = await socket.request(
            {
                "type": "message.send", "conversation": direct, "kind": "text", "body": "x",
                "client_id": "61a24422-f7c1-4bca-a4b7-4106c2e5462b",
            }
        )  # fmt: skip
        assert (refused["error"]["code"], refused["error"]["details"]["reason"]) == ("silenced", "spam")
        await door.do("accounts/user", "unsilence", ben.id, reason="enough")
        for _ in range(2):
            state = (await socket.next("conversation", SOON))["conversation"]
            assert (state["silenced"], state["may_send"]) == (None, True)


async def test_a_recalled_and_a_restored_message_are_seen_at_once(
    couple: tuple[ApiClient, ApiClient, int], door: Door, server: Server, other: Server
) -> None:
    amy, ben, direct = couple
    amy.send_message(direct, "rude")
    row = orm(lambda: Message.objects.get(conversation=direct))
    async with ChatSocket(server.ws_url, amy.token) as hers, ChatSocket(other.ws_url, ben.token) as his:
        for socket in (hers, his):
            await socket.send({"type": "hello"})
            await socket.next("synced")
        await door.do("messaging/message", "recall", row.pk, reason="rude")
        for socket in (hers, his):
            frame = await socket.next("message", SOON)
            while frame["message"]["recalled_at"] is None:
                frame = await socket.next("message", SOON)
            assert frame["message"]["body"] == ""
        assert (await hers.next("notice", SOON))["reason"] == "rude"
        await door.do("messaging/message", "restore", row.pk, reason="not rude")
        back = (await his.next("message", SOON))["message"]
        assert (back["seq"], back["body"], back["recalled_at"]) == (1, "rude", None)


async def test_a_dissolved_group_says_why_and_comes_back(
    couple: tuple[ApiClient, ApiClient, int], door: Door, other: Server
) -> None:
    amy, ben, _direct = couple
    group = amy.create_group(ben, name="Market")
    async with ChatSocket(other.ws_url, ben.token) as socket:
        await socket.send({"type": "hello"})
        await socket.next("synced")
        await door.do("groups/group", "dissolve", group, reason="a market")
        notice = await socket.next("notice", SOON)
        assert (notice["action"], notice["reason"], notice["title"]) == (
            "group.dissolved",
            "a market",
            "Market",
        )
        gone = await socket.next("conversation.gone", SOON)
        assert (gone["conversation"], gone["reason"]) == (group, "dissolved")
        await door.do("groups/dissolved", "restore", group, reason="a mistake")
        state = (await socket.next("conversation", SOON))["conversation"]
        assert (state["id"], state["may_send"]) == (group, True)
        ben.send_message(group, "back")
        await socket.next("message", SOON, conversation=group)


async def test_a_ban_with_a_term_ends_by_itself_in_a_server(
    couple: tuple[ApiClient, ApiClient, int], mona: User
) -> None:
    """The servers look every few seconds."""
    amy, _ben, _direct = couple
    until = now() + timedelta(seconds=1)
    await asyncio.to_thread(orm, lambda: bans.ban_person(user_id=amy.id, by=mona, reason="x", until=until))
    body = {"email": amy.email, "password": amy.password}

    def try_again() -> int:
        return amy.request("POST", "auth/token", json=body, headers={"Authorization": ""}).status_code

    assert try_again() == 403
    tries = (asyncio.to_thread(try_again) for _ in range(80))
    async with asyncio.timeout(60):
        while await next(tries) == 403:  # noqa: ASYNC110 - the server is another process
            await asyncio.sleep(0.5)
    amy.login()
