"""Growth that a running stack shows: members, conversations, people online, processes, size of a batch."""

import argparse
import asyncio
import itertools
import re
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench import population
from bench.clients import Token, to_the_end
from bench.crowd import Crowd
from bench.curves import Axis
from bench.fanout import CLIENT_CORE, SERVER_CORE, Figures, Load, measure
from bench.population import SettledCrowd
from bench.processes import cpu_seconds, resident_bytes
from bench.progress import Progress
from bench.servers import Process, Running, on_core, stack

#: A server that is this busy shows what work costs, not what waiting costs.
DELIVERIES = 20_000  #: a second
WARM = 20
BLOCK = 10  #: members of each of many groups

MESSAGE, SERVICES = "a message, server", "a message, database and Redis"
WRITTEN = "written together"
SOCKET, CONNECT = "memory of a socket", "CPU of a connection"


@dataclass
class Bench:
    """One axis on one stack; ``point`` measures one x."""

    options: argparse.Namespace
    running: Running
    axis: Axis

    @property
    def services(self) -> set[int]:
        return set(self.running.services.values())

    async def fresh(self, servers: Sequence[Process]) -> set[int]:
        """``servers`` begin anew, the others rest; their pids."""
        for server in self.running.servers:
            await asyncio.to_thread(server.stop)
        await asyncio.to_thread(population.caught_up)
        for server in servers:
            await asyncio.to_thread(server.start)
        return {server.pid for server in servers}

    async def arrive(self, crowd: SettledCrowd, pids: set[int], x: float) -> None:
        """Everybody connects to fresh servers: what that costs, and holds."""
        crowd.active = crowd.seats[:WARM]  # the first ones pay for what a process makes once
        await crowd.arrive()
        await crowd.leave()
        crowd.active = crowd.seats
        await asyncio.sleep(0.5)
        used, held = cpu_seconds(pids), sum(map(resident_bytes, pids))
        await crowd.arrive()
        self.axis.note(CONNECT, "ms", x, (cpu_seconds(pids) - used) / crowd.size * 1000)
        await asyncio.sleep(1)
        held = sum(map(resident_bytes, pids)) - held
        if crowd.size >= 100:  # of fewer the process's own comings and goings are more
            self.axis.note(SOCKET, "KiB", x, held / crowd.size / 1024)

    async def talk(self, crowd: Crowd, pids: set[int], load: Load) -> Figures:
        figures = Figures()
        await measure(crowd, load, pids, self.services, self.options.seconds, figures)
        return figures

    def note(self, x: float, figures: Figures, readers: int, prefix: str = "", late: bool = True) -> None:
        """What a message cost; the latencies too if nobody was in a hurry."""
        self.axis.note(prefix + MESSAGE, "µs", x, figures.cost[0] * readers)
        self.axis.note(prefix + SERVICES, "µs", x, figures.services[0] * readers)
        if late:
            self.axis.note(f"{prefix}latency, p50", "ms", x, figures.p50[0], "flat")
            self.axis.note(f"{prefix}latency, p99", "ms", x, figures.p99[0], "flat")


Point = Callable[[Bench, int], Awaitable[None]]


def at_rate(rate: float) -> Load:
    return f"{rate:g}/s", lambda crowd: crowd.at_rate(rate)


def outstanding(count: int) -> Load:
    return f"{count} out", lambda crowd: crowd.outstanding(count)


async def end(crowd: SettledCrowd) -> None:
    wrong = crowd.wrong
    await crowd.close()
    if wrong:
        raise SystemExit(f"delivered wrongly: {wrong}")


# ------------------------------------------------------------------ axes


def members(bench: Bench, xs: Sequence[int]) -> Point:
    """One group of x people, all of them online."""
    crowds = {}
    firsts = itertools.accumulate(xs, initial=1)
    for x, first in zip(xs, firsts, strict=False):
        tokens = population.people(first, x)
        (group,) = population.conversations(x, [range(first, first + x)])
        crowds[x] = (tokens, [[group]] * x)

    async def point(bench: Bench, x: int) -> None:
        pids = await bench.fresh(bench.running.servers)
        crowd = SettledCrowd(bench.running.urls, *crowds[x], readers=x)
        await bench.arrive(crowd, pids, x)
        bench.note(x, await bench.talk(crowd, pids, at_rate(min(100, DELIVERIES / x))), x)
        several = await bench.talk(crowd, pids, outstanding(min(10, x)))
        bench.note(x, several, x, "10 outstanding: ", late=False)
        await end(crowd)

    return point


def own(bench: Bench, xs: Sequence[int]) -> Point:
    """Some people who have x conversations each, groups of ten, and talk in all of them."""
    crowds = {}
    people = bench.options.people
    conversation = 1
    for number, x in enumerate(xs):
        first = 1 + number * people
        tokens = population.people(first, people)
        homes: list[list[int]] = []
        for block in range(first, first + people, BLOCK):
            found = population.conversations(conversation, [range(block, block + BLOCK)] * x)
            conversation += x
            homes += [found] * BLOCK
        crowds[x] = (tokens, homes)

    async def point(bench: Bench, x: int) -> None:
        pids = await bench.fresh(bench.running.servers)
        crowd = SettledCrowd(bench.running.urls, *crowds[x], readers=BLOCK)
        await bench.arrive(crowd, pids, x)
        bench.note(x, await bench.talk(crowd, pids, at_rate(100)), BLOCK)
        await end(crowd)

    return point


