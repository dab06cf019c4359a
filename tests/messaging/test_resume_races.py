"""What happens while somebody resumes: nothing is lost, twice, early, or told to who may not know."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import pytest_asyncio
from django.db import connection as database
from django.db import connections

from accounts.models import User
from accounts.services import sessions
from accounts.services.bans import ban_person
from chatchat.db import write_transaction
from chatchat.realtime import outlet
from chatchat.realtime.hub import Hub
from chatchat.threads import run
from messaging import history
from messaging.resume import starts
from messaging.services import messages
from messaging.source import DatabaseSource
from tests.messaging.line import connect, join, leave, room, say, set_rights
from tests.people import new_user

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub(None, DatabaseSource(), max_unsent=1024 * 1024)
    await hub.start()
    outlet.connect(hub.post)
    yield hub
    outlet.connect(None)
    await hub.stop()


@pytest.fixture
def amy() -> User:
    return new_user("Amy")


@pytest.fixture
def bob() -> User:
    return new_user("Bob")


async def test_live_frames_wait_for_the_end_of_a_backlog_whatever_else_changes(
    hub: Hub, amy: User, bob: User
) -> None:
    """A change of rights while the backlog is under way brings a state, but opens no gate early."""
    chat = await run(room, amy, bob)
    for _ in range(3):
        await run(say, amy, chat)
    connection, line = await connect(hub, bob)

    async def meanwhile() -> None:
        await run(set_rights, bob, chat, may_moderate=True)
        await run(say, amy, chat)
        await asyncio.sleep(0.1)
        await run(say, amy, chat)
        await asyncio.sleep(0.1)

    line.on["ready"] = meanwhile
    await connection.hello({chat: 0})
    await line.until(lambda: len(line.versions(chat)) >= 5)
    await line.until(lambda: "conversation" in line.types(chat))
    assert line.versions(chat) == [1, 2, 3, 4, 5]


async def test_who_is_kicked_during_the_backlog_gets_none_of_it(hub: Hub, amy: User, bob: User) -> None:
    first, second = await run(room, amy, bob), await run(room, amy, bob)
    for chat in (first, second):
        await run(say, amy, chat)
    connection, line = await connect(hub, bob)

    async def kick() -> None:
        await run(leave, bob, first)
        await run(say, amy, first, "not for Bob")
        await asyncio.sleep(0.1)

    line.on["ready"] = kick
    await connection.hello({first: 0, second: 0})
    await line.until(lambda: "conversation.gone" in line.types(first))
    assert line.versions(first) == []
    assert line.versions(second) == [1]
    assert not hub.attached(connection, first)


async def test_who_is_let_in_during_hello_follows_the_new_conversation(
    hub: Hub, amy: User, bob: User
) -> None:
    old, new = await run(room, amy, bob), await run(room, amy)
    await run(say, amy, old)
    connection, line = await connect(hub, bob)

    async def let_in() -> None:
        await run(join, bob, new)
        await asyncio.sleep(0.1)

    line.on["ready"] = let_in
    await connection.hello({})
    await line.until(lambda: "conversation" in line.types(new))
    await run(say, amy, new)
    await line.until(lambda: line.versions(new) == [1])


async def test_a_socket_that_closes_during_hello_leaves_nothing_behind(
    hub: Hub, amy: User, bob: User
) -> None:
    chat = await run(room, amy, bob)
    await run(say, amy, chat)
    connection, line = await connect(hub, bob)
    asking = asyncio.create_task(connection.hello({chat: 0}))
    await asyncio.sleep(0)
    connection.close(4401)
    await asking
    connection.leave()
    assert hub.watches == {}
    assert hub.people == {}
    assert line.close_code == 4401


async def test_who_was_away_from_a_conversation_for_a_moment_is_told_to_sync(
    hub: Hub, amy: User, bob: User
) -> None:
    """Kicked and back before anybody noticed: what was said meanwhile came to no gate."""
    chat = await run(room, amy, bob)
    connection, line = await connect(hub, bob)
    await connection.hello({})
    await run(say, amy, chat)
    await line.until(lambda: line.versions(chat) == [1])

    def away() -> None:
        with write_transaction():  # so that all is told together
            leave(bob, chat)
            say(amy, chat)
            join(bob, chat)

    await run(away)
    await line.until(lambda: "sync.limited" in line.types(chat))
    limited = next(frame for frame in line.frames if frame["type"] == "sync.limited")
    assert limited["after"] == 1
    await run(say, amy, chat)
    await line.until(lambda: line.versions(chat)[-1] == 3)


async def test_a_session_that_began_after_the_others_ended_keeps_its_socket(hub: Hub, bob: User) -> None:
    """The row that ended the others may be read after it: it says nothing of this one."""
    old, old_line = await connect(hub, bob)
    await old.hello({})
    outlet.connect(None)
    await run(sessions.end_all, user_id=bob.pk, reason="password")
    new, new_line = await connect(hub, bob)
    await new.hello({})
    outlet.connect(hub.post)
    await old_line.until(lambda: old_line.close_code is not None)
    assert old_line.close_code == 4401
    await asyncio.sleep(0.2)
    assert new_line.close_code is None


@pytest.mark.parametrize(("how", "code"), [("signed out", 4401), ("banned", 4403)])
async def test_what_ended_between_handshake_and_hello_gets_no_further(
    hub: Hub, bob: User, how: str, code: int
) -> None:
    connection, line = await connect(hub, bob)
    outlet.connect(None)
    if how == "banned":
        await run(ban_person, user_id=bob.pk)
    else:
        await run(sessions.end, user_id=bob.pk, session_id=connection.session_id or 0)
    outlet.connect(hub.post)
    await connection.hello({})
    await line.until(lambda: line.close_code is not None)
    assert line.close_code == code
    assert [frame["type"] for frame in line.frames] == (["error"] if how == "banned" else [])


async def test_a_change_between_the_reads_of_a_backlog_leaves_no_hole(amy: User, bob: User) -> None:
    """New message and edit come after the ids were read and before the rows are: both come live."""
    chat = await run(room, amy, bob)
    for _ in range(3):
        await run(say, amy, chat)

    def read() -> tuple[list[int], int]:
        [started] = starts([(bob.pk, {chat: 0})])
        done: list[int] = []

        def between(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if "accounts_user" in sql and not done:  # the rows with their senders: the ids are known
                done.append(1)
                with ThreadPoolExecutor(1) as thread:
                    thread.submit(_new_and_edited, amy, chat).result()
            return execute(sql, params, many, context)

        with database.execute_wrapper(between):
            (backlog,) = history.backlogs(started.progress)
        assert done
        return [change.version for change in backlog.changes], backlog.version

    versions, upto = await run(read)
    assert upto == 3, "what came after is at the gate"
    assert versions == [2, 3], "message 1 has changed to version 5, which is at the gate too"


def _new_and_edited(amy: User, chat: int) -> None:
    try:
        say(amy, chat)
        messages.edit(user_id=amy.pk, conversation_id=chat, seq=1, body="changed")
    finally:
        connections.close_all()
