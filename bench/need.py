#!/usr/bin/env python3
"""What people notice when something is away: sockets that come back, a reader that does not read, no Redis.

    bench/need.py back [--sockets 1000]     SIGKILL of the process that holds them; another one goes on
    bench/need.py reader [--rounds 4]       200 in a busy group, with one that reads nothing and without
    bench/need.py readers                   the same with three of them, and messages of 3,500 characters
    bench/need.py redis [--seconds 10]      Redis is killed under load

starts a stack of its own, and says what is not as promised with exit code 1.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx
from picows.url import WSParsedURL

from bench.clients import (
    Accepted,
    Client,
    DisconnectedError,
    Message,
    Refusal,
    Token,
    to_the_end,
)
from bench.crowd import ProductCrowd
from bench.people import Member, in_turns, make_group
from bench.processes import resident_bytes
from bench.progress import Progress
from bench.servers import Running, stack
from scripts.services import Redis

CATCH_UP = 20.0  # seconds in which who comes back has everything
DEVICES = 20  # of each person
GROUP = 10  # people


class Device(Client):
    """Keeps when each version came, and whether one was left out or came twice."""

    def __init__(self, url: str, token: Token, group: int, since: int) -> None:
        super().__init__(url, token)
        self.group = group
        self.cursors[group] = since
        self.came: dict[int, float] = {}  #: by seq
        self.acknowledged: dict[int, float] = {}
        self.refused: list[str] = []
        self.holes = 0
        self.synced_at = 0.0
        self._paging: asyncio.Task[None] | None = None
        self._live = 0  # the version last heard

    def on_message(self, conversation: int, message: Message) -> None:
        self._came(message.seq)
        if self._paging is None:
            self.holes += message.version != self.cursors[conversation] + 1
            self.cursors[conversation] = message.version
        self._live = message.version

    def _came(self, seq: int) -> None:
        self.came.setdefault(seq, time.perf_counter())

    def on_accepted(self, frame: Accepted) -> None:
        self.acknowledged[frame.seq] = time.perf_counter()

    def on_refused(self, frame: Refusal) -> None:
        self.refused.append(frame.error.code)

    def on_synced(self) -> None:
        if self._paging is None:
            self.synced_at = time.perf_counter()

    def on_limited(self, conversation: int, after: int) -> None:
        self.cursors[conversation] = after
        if self._paging is None:
            self._paging = asyncio.create_task(self._page(conversation))

    async def _page(self, conversation: int) -> None:
        complete = False
        with contextlib.suppress(DisconnectedError):
            while not complete:
                try:
                    page = await self.request(
                        type="sync", conversation=conversation, after=self.cursors[conversation]
                    )
                except TimeoutError:  # asked again: who goes on without it has a hole of their own making
                    continue
                for message in page.messages:
                    self._came(message.seq)
                self.cursors[conversation], complete = page.next, page.complete
            self.cursors[conversation] = max(page.next, self._live)
        self._paging = None
        if complete:
            self.synced_at = time.perf_counter()

    def say(self) -> None:
        client_id = str(uuid.uuid4())
        self.send(
            type="message.send", id=client_id, conversation=self.group, client_id=client_id,
            kind="text", body="x" * 100,
        )  # fmt: skip


@contextlib.asynccontextmanager
async def groups(running: Running, people: int, size: int) -> AsyncIterator[list[tuple[list[Member], int]]]:
    """So many people in groups of ``size``: each with its members and its conversation."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        members = [Member(http, running.urls[0]) for _ in range(people)]
        progress = Progress("people", people)
        await in_turns([m.register(f"Person {n}") for n, m in enumerate(members, 1)], progress.step)
        progress.done()
        parts = [members[first : first + size] for first in range(0, people, size)]
        found = [(part, await make_group(part, f"Group {n}", lambda: None)) for n, part in enumerate(parts)]
        yield found


async def head(member: Member, group: int) -> int:
    return int((await member.call("GET", f"conversations/{group}"))["last_version"])


async def talk(devices: Sequence[Device], rate: float) -> None:
    """``rate`` messages a second, by all in turn, until cancelled."""
    started, sent = time.perf_counter(), 0
    while True:
        while sent < (time.perf_counter() - started) * rate:
            devices[sent % len(devices)].say()
            sent += 1
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(so: Callable[[], bool], seconds: float) -> bool:
    deadline = time.perf_counter() + seconds
    while not so() and time.perf_counter() < deadline:  # noqa: ASYNC110 - cheaper than an event each
        await asyncio.sleep(0.02)
    return so()


# ------------------------------------------------------------------ a thousand come back


