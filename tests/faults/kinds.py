"""The faults. Each breaks something for real, keeps it broken for a while, and mends it again."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from tests.faults.device import Device
from tests.faults.proxy import DOWN, Proxy
from tests.faults.site import Site

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
LIBFAKETIME = "faketime/libfaketime.so.1"
CREATED, UNAVAILABLE = HTTPStatus.CREATED, HTTPStatus.SERVICE_UNAVAILABLE
HOURS = {"clock_ahead": "+3h", "clock_behind": "-3h"}


@dataclass
class Scene:
    """What a fault may touch, and for how long it lasts this time."""

    site: Site
    devices: Sequence[Device]
    random: random.Random
    seconds: float
    #: Removes somebody from a group.
    kick: Callable[[], Awaitable[None]]
    #: Has a file kept; the answer's status.
    upload: Callable[[], Awaitable[int]]
    #: Says what a fault itself has seen go wrong.
    wrong: Callable[[str], None]

    @property
    def number(self) -> int:
        """One of the server processes."""
        return self.random.randrange(len(self.site.servers))


Fault = Callable[[Scene], Awaitable[None]]


# ------------------------------------------------------------------ server processes


async def kill_server(scene: Scene) -> None:
    server = scene.site.servers[scene.number]
    server.kill()
    await asyncio.sleep(scene.seconds / 4)
    await asyncio.to_thread(server.start)


async def stop_server(scene: Scene) -> None:
    server = scene.site.servers[scene.number]
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)


async def freeze_server(scene: Scene) -> None:
    """It keeps its connections, and the locks that it has, and does nothing."""
    pid = scene.site.servers[scene.number].pid
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(scene.seconds)
    os.kill(pid, signal.SIGCONT)


async def clock_ahead(scene: Scene) -> None:
    await _clock(scene, "clock_ahead")


async def clock_behind(scene: Scene) -> None:
    await _clock(scene, "clock_behind")


async def _clock(scene: Scene, which: str) -> None:
    """One process is three hours off, beside others that are not."""
    server = scene.site.servers[scene.number]
    library = faketime()
    assert library is not None
    right = dict(server.env)
    server.env |= {"LD_PRELOAD": str(library), "FAKETIME": HOURS[which], "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    server.kill()
    await asyncio.to_thread(server.start)
    await asyncio.sleep(scene.seconds)
    server.env, faked = right, server.pid
    server.kill()
    _tidy_up_after(faked)
    await asyncio.to_thread(server.start)


def _tidy_up_after(pid: int) -> None:
    """What libfaketime shares in memory stays when its process is killed."""
    for left in SHARED_MEMORY.glob(f"*faketime_*_{pid}"):
        left.unlink()


def faketime() -> Path | None:
    """The library that gives a process another clock, where it is installed."""
    for folder in Path("/usr/lib").glob("*-linux-gnu*"):
        if (folder / LIBFAKETIME).exists():
            return folder / LIBFAKETIME
    return None


# ------------------------------------------------------------------ what servers need


async def kill_redis(scene: Scene) -> None:
    redis = scene.site.redis
    assert redis is not None
    redis.kill()
    await asyncio.sleep(scene.seconds)
    await asyncio.to_thread(redis.start)


async def kill_database(scene: Scene) -> None:
    database = scene.site.database
    assert database is not None
    database.kill()
    await asyncio.sleep(scene.seconds / 4)
    await asyncio.to_thread(database.start)


async def redis_refused(scene: Scene) -> None:
    await _away(scene, scene.site.redis_line, Proxy.refuse)


async def redis_half_open(scene: Scene) -> None:
    await _away(scene, scene.site.redis_line, Proxy.swallow)


async def database_refused(scene: Scene) -> None:
    await _away(scene, scene.site.database_line, Proxy.refuse)


async def database_half_open(scene: Scene) -> None:
    await _away(scene, scene.site.database_line, Proxy.swallow)


async def _away(scene: Scene, line: Proxy | None, how: Callable[[Proxy], None]) -> None:
    assert line is not None
    how(line)
    await asyncio.sleep(scene.seconds)
    line.forward()


async def full_disk(scene: Scene) -> None:
    """A file is refused with a word, and kept again when there is room."""
    disk, pids = scene.site.disk, [server.pid for server in scene.site.servers]
    disk.fill(*pids)
    refused = await scene.upload()
    await asyncio.sleep(scene.seconds)
    disk.free(*pids)
    kept = await scene.upload()
    if (refused, kept) != (UNAVAILABLE, CREATED):
        scene.wrong(f"an upload to a full disk: {refused}; and with room again: {kept}")


# ------------------------------------------------------------------ clients and their lines


async def cut_before_acknowledgement(scene: Scene) -> None:
    """What clients say still arrives, what they are told does not; then the line is cut."""
    door = scene.site.doors[scene.number]
    door.swallow(DOWN)
    await asyncio.sleep(scene.seconds / 10)
    door.cut()
    door.forward()


async def cut_everybody(scene: Scene) -> None:
    """All at once, and all are back at once."""
    for door in scene.site.doors:
        door.cut()
    await asyncio.sleep(0)


async def reader_stops(scene: Scene) -> None:
    device = scene.random.choice(scene.devices)
    device.pause_reading()
    await asyncio.sleep(scene.seconds)
    device.resume_reading()


async def reader_crawls(scene: Scene) -> None:
    """It takes some bytes a second: a frame, more or less."""
    device = scene.random.choice(scene.devices)
    for _ in range(max(2, int(scene.seconds))):
        device.pause_reading()
        await asyncio.sleep(1)
        device.resume_reading()
        await asyncio.sleep(0)
    device.resume_reading()


async def kick(scene: Scene) -> None:
    """Not a fault, but what must hold through faults: who is removed gets nothing more."""
    await scene.kick()


async def kick_without_redis(scene: Scene) -> None:
    """The same while nothing tells the other process of it but the database."""
    line = scene.site.redis_line
    assert line is not None
    line.refuse()
    await scene.kick()
    line.forward()


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        *(kill_server, stop_server, freeze_server, kill_redis, kill_database, redis_refused, redis_half_open),
        *(database_refused, database_half_open, cut_before_acknowledgement, cut_everybody),
        *(reader_stops, reader_crawls, clock_ahead, clock_behind, full_disk, kick),
        kick_without_redis,
    )
}
#: What needs a database server, or Redis.
PRODUCTION = frozenset(kind for kind in FAULTS if "redis" in kind or "database" in kind)


def possible(stack: str) -> list[str]:
    """The kinds that can be made here."""
    kinds = [kind for kind in FAULTS if stack == "production" or kind not in PRODUCTION]
    if faketime() is None:
        kinds = [kind for kind in kinds if kind not in HOURS]
    return kinds
