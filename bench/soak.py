#!/usr/bin/env python3
"""An hour of talk at a fifth of the best rate: do memory, files, tasks and latency level off?

    bench/soak.py [--minutes 60] [--rate 400] [--docs]

200 people in one group of a server on core 0 (with its services), the clients on core 1. First the best rate
is looked for; then a fifth of it (or --rate) is kept up, while other sockets come, resume and go. Every 30 s
it is noted what the server holds, what its /metrics say, and how late messages were. Figures go to
var/bench/soak.json; with --docs the plot goes to docs/images/ and the words to docs/performance.md. Exit code
1: something does not level off (its last third is above its second one), or a delivery was wrong.
"""

import argparse
import asyncio
import itertools
import os
import re
import statistics
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import ROOT, pages, population
from bench.clients import to_the_end
from bench.fanout import CLIENT_CORE, SERVER_CORE, Figures, measure
from bench.growth_live import outstanding
from bench.need import Device, meanwhile
from bench.plot import Panel, svg
from bench.population import SettledCrowd
from bench.processes import cpu_seconds, open_files, resident_bytes
from bench.progress import Progress
from bench.servers import Running, on_core, stack

PEOPLE = 200
VISITORS = 10  #: at once
BEHIND = 100  #: messages
METRIC = re.compile(r"^(chatchat_(?:tasks|connections|writer_waiting|hub_people)) (\S+)$", re.MULTILINE)

#: What is looked at: its unit, and how many times the second third its last third may be; 0: not judged.
LOOKED_AT: dict[str, tuple[str, float]] = {
    "memory of the server": ("MiB", 1.03),
    "file descriptors": ("", 1.02),
    "tasks": ("", 1.02),
    "sockets": ("", 1.02),
    "p50": ("ms", 1.25),
    "p99": ("ms", 1.5),
    "CPU a delivery": ("µs", 1.15),
    "memory of MariaDB": ("MiB", 0),
    "memory of Redis": ("MiB", 1.1),
}


@dataclass
class Soak:
    """What was seen, over the minutes."""

    rate: float = 0
    minutes: list[float] = field(default_factory=list)
    seen: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in LOOKED_AT})
    deliveries: int = 0
    visits: int = 0  #: sockets that came and went meanwhile
    holes: int = 0  #: in what those got
    wrong: str = ""

    def growth(self, name: str) -> float:
        """The median of the last third, in terms of the second's."""
        values = self.seen[name]
        third = len(values) // 3
        if not third:
            return 1.0
        second, last = statistics.median(values[third:-third]), statistics.median(values[-third:])
        return last / second if second else 1.0

    def rising(self) -> list[str]:
        return [
            f"{name} is {self.growth(name):.2f} times as much in the last third as in the second"
            for name, (_, bound) in LOOKED_AT.items()
            if bound and self.growth(name) > bound
        ]


# ------------------------------------------------------------------ looking