async def back(options: argparse.Namespace, running: Running) -> list[str]:
    first, second = running.servers
    async with groups(running, options.sockets // DEVICES, GROUP) as found:
        devices, talkers = [], []
        for members, group in found:
            since = await head(members[0], group)
            devices += [Device(first.url, m.token, group, since) for m in members for _ in range(DEVICES)]
            talkers.append(Device(second.url, members[0].token, group, since))
        everybody = [*devices, *talkers]
        await in_turns([device.open() for device in everybody], lambda: None, at_once=32)
        async with meanwhile(talk(talkers, options.rate)):
            await asyncio.sleep(3)
            await asyncio.to_thread(first.kill)
            killed = time.perf_counter()
            await asyncio.sleep(options.seconds)
            restarted = time.perf_counter()
            starting = asyncio.create_task(asyncio.to_thread(first.start))
            good = await until(lambda: all(d.synced_at > killed for d in devices), 60)
            await starting
        sent = {talker.group: talker.acknowledged.keys() for talker in talkers}
        complete = await until(lambda: all(sent[d.group] <= d.came.keys() for d in devices), 10)
        took = sorted(device.synced_at - restarted for device in devices)
        away = sum(killed < at < restarted for talker in talkers for at in talker.acknowledged.values())
        holes = sum(device.holes for device in everybody)
        for device in everybody:
            await device.close()
    print(f"{len(devices)} sockets, {away} messages while the process was away, {options.rate:g} a second")
    print(f"synced after its restart: half in {took[len(took) // 2]:.1f} s, all in {took[-1]:.1f} s")
    return [
        *([] if good and took[-1] <= 20 else ["not all are back within 20 seconds"]),
        *([] if complete and not holes else [f"{holes} holes, or something is missing"]),
    ]


# ------------------------------------------------------------------ some that read nothing


async def reader(options: argparse.Namespace, running: Running) -> list[str]:
    server = running.servers[0]
    crowd = ProductCrowd(server.url, 200, markers=False)
    crowd.body_size = options.body
    await crowd.assemble()
    await crowd.open()
    p99: dict[bool, list[float]] = {True: [], False: []}
    stuck_in_all, holes, late = 0, 0, 0
    progress = Progress("rounds", options.rounds * 2)
    async with meanwhile(crowd.at_rate(options.rate)):
        await asyncio.sleep(3)
        before = most = resident_bytes(server.pid)
        for round_ in range(options.rounds * 2):
            with_it = round_ % 4 in (1, 2)  # turned round each time
            stuck = [await _stuck(crowd, token) for token in crowd.tokens[-options.stuck :] if with_it]
            await asyncio.sleep(0.5)
            del crowd.latencies[:]
            for _ in range(5):  # what they owe is most before they are let go
                await asyncio.sleep(options.seconds / 5)
                most = max(most, resident_bytes(server.pid))
            latencies = sorted(crowd.latencies)
            p99[with_it].append(latencies[len(latencies) * 99 // 100] * 1000)
            for device, back in zip(stuck, await asyncio.gather(*map(_let_go, stuck)), strict=True):
                holes, late = holes + device.holes, late + (not back)
            stuck_in_all += len(stuck)
            progress.step()
    progress.done()
    await crowd.quiet()
    wrong = crowd.wrong
    too_slow = await asyncio.to_thread(_closed, server.url, 4408)
    await crowd.close()
    ratio = statistics.median(p99[True]) / statistics.median(p99[False])
    for with_it, name in ((False, f"without the {options.stuck}"), (True, f"with the {options.stuck}")):
        print(f"p99 {name}: {', '.join(f'{each:.1f}' for each in p99[with_it])} ms")
    print(f"ratio of the medians {ratio:.2f}; memory {before >> 20} MiB, at most {most >> 20} MiB")
    print(f"closed with 4408: {too_slow} of {stuck_in_all} that read nothing")
    return [
        *([] if ratio <= 1.2 else [f"the others' p99 is {ratio:.2f} times as high"]),
        *([] if too_slow == stuck_in_all else ["who reads nothing is not closed with 4408"]),
        *([] if not holes and not wrong else [f"{holes} holes after they resumed; {wrong}"]),
        *([] if not late else [f"{late} had not caught up {CATCH_UP:.0f} seconds after they came back"]),
        *([] if most - before < 64 << 20 else ["memory grows"]),
    ]


async def _stuck(crowd: ProductCrowd, token: Token) -> Device:
    """One more socket, which takes everything that is there, and nothing any more."""
    ((group, version),) = crowd.seats[0].cursor.items()
    device = Device(crowd.url, token, group, version)
    device.socket_factory = _narrow
    await device.open()
    device.socket_factory = None  # it comes back by an ordinary one
    assert device.transport is not None
    device.transport.underlying_transport.pause_reading()
    return device


def _narrow(url: WSParsedURL) -> socket.socket:
    """With a small window from the first byte on, the kernel takes little for who reads nothing."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect((url.host, url.port))
    line.setblocking(False)
    return line


def _closed(url: str, code: int) -> int:
    """Sockets that the process has closed with ``code``: who reads nothing cannot be told, only cut."""
    wanted = f'chatchat_connections_closed_total{{code="{code}"}} '
    lines = httpx.get(f"{url}/metrics", trust_env=False).text.splitlines()
    return sum(int(float(line.removeprefix(wanted))) for line in lines if line.startswith(wanted))


async def _let_go(device: Device) -> bool:
    """It reads again: whether it has caught up with what was said meanwhile."""
    transport = device.transport
    await asyncio.sleep(2)  # by now its line has been cut, if it was not before
    if transport is not None:
        transport.underlying_transport.resume_reading()
    began = time.perf_counter()
    back = await until(lambda: device.synced_at > began, CATCH_UP)
    await asyncio.sleep(0.5)
    await device.close()
    return back


# ------------------------------------------------------------------ no Redis


async def redis(options: argparse.Namespace, running: Running) -> list[str]:
    (service,) = [each for each in running.kept if isinstance(each, Redis)]
    async with groups(running, 40, GROUP) as found:
        devices: list[Device] = []
        for members, group in found:
            since = await head(members[0], group)
            urls = running.urls
            devices += [Device(urls[n % len(urls)], m.token, group, since) for n, m in enumerate(members)]
        await in_turns([device.open() for device in devices], lambda: None, at_once=32)
        async with meanwhile(talk(devices, options.rate)):
            await asyncio.sleep(3)
            killed = time.perf_counter()
            await asyncio.to_thread(service.kill)
            await asyncio.sleep(options.seconds)
            back_at = time.perf_counter()
            await asyncio.to_thread(service.start)
            await asyncio.sleep(5)
        sent: dict[int, dict[int, float]] = {group: {} for _, group in found}
        for device in devices:
            sent[device.group] |= device.acknowledged
        await until(lambda: all(sent[d.group].keys() <= d.came.keys() for d in devices), 10)
        took = {
            name: sorted(
                d.came.get(seq, at + 99) - at
                for d in devices
                for seq, at in sent[d.group].items()
                if since_ <= at < until_
            )
            for name, since_, until_ in (
                ("with Redis", 0.0, killed), ("without", killed, back_at), ("back", back_at + 2, 1e18),
            )
        }  # fmt: skip
        refused = [code for device in devices for code in device.refused]
        holes = sum(device.holes for device in devices)
        for device in devices:
            await device.close()
    for name, each in took.items():
        p50, p99 = each[len(each) // 2] * 1000, each[len(each) * 99 // 100] * 1000
        print(
            f"{name:<12}{len(each):>8} deliveries  p50 {p50:.1f} ms  p99 {p99:.0f} ms  last {each[-1]:.2f} s"
        )
    return [
        *([f"sends failed: {refused[:5]}"] if refused else []),
        *([] if max(each[-1] for each in took.values()) <= 3 else ["a delivery took more than 3 seconds"]),
        *([f"{holes} holes"] if holes else []),
    ]


#: What is run, on how many processes, and what is so by default. Readers are stuck for long enough to fill
#: what the kernel takes for them, and to be waited for.
SCENES: dict[str, tuple[Any, int, dict[str, float]]] = {
    "back": (back, 2, {"rate": 20, "seconds": 3}),
    "reader": (reader, 1, {"rate": 50, "seconds": 30, "stuck": 1, "body": 3500}),
    "readers": (reader, 1, {"rate": 50, "seconds": 30, "stuck": 3, "body": 3500}),
    "redis": (redis, 2, {"rate": 100, "seconds": 10}),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scene", choices=SCENES)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--rate", type=float, help="messages a second")
    parser.add_argument("--seconds", type=float, help="that something is away, or of a round")
    parser.add_argument("--rounds", type=int, default=4, help="pairs of them")
    parser.add_argument("--stuck", type=int, help="who read nothing")
    parser.add_argument("--body", type=int, help="characters of a message")
    options = parser.parse_args()
    scene, processes, defaults = SCENES[options.scene]
    for name, value in defaults.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    with stack("production", processes=processes) as running:
        wrong = to_the_end(scene(options, running))
    for each in wrong:
        print(f"WRONG: {each}")
    return 1 if wrong else 0


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parent.parent)
    sys.exit(main())
