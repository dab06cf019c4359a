"""SQLite's file is locked by another process, or no more fits on the disk: 503, and nothing is half there."""

import asyncio
import contextlib
import resource
import sqlite3
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from messaging.models import Message
from tests.client import ApiClient, ChatSocket, error_code
from tests.messaging.common import check_numbers
from tests.people import orm
from tests.stack.server import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.embedded]


@contextlib.contextmanager
def locked(server: Server) -> Iterator[None]:
    """Another process is writing, and does not end."""
    with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=10)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def full(server: Server) -> Iterator[None]:
    """Nothing that the server writes finds room."""
    most = resource.RLIM_INFINITY
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, most))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, most))


@pytest.mark.parametrize("trouble", [locked, full])
async def test_a_send_fails_clearly_and_later_ones_do_not(
    start_server: Callable[..., Server],
    person: Callable[..., ApiClient],
    trouble: Callable[[Server], contextlib.AbstractContextManager[None]],
) -> None:
    server = start_server()
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    chat = amy.befriend(bob)
    async with (
        ChatSocket(server.ws_url, amy.token, timeout=20) as writer,
        ChatSocket(server.ws_url, bob.token, timeout=20) as reader,
    ):
        await writer.hello()
        await reader.hello()
        await writer.send_message(chat, "before")
        before = orm(lambda: Message.objects.filter(conversation=chat).count())
        with trouble(server):
            sends = [writer.send_message(chat, "字" * 4000) for _ in range(3)]
            calls = [asyncio.to_thread(bob.patch, "users/me", {"introduction": "字" * 200}) for _ in range(4)]
            replies, answers = await asyncio.gather(asyncio.gather(*sends), asyncio.gather(*calls))
            assert {reply["error"]["code"] for reply in replies} == {"unavailable"}
            assert {(answer.status_code, error_code(answer)) for answer in answers} == {(503, "unavailable")}
            assert (await reader.request({"type": "ping"}))["type"] == "pong"
        assert (await writer.send_message(chat, "after"))["type"] == "message.accepted"
        while (await reader.next("message"))["message"]["body"] != "after":
            pass
        assert [message["body"] for message in reader.messages(chat)] == ["before", "after"]
    assert orm(lambda: Message.objects.filter(conversation=chat).count()) == before + 1
    orm(lambda: check_numbers(chat))
