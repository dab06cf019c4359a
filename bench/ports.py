#!/usr/bin/env python3
"""The same application on another server, and with Channels' own layers: what a delivery costs there.

    bench/ports.py [--stack production] [--rounds 3] [--seconds 4] [--only daphne]

starts the product as it comes and each other way (its own services beside each) on core 0, the clients on
core 1, and measures them in turns: 200 people in one group, and in 100 pairs, spread over the processes.
Every delivery is counted. The figures are in var/bench/ports.json, too.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import ROOT
from bench.clients import to_the_end
from bench.crowd import Crowd, PairsCrowd, ProductCrowd, ProductSocket, Seat
from bench.fanout import CLIENT_CORE, SERVER_CORE, Figures, measure
from bench.progress import Progress
from bench.servers import Running, on_core, stack

PRODUCT = "chatchat"


class Way(NamedTuple):
    """How it is run."""

    name: str
    server: str = "uvicorn"
    layer: str = ""


WAYS = {
    "embedded": (Way(PRODUCT), Way("daphne", "daphne")),
    "production": (
        Way(PRODUCT),
        Way("daphne", "daphne"),
        Way("pub/sub layer", layer="channels_redis.pubsub.RedisPubSubChannelLayer"),
        Way("core layer", layer="channels_redis.core.RedisChannelLayer"),
    ),
}
#: Registering hundreds of people for each way is no part of what is measured.
CHEAP_PASSWORDS = {"DJANGO_SETTINGS_MODULE": "tests.stack.server_settings"}
PROCESSES = {"embedded": 1, "production": 2}

Load = tuple[str, Callable[[Crowd], Awaitable[None]]]
LOADS: dict[str, tuple[Load, ...]] = {
    "group": (("50/s", lambda crowd: crowd.at_rate(50)), ("10 out", lambda crowd: crowd.outstanding(10))),
    "direct": (("200/s", lambda crowd: crowd.at_rate(200)), ("20 out", lambda crowd: crowd.outstanding(20))),
}


class Spread(ProductCrowd):
    """Neighbours are at different processes, where there are several."""

    urls: Sequence[str] = ()

    def _socket(self, seat: Seat) -> ProductSocket:
        home, self.url = self.url, self.urls[seat.index % len(self.urls)]
        try:
            return super()._socket(seat)
        finally:
            self.url = home


class SpreadPairs(Spread, PairsCrowd):
    """The two of a pair are neighbours."""


#: (group or direct, load, way) -> what was measured
Results = dict[tuple[str, str, str], Figures]


async def crowds_of(running: Running, sockets: int) -> dict[str, ProductCrowd]:
    found: dict[str, ProductCrowd] = {}
    for name, kind in (("group", Spread), ("direct", SpreadPairs)):
        crowd = kind(running.urls[0], sockets, markers=False)
        crowd.urls = running.urls
        await crowd.assemble()
        await crowd.open()
        found[name] = crowd
    return found


async def run(options: argparse.Namespace, ways: Sequence[tuple[Way, Running]]) -> Results:
    crowds = {way.name: await crowds_of(running, options.sockets) for way, running in ways}
    results: Results = {}
    progress = Progress("rounds", options.rounds * sum(map(len, LOADS.values())) * len(ways))
    for _ in range(options.rounds):
        for kind, loads in LOADS.items():
            for load in loads:
                for way, running in ways:
                    figures = results.setdefault((kind, load[0], way.name), Figures())
                    servers = {server.pid for server in running.servers}
                    services = set(running.services.values())
                    crowd = crowds[way.name][kind]
                    await measure(crowd, load, servers, services, options.seconds, figures)
                    progress.step()
    progress.done()
    wrong = {
        (name, kind): crowd.wrong
        for name, kinds in crowds.items()
        for kind, crowd in kinds.items()
        if crowd.wrong
    }
    for kinds in crowds.values():
        for crowd in kinds.values():
            await crowd.close()
    if wrong:
        raise SystemExit(f"delivered wrongly: {wrong}")
    return results


def show(options: argparse.Namespace, results: Results) -> None:
    print(f"{options.sockets} sockets, {PROCESSES[options.stack]} process(es), {options.stack} stack")
    print(f"{'':<17}{'way':<15}{'µs':>8} {'services':>8} {'deliveries/s':>12} {'p50 ms':>8} {'p99 ms':>8}")
    for (kind, load, name), figures in results.items():
        own = results[kind, load, PRODUCT]
        ratio = statistics.median(
            (cost + more) / (base + base_more)
            for cost, more, base, base_more in zip(
                figures.cost, figures.services, own.cost, own.services, strict=True
            )
        )
        print(f"{kind + ', ' + load:<17}{name:<15}{figures.line()}  {ratio:.2f} ×")


def keep(options: argparse.Namespace, results: Results) -> None:
    options.json.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"kind": kind, "load": load, "way": name, **asdict(figures)}
        for (kind, load, name), figures in results.items()
    ]
    options.json.write_text(json.dumps({"stack": options.stack, "rows": rows}, indent=1))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", choices=tuple(WAYS), default="production")
    parser.add_argument("--only", nargs="+", help="beside chatchat as it comes, these (default: all)")
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each round")
    parser.add_argument("--json", type=Path, default=ROOT / "var" / "bench" / "ports.json")
    options = parser.parse_args()
    ways = [way for way in WAYS[options.stack] if way.name in (PRODUCT, *(options.only or (way.name,)))]
    with contextlib.ExitStack() as running:
        started = [
            (
                way,
                running.enter_context(
                    stack(
                        options.stack, processes=PROCESSES[options.stack], cores=(SERVER_CORE,),
                        server=way.server, extra={"CHANNEL_LAYER": way.layer, **CHEAP_PASSWORDS},
                    )
                ),
            )
            for way in ways
        ]  # fmt: skip
        with on_core(CLIENT_CORE):
            results = to_the_end(run(options, started))
    show(options, results)
    keep(options, results)
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