def metrics(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:  # noqa: S310 - our own server
        return {name: float(value) for name, value in METRIC.findall(answer.read().decode())}


async def look(soak: Soak, running: Running, crowd: SettledCrowd, deliveries: int, cpu: float) -> None:
    """One moment; ``deliveries`` and CPU seconds since the last one."""
    server = running.servers[0]
    told = await asyncio.to_thread(metrics, server.url)
    latencies = sorted(crowd.latencies) or [0.0]
    del crowd.latencies[:]
    memory = {name: resident_bytes(pid) / 2**20 for name, pid in running.services.items()}
    values = {
        "memory of the server": resident_bytes(server.pid) / 2**20,
        "file descriptors": open_files(server.pid),
        "tasks": told["chatchat_tasks"],
        "sockets": told["chatchat_connections"],
        "p50": latencies[len(latencies) // 2] * 1000,
        "p99": latencies[len(latencies) * 99 // 100] * 1000,
        "CPU a delivery": cpu / max(deliveries, 1) * 1e6,
        "memory of MariaDB": memory.get("mariadb", 0),
        "memory of Redis": memory.get("redis", 0),
    }
    for name, value in values.items():
        soak.seen[name].append(value)


async def come_and_go(soak: Soak, crowd: SettledCrowd) -> None:
    """Second sockets of people: each comes a while behind, gets what it missed, listens, and goes."""
    visitors: list[Device] = []
    for token in itertools.cycle(crowd.tokens):
        ((group, version),) = crowd.seats[0].cursor.items()
        visitors.append(Device(crowd.url, token, group, max(version - BEHIND, 0)))
        await visitors[-1].open()
        await asyncio.sleep(1)
        if len(visitors) > VISITORS:
            gone = visitors.pop(0)
            await gone.close()
            soak.visits += 1
            soak.holes += gone.holes


# ------------------------------------------------------------------ an hour


async def best_rate(running: Running, crowd: SettledCrowd, seconds: float) -> float:
    """Messages a second with 80 outstanding."""
    figures = Figures()
    await measure(crowd, outstanding(80), {running.servers[0].pid}, set(), seconds, figures)
    return figures.rate[0] / crowd.readers


async def run(options: argparse.Namespace, running: Running) -> Soak:
    tokens = await asyncio.to_thread(population.people, 1, PEOPLE)
    (group,) = await asyncio.to_thread(population.conversations, 1, [range(1, PEOPLE + 1)])
    crowd = SettledCrowd(running.urls, tokens, [[group]] * PEOPLE, readers=PEOPLE)
    await crowd.open()
    soak = Soak(rate=options.rate or await best_rate(running, crowd, 10) / 5)
    progress = Progress("minutes", options.minutes)
    pids, began = {running.servers[0].pid}, time.monotonic()
    async with meanwhile(crowd.at_rate(soak.rate)), meanwhile(come_and_go(soak, crowd)):
        while (gone := time.monotonic() - began) < options.minutes * 60:
            count, cpu = crowd.received, cpu_seconds(pids)
            await asyncio.sleep(options.every - gone % options.every)
            soak.minutes.append((time.monotonic() - began) / 60)
            await look(soak, running, crowd, crowd.received - count, cpu_seconds(pids) - cpu)
            progress.set(int(soak.minutes[-1]))
    progress.done()
    await crowd.quiet()
    soak.deliveries, soak.wrong = crowd.received, crowd.wrong
    soak.wrong += f"{soak.holes} holes" if soak.holes else ""
    await crowd.close()
    return soak


# ------------------------------------------------------------------ telling


def table(soak: Soak) -> str:
    lines = [
        "| | second third | last third | |",
        "| --- | --- | --- | --- |",
    ]
    for name, (unit, _) in LOOKED_AT.items():
        values = soak.seen[name]
        third = max(len(values) // 3, 1)
        middle, last = statistics.median(values[third:-third] or values), statistics.median(values[-third:])
        lines.append(f"| {name} | {middle:.1f} {unit} | {last:.1f} {unit} | {soak.growth(name):.2f} × |")
    return "\n".join(lines)


def told(options: argparse.Namespace, soak: Soak) -> str:
    rising = soak.rising()
    verdict = "Everything levels off." if not rising else "It does not level off: " + "; ".join(rising) + "."
    return (
        f"{options.minutes:g} minutes at {soak.rate:,.0f} messages a second to a group of {PEOPLE},"
        f" {soak.deliveries:,} deliveries, {soak.visits:,} other sockets that came {BEHIND} messages behind"
        " and went;"
        f" looked at every {options.every:g} s, medians. {verdict}\n\n{table(soak)}"
    )


def picture(soak: Soak) -> str:
    def panel(title: str, *names: str) -> Panel:
        lines = {name: list(zip(soak.minutes, soak.seen[name], strict=True)) for name in names}
        return Panel(title, "minutes", lines, log_x=False)

    return svg(
        "An hour at a fifth of the best rate",
        [
            panel("MiB", "memory of the server", "memory of Redis"),
            panel("how many", "file descriptors", "tasks", "sockets"),
            panel("ms", "p50", "p99"),
        ],
    )


def report(options: argparse.Namespace, soak: Soak, where: dict[str, Any]) -> None:
    pages.save(pages.FIGURES / "soak.json", {"measured": where, **vars(soak), "rising": soak.rising()})
    words = told(options, soak)
    print(words)
    if options.docs:
        pages.write_between("soak", f"{words}\n\n{pages.draw('soak', picture(soak))}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--every", type=float, default=30, help="seconds between two looks")
    parser.add_argument("--rate", type=float, help="messages a second (default: a fifth of the best)")
    parser.add_argument("--docs", action="store_true", help="put the result into docs/")
    options = parser.parse_args()
    where = pages.conditions()
    with stack("production", cores=(SERVER_CORE,)) as running:
        population.use_stack(running)
        with on_core(CLIENT_CORE):
            soak = to_the_end(run(options, running))
    report(options, soak, where)
    if soak.wrong:
        print(f"WRONG: {soak.wrong}")
    return 1 if soak.wrong or soak.rising() else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
