"""Who is there: told to those who may know it and ask, once, and to nobody else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from chatchat.realtime import Review
from chatchat.realtime.hub import Hub
from tests.client import ApiClient, ChatSocket, Frame, ok
from tests.realtime.conftest import Two
from tests.realtime.doubles import Reader, Store

pytestmark = pytest.mark.asyncio


async def watch(socket: ChatSocket, *users: int) -> dict[int, bool]:
    """Ask for these; what the reply says."""
    return shown(await socket.request({"type": "presence.watch", "users": [*users]}))


async def told(socket: ChatSocket, timeout: float = 15) -> dict[int, bool]:
    """What the next frame says."""
    return shown(await socket.next("presence", timeout))


def shown(frame: Frame) -> dict[int, bool]:
    assert frame["type"] == "presence", frame
    return {one["user"]: one["online"] for one in frame["users"]}


# --- two real processes ---------------------------------------------------------------------------


async def test_friends_see_each_other_come_and_go_at_any_process(two: Two) -> None:
    async with two.at_amys() as amys:
        await amys.hello()
        assert await watch(amys, two.bob.id) == {two.bob.id: False}
        async with two.at_bobs() as phone, two.at_amys() as late:
            assert await told(amys) == {two.bob.id: True}
            await late.hello()
            assert await watch(late, two.bob.id) == {two.bob.id: True}
            async with ChatSocket(two.server.ws_url, two.bob.token) as tablet:
                await tablet.hello()
            await phone.hello()
            await amys.nothing("presence", within=0.3)
        # A tunnel: he is back before anybody has missed him, and at another process.
        async with ChatSocket(two.server.ws_url, two.bob.token) as phone:
            await phone.hello()
            await amys.nothing("presence", within=0.3)
        assert await told(amys) == {two.bob.id: False}


async def test_only_whom_one_shares_a_conversation_with_is_shown(
    two: Two, person: Callable[..., ApiClient]
) -> None:
    eve, cleo, dan = person("Eve"), person("Cleo"), person("Dan", server=two.other)
    group = two.amy.create_group(cleo, dan)
    ok(dan.post(f"groups/{group}/leave"), 200, 204)
    everybody = [two.amy.id, two.bob.id, eve.id, cleo.id, dan.id, 2**62]
    async with two.at_amys() as amys, two.at_bobs() as bobs:
        sockets = [ChatSocket(two.server.ws_url, one.token) for one in (eve, cleo, dan)]
        for socket in sockets:
            await socket.open()
            await socket.hello()
        await amys.hello()
        await bobs.hello()
        assert await watch(amys, *everybody) == {two.bob.id: True, cleo.id: True}
        assert await watch(bobs, *everybody) == {two.amy.id: True}
        assert await watch(sockets[0], *everybody) == {}
        assert await watch(sockets[1], *everybody) == {two.amy.id: True}
        assert await watch(sockets[2], *everybody) == {}
        for socket in sockets:
            await socket.close()


@pytest.mark.parametrize("closed", ["by a block", "by the end of the friendship"])
async def test_who_parts_sees_nothing_of_the_other_any_more(two: Two, closed: str) -> None:
    path = f"{'blocks' if closed == 'by a block' else 'friends'}/{two.bob.id}"
    method = "PUT" if closed == "by a block" else "DELETE"
    async with two.at_amys() as amys, two.at_bobs() as bobs:
        for socket, other in ((amys, two.bob), (bobs, two.amy)):
            await socket.hello()
            assert await watch(socket, other.id) == {other.id: True}
        ok(await asyncio.to_thread(two.amy.request, method, path), 204)
        assert await told(amys) == {two.bob.id: False}
        assert await told(bobs) == {two.amy.id: False}
        assert await watch(amys, two.bob.id) == await watch(bobs, two.amy.id) == {}


async def test_a_block_hides_those_who_share_but_a_group_and_its_end_shows_them(
    two: Two, person: Callable[..., ApiClient]
) -> None:
    cleo = person("Cleo", server=two.other)
    two.amy.create_group(cleo)
    async with two.at_amys() as amys, ChatSocket(two.other.ws_url, cleo.token) as cleos:
        for socket, other in ((amys, cleo), (cleos, two.amy)):
            await socket.hello()
            assert await watch(socket, other.id) == {other.id: True}
        ok(await asyncio.to_thread(cleo.put, f"blocks/{two.amy.id}"), 204)
        assert await told(amys) == {cleo.id: False}
        assert await told(cleos) == {two.amy.id: False}
        ok(await asyncio.to_thread(cleo.delete, f"blocks/{two.amy.id}"), 204)
        assert await told(amys) == {cleo.id: True}
        assert await told(cleos) == {two.amy.id: True}


async def test_wrong_questions_are_refused(two: Two) -> None:
    async with two.at_amys() as amys:
        refused = await amys.request({"type": "presence.watch", "users": [two.bob.id]})
        assert refused["error"]["code"] == "hello_first"
        await amys.hello()
        wrong: list[Any] = [None, 5, "5", {}, [None], ["5"], [0], [-1], [1.5], [True], [2**63], [1] * 501]
        for users in wrong:
            refused = await amys.request({"type": "presence.watch", "users": users})
            assert refused["error"]["code"] == "invalid", users
            assert set(refused["error"]["details"]) == {"users"}, users
        assert await watch(amys, *[two.bob.id] * 500) == {two.bob.id: False}
        assert await watch(amys) == {}
        async with two.at_bobs() as bobs:
            await bobs.hello()
            await amys.nothing("presence", within=0.2)


# --- one hub, quickly -------------------------------------------------------------------------------


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr("chatchat.realtime.presence.GRACE", 0.05)
    monkeypatch.setattr("chatchat.realtime.presence.AGAIN", 0.01)
    return Store()


@pytest_asyncio.fixture
async def hub(store: Store) -> AsyncIterator[Hub]:
    hub = Hub(None, store, max_unsent=10_000)
    await hub.start()
    yield hub
    await hub.stop()


class Watcher(Reader):
    """A socket that keeps what it was told of others."""

    def reply(self, **fields: object) -> None:
        self.writes.append([{"type": "presence", **fields}])
        self.news.set()

    @property
    def told(self) -> list[dict[int, bool]]:
        return [shown(frame) for frame in self.frames if frame["type"] == "presence"]

    async def hears(self, *expected: dict[int, bool]) -> None:
        """Exactly this, from the beginning."""
        async with asyncio.timeout(5):
            while len(self.told) < len(expected):
                self.news.clear()
                await self.news.wait()
        assert self.told == [*expected]


async def watching(hub: Hub, user: int, *others: int) -> Watcher:
    watcher = Watcher(user)
    await hub.enter(watcher)
    await hub.presence.watch(watcher, others, watcher.reply)
    return watcher


async def test_a_short_absence_is_none(hub: Hub) -> None:
    amy = await watching(hub, 1, 2)
    bob = Reader(2)
    for _ in range(5):
        await hub.enter(bob)
        await asyncio.sleep(0.01)
        hub.exit(bob, [])
    await amy.hears({2: False}, {2: True}, {2: False})


async def test_many_who_come_together_are_told_together(hub: Hub, store: Store) -> None:
    amy = await watching(hub, 1, *range(2, 102))
    store.asked.clear()
    for user in range(2, 152):
        await hub.enter(Reader(user))
    await amy.hears(dict.fromkeys(range(2, 102), False), dict.fromkeys(range(2, 102), True))
    assert store.asked.count("visible") == 100, "and who is watched by nobody costs nothing"


async def test_who_may_not_see_them_any_more_is_told_that_they_are_gone(hub: Hub, store: Store) -> None:
    amy = await watching(hub, 1, 2, 3)
    bob = Reader(2)
    await hub.enter(bob)
    await amy.hears({2: False, 3: False}, {2: True})
    store.hidden = {(1, 2), (2, 1)}
    hub.exit(bob, [])
    await amy.hears({2: False, 3: False}, {2: True}, {2: False})
    await hub.enter(bob)
    await hub.enter(Reader(3))
    await amy.hears({2: False, 3: False}, {2: True}, {2: False}, {3: True})


async def test_a_review_takes_and_gives(hub: Hub, store: Store) -> None:
    await hub.enter(Reader(2))
    await asyncio.sleep(0)
    amy = await watching(hub, 1, 2)
    store.hidden = {(1, 2)}
    hub.publish([Review(1)])
    await amy.hears({2: True}, {2: False})
    store.hidden = set()
    hub.publish([Review(1), Review(1), Review(2)])
    await amy.hears({2: True}, {2: False}, {2: True})
    hub.exit(amy, [])
    hub.publish([Review(1)])
    assert hub.presence.watchers == {}


async def test_what_was_watched_before_is_not_watched_any_more(hub: Hub) -> None:
    amy = await watching(hub, 1, 2)
    await hub.presence.watch(amy, [3], amy.reply)
    assert set(hub.presence.watchers) == {3}
    await hub.enter(Reader(2))
    await hub.enter(Reader(3))
    await amy.hears({2: False}, {3: False}, {3: True})


async def test_who_goes_while_asking_is_not_remembered(hub: Hub, store: Store) -> None:
    amy = Watcher(1)
    await hub.enter(amy)
    store.answering.clear()
    asking = asyncio.create_task(hub.presence.watch(amy, [2], amy.reply))
    await asyncio.sleep(0)
    hub.exit(amy, [])
    store.answering.set()
    await asking
    assert (hub.presence.watchers, amy.told) == ({}, [])


async def test_it_is_told_once_the_database_is_back(hub: Hub, store: Store) -> None:
    amy = await watching(hub, 1, 2)
    store.away = True
    await hub.enter(Reader(2))
    await asyncio.sleep(0.03)
    store.away = False
    await amy.hears({2: False}, {2: True})
