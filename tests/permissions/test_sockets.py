"""Every frame of the socket for ten people: what they get; a refusal changes nothing and tells nobody."""

import asyncio
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from messaging.frames import TYPES
from tests.client import ChatSocket, Frame
from tests.people import orm
from tests.permissions.frames import REFUSED, WORDS, FrameRow, rows
from tests.permissions.world import NOWHERE, PEOPLE, Nowhere, Person, World, changed, dump
from tests.stack.server import Server, refusal

ROWS = rows()
SEATED = [name for name in PEOPLE if name not in ("anonymous", "banned")]
WITNESSES = ("owner", "member", "somebody", "admin")
OUTSIDE = ("stranger", "former", "kicked")
#: By then receipts are told and heads compared.
SETTLED = 2.5


def test_the_table_has_a_row_for_every_frame() -> None:
    assert {row.type for row in ROWS} == TYPES, "new frames: give each a row in frames.py"


@pytest.mark.slow
@pytest.mark.asyncio
async def test_what_they_get(server: Server) -> None:
    world: World = await asyncio.to_thread(lambda: orm(World))
    await _without_a_seat(server, world)
    async with AsyncExitStack() as stack:
        witnesses = {name: await _seat(stack, server, world[name]) for name in WITNESSES}
        sockets = {name: await _seat(stack, server, world[name]) for name in SEATED}
        await asyncio.sleep(SETTLED)
        for socket in (*witnesses.values(), *sockets.values()):
            socket.received.clear()
        await _refusals(server, world, sockets, witnesses)
        await _successes(server, world, sockets)
        await asyncio.sleep(1)
        foreign = {world.ids[name] for name in ("group", "open", "secret", "since")}
        for name in OUTSIDE:
            heard = [frame for frame in sockets[name].received if frame.get("conversation") in foreign]
            assert heard == [], name


async def _seat(stack: AsyncExitStack, server: Server, person: Person) -> ChatSocket:
    socket = await stack.enter_async_context(ChatSocket(server.ws_url, person.access))
    await socket.hello()
    return socket


async def _without_a_seat(server: Server, world: World) -> None:
    for name, status in (("anonymous", HTTPStatus.UNAUTHORIZED), ("banned", HTTPStatus.FORBIDDEN)):
        assert {row.expected[name] for row in ROWS} == {"401" if name == "anonymous" else "ban"}
        with pytest.raises(InvalidStatus) as refused:
            await ChatSocket(server.ws_url, world[name].access or None).open()
        assert refused.value.response.status_code == refusal(status)


async def _refusals(
    server: Server, world: World, sockets: dict[str, ChatSocket], witnesses: dict[str, ChatSocket]
) -> None:
    before = await asyncio.to_thread(lambda: orm(dump))
    for row in ROWS:
        names = [name for name in SEATED if row.expected[name] in REFUSED]
        await asyncio.gather(*(_refused(server, world, sockets[name], row, world[name]) for name in names))
        assert await asyncio.to_thread(lambda: orm(lambda: changed(before))) == [], str(row)
        assert _heard(witnesses) == {}, str(row)
    await asyncio.sleep(SETTLED)
    assert await asyncio.to_thread(lambda: orm(lambda: changed(before))) == []
    assert _heard(witnesses) == {}


async def _refused(server: Server, world: World, socket: ChatSocket, row: FrameRow, me: Person) -> None:
    """They get the refusal of the table, and where it is 404 the same as for what nowhere is."""
    got = await attempt(server, world, socket, row, me)
    assert named(got) == WORDS[row.expected[me.name]], (str(row), me.name, got)
    if row.expected[me.name] == "404":
        missing = await attempt(server, world, socket, row, me, nowhere=True)
        assert got["error"] == missing["error"], (str(row), me.name)


def _heard(witnesses: dict[str, ChatSocket]) -> dict[str, list[Frame]]:
    return {name: socket.received for name, socket in witnesses.items() if socket.received}


async def _successes(server: Server, world: World, sockets: dict[str, ChatSocket]) -> None:
    for row in ROWS:
        for name in SEATED:
            expected = row.expected[name]
            if expected not in REFUSED:
                got = await attempt(server, world, sockets[name], row, world[name])
                assert named(got) == WORDS.get(expected, expected), (str(row), name, got)


async def attempt(
    server: Server, world: World, socket: ChatSocket, row: FrameRow, me: Person, *, nowhere: bool = False
) -> Frame:
    """The reply to this person's frame."""
    if row.type == "hello":
        return await _hello(server, world, row, me)
    frame = row.frame(Nowhere(me.ids) if nowhere else me.ids)
    if row.type == "auth":
        owner = "member" if me.name != "member" else "owner"
        token = {"mine": me.access, "theirs": world[owner].access, "banned": world["banned"].access}
        frame["token"] = token[row.about]
    if row.type != "typing":
        return await socket.request(frame)
    number = len(socket.received)
    await socket.send({**frame, "id": "typing"})
    await socket.request({"type": "ping"})
    errors = [one for one in socket.received[number:] if one["type"] == "error"]
    return errors[0] if errors else {"type": "nothing"}


async def _hello(server: Server, world: World, row: FrameRow, me: Person) -> Frame:
    """What a new connection of theirs with this cursor gets."""
    cursors: dict[int | str, int] = {} if row.about == "plain" else {world.ids[row.about]: 0}
    async with ChatSocket(server.ws_url, me.access) as socket:
        ready = await socket.hello(cursors)
        shown = {state["id"] for state in ready["conversations"]}
        gone = [frame for frame in socket.received if frame["type"] == "conversation.gone"]
        assert not shown.intersection(frame["conversation"] for frame in gone)
        if gone:
            async with ChatSocket(server.ws_url, me.access) as other:
                await other.hello({NOWHERE: 0})
                missing = [frame for frame in other.received if frame["type"] == "conversation.gone"]
            assert [{**frame, "conversation": 0} for frame in gone] == [
                {**frame, "conversation": 0} for frame in missing
            ]
            return gone[0]
        return ready


def named(frame: dict[str, Any]) -> str:
    """An error's code, or the type of what is none; of whom one watches, whether one may."""
    if frame["type"] == "presence":
        return "seen" if frame["users"] else "hidden"
    return str(frame["error"]["code"] if frame["type"] == "error" else frame["type"])
