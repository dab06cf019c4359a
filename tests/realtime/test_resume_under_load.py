"""Cut again and again while others write and change: every version comes once, in order, without a hole."""

import asyncio
import random
from typing import Any

import pytest

from tests.client import ChatSocket, Frame
from tests.realtime.conftest import Two

pytestmark = pytest.mark.asyncio


class Device:
    """A client that keeps what it has, by seq, and the cursor up to which it has everything."""

    def __init__(self, chat: int) -> None:
        self.chat = chat
        self.cursor = 0
        self.has: dict[int, Frame] = {}
        self.live: list[int] = []  # the versions of this connection, in the order of their coming
        self.limited = False

    def take(self, frame: Frame) -> None:
        """What docs/websocket.md tells a client to do with a frame."""
        if frame["type"] == "sync.limited":
            self.limited = True
        if frame["type"] != "message":
            return
        message = frame["message"]
        assert all(version < message["version"] for version in self.live[-1:]), (
            f"version {message['version']} came after {self.live[-1]}"
        )
        self.live.append(message["version"])
        self.keep(message)
        if not self.limited:
            self.cursor = message["version"]

    def keep(self, message: Frame) -> None:
        if message["version"] > self.has.get(message["seq"], {"version": 0})["version"]:
            self.has[message["seq"]] = message

    async def page(self, socket: ChatSocket) -> None:
        """Go on by pages until complete, as `sync.limited` asks."""
        while self.limited:
            page = await socket.request({"type": "sync", "conversation": self.chat, "after": self.cursor})
            for message in page["messages"]:
                self.keep(message)
            self.cursor = page["next"]
            self.limited = not page["complete"]


async def come_and_go(two: Two, device: Device, *, done: asyncio.Event, cuts: list[int]) -> None:
    """Connect, take some, be cut at any moment, come back with the cursor, on either process."""
    number = 0
    while not done.is_set():
        number += 1
        device.live.clear()
        device.limited = False
        url = (two.server, two.other)[number % 2].ws_url
        socket = ChatSocket(url, two.bob.token, on_frame=device.take)
        await socket.open()
        try:
            if random.random() < 0.5:
                await socket.hello({two.chat: device.cursor})
                await device.page(socket)
            else:
                await socket.send({"type": "hello", "cursors": {str(two.chat): device.cursor}})
            await asyncio.sleep(random.uniform(0, 0.08))
        finally:
            await socket.cut()
    cuts.append(number)


async def write_and_change(two: Two, count: int) -> None:
    """Amy writes, edits and reacts as fast as she is answered, from two devices."""

    async def device(socket: ChatSocket, name: str) -> None:
        for number in range(count):
            reply = await socket.send_message(two.chat, f"{name} {number}")
            path: dict[str, Any] = {"conversation": two.chat, "seq": random.randint(1, reply["seq"])}
            if number % 3 == 0:
                await socket.request({"type": "reaction.add", **path, "emoji": random.choice("🍣🍺👍")})
            elif number % 3 == 1:
                await socket.request({"type": "message.edit", **path, "body": f"edited {number}"})

    at_other = ChatSocket(two.other.ws_url, two.amy.token)
    async with two.at_amys(timeout=30) as one, at_other as second:
        await one.hello()
        await second.hello()
        await asyncio.gather(device(one, "one"), device(second, "two"))


async def test_every_version_comes_once_and_in_order(two: Two) -> None:
    done = asyncio.Event()
    devices = [Device(two.chat) for _ in range(3)]
    cuts: list[int] = []
    readers = [asyncio.create_task(come_and_go(two, device, done=done, cuts=cuts)) for device in devices]
    await write_and_change(two, 120)
    done.set()
    await asyncio.gather(*readers)
    assert sum(cuts) > 10, f"{cuts} connections"
    history = await asyncio.to_thread(two.bob.history, two.chat, 100)
    assert len(history) == 240
    for device in devices:
        async with two.at_bobs(on_frame=device.take) as socket:
            device.live.clear()
            await socket.hello({two.chat: device.cursor})
            await device.page(socket)
        assert [device.has[seq] for seq in sorted(device.has)] == history, "in its present state, all of it"


async def test_who_resumes_without_a_history_gets_the_stream_from_there(two: Two) -> None:
    """Connections that begin while others write: from the first live version on, all of them."""
    done = asyncio.Event()

    async def begin_often() -> int:
        rounds = 0
        while not done.is_set():
            rounds += 1
            async with two.at_bobs() as socket:
                await socket.hello()
                await asyncio.sleep(0.02)
                versions = [message["version"] for message in socket.messages()]
                assert versions == sorted(set(versions)), "in order, once each"
                if versions and versions[-1] <= 200:
                    assert versions == list(range(1, versions[-1] + 1)), "no hole: nothing changes here"
        return rounds

    async with two.at_amys() as writer:
        await writer.hello()
        readers = [asyncio.create_task(begin_often()) for _ in range(2)]
        for number in range(190):
            await writer.send_message(two.chat, f"{number}")
        done.set()
        assert sum(await asyncio.gather(*readers)) > 2