def _pairs(count: int) -> tuple[list[Token], list[list[int]]]:
    tokens = population.people(1, count)
    direct = population.conversations(1, [(n, n + 1) for n in range(1, count + 1, 2)], direct=True)
    return tokens, [[one] for one in direct for _ in range(2)]


def online(bench: Bench, xs: Sequence[int]) -> Point:
    """x people in pairs, who say as much together however many they are."""
    tokens, homes = _pairs(max(xs))

    async def point(bench: Bench, x: int) -> None:
        pids = await bench.fresh(bench.running.servers)
        crowd = SettledCrowd(bench.running.urls, tokens[:x], homes[:x], readers=2)
        await bench.arrive(crowd, pids, x)
        used = cpu_seconds(pids)
        await asyncio.sleep(bench.options.seconds)
        idle = (cpu_seconds(pids) - used) / bench.options.seconds * 1000
        bench.axis.note("nothing said: CPU a second", "ms", x, idle)
        bench.note(x, await bench.talk(crowd, pids, at_rate(200)), 2)
        await end(crowd)

    return point


def processes(bench: Bench, xs: Sequence[int]) -> Point:
    """A group of 200, and 100 pairs, on x processes: each pair on two of them, if there are two."""
    talkers = 200
    tokens, pairs = _pairs(talkers)
    (group,) = population.conversations(talkers, [range(1, talkers + 1)])

    async def point(bench: Bench, x: int) -> None:
        servers = bench.running.servers[:x]
        urls = [server.url for server in servers]
        for prefix, homes, readers, rate in (
            ("group: ", [[group]] * talkers, talkers, 100),
            ("direct: ", pairs, 2, 200),
        ):
            pids = await bench.fresh(servers)
            crowd = SettledCrowd(urls, tokens, homes, readers=readers)
            await crowd.arrive()
            bench.note(x, await bench.talk(crowd, pids, at_rate(rate)), readers, prefix)
            await end(crowd)

    return point


BATCHED = re.compile(r"^chatchat_batch_size_(sum|count) (\S+)$", re.MULTILINE)


def batch(bench: Bench, xs: Sequence[int]) -> Point:
    """100 pairs with x messages outstanding: what is written together, and what that saves."""
    tokens, homes = _pairs(200)

    async def point(bench: Bench, x: int) -> None:
        pids = await bench.fresh(bench.running.servers)
        crowd = SettledCrowd(bench.running.urls, tokens, homes, readers=2)
        await crowd.arrive()
        before = await asyncio.to_thread(_batches, bench.running.urls[0])
        figures = await bench.talk(crowd, pids, outstanding(x))
        after = await asyncio.to_thread(_batches, bench.running.urls[0])
        size = round((after["sum"] - before["sum"]) / max(after["count"] - before["count"], 1), 2)
        bench.axis.note(WRITTEN, "", x, size)
        for name, value in ((MESSAGE, figures.cost[0]), (SERVICES, figures.services[0])):
            bench.axis.note(name, "µs", x, value * 2, "inverse")
        await end(crowd)

    return point


def _batches(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:  # noqa: S310 - our own server
        return {name: float(value) for name, value in BATCHED.findall(answer.read().decode())}


# ------------------------------------------------------------------ running one


@dataclass
class Kind:
    title: str
    of: str
    xs: tuple[int, ...]
    short: tuple[int, ...]  #: for trials
    prepare: Callable[[Bench, Sequence[int]], Point]
    conditions: str
    servers: int = 1


KINDS = {
    "members": Kind(
        "members online", "member", (2, 20, 200, 1000, 5000), (2, 20, 100), members,
        f"one group, at most 100 messages and {DELIVERIES:,} deliveries a second",
    ),
    "conversations": Kind(
        "conversations a person", "conversation", (10, 50, 200, 500, 2000), (10, 50), own,
        f"people in groups of {BLOCK}, 100 messages a second in all conversations in turn",
    ),
    "online": Kind(
        "people online", "person", (100, 1000, 3000, 10_000), (100, 400), online,
        "in pairs, 200 messages a second together",
    ),
    "processes": Kind(
        "processes", "process", (1, 2, 4), (1, 2), processes,
        "200 people: one group, 100 messages a second; in pairs, 200 messages a second", 4,
    ),
    "batch": Kind(
        "messages and markers a transaction", "batch", (1, 2, 5, 10, 20, 50, 100, 200), (1, 20), batch,
        "100 pairs, 1 to 200 messages outstanding",
    ),
}  # fmt: skip


def run(name: str, options: argparse.Namespace) -> Axis:
    """Every point of one axis, in turns, forwards and back."""
    kind = KINDS[name]
    xs = options.points or (kind.short if options.short else kind.xs)
    axis = Axis(name, kind.title, kind.of, kind.conditions)
    with stack("production", processes=kind.servers, cores=(SERVER_CORE,)) as running:
        population.use_stack(running)
        bench = Bench(options, running, axis)
        point = kind.prepare(bench, xs)
        with on_core(CLIENT_CORE):
            to_the_end(_rounds(bench, xs, point))
    if name == "batch":
        axis.by(WRITTEN)
    return axis


async def _rounds(bench: Bench, xs: Sequence[int], point: Point) -> None:
    progress = Progress(bench.axis.name, bench.options.rounds * len(xs))
    for number in range(bench.options.rounds):
        for x in xs if number % 2 == 0 else xs[::-1]:
            await point(bench, x)
            progress.step()
    progress.done()
