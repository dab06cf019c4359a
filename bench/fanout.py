#!/usr/bin/env python3
"""What a delivery costs: 200 authenticated people of one process in one group, next to the floor.

    bench/fanout.py [--stack production] [--clients delivered]

starts a server on core 0 and the clients on core 1, and measures server CPU-microseconds per delivery
at a fixed rate and with so many messages outstanding; in the same run and in turns, the same for two
servers that do nothing but send (bench/floor.py).
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import ROOT
from bench.clients import to_the_end
from bench.crowd import Crowd, PairsCrowd, ProductCrowd
from bench.processes import cpu_seconds, resident_bytes
from bench.progress import Progress
from bench.servers import Process, Running, on_core, stack
from scripts.services import free_port

SERVER_CORE, CLIENT_CORE = 0, 1
SETTLE_SECONDS = 1.0
PATIENCE_SECONDS = 20.0
PRODUCT = "chatchat"
FLOORS = ("floor: uvicorn", "floor: picows")


@dataclass
class Figures:
    """What the rounds of one load on one server showed."""

    cost: list[float] = field(default_factory=list)  #: µs a delivery, the server
    services: list[float] = field(default_factory=list)  #: µs a delivery, database and Redis
    rate: list[float] = field(default_factory=list)  #: deliveries a second
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    clients: list[float] = field(
        default_factory=list
    )  #: share of a core that this process, their clients, used

    def __bool__(self) -> bool:
        return bool(self.rate)

    def line(self) -> str:
        def middle(values: list[float]) -> float:
            return statistics.median(values) if values else 0.0

        return (
            f"{middle(self.cost):8.2f} {middle(self.services):8.2f} {middle(self.rate):12,.0f}"
            f" {middle(self.p50):8.2f} {middle(self.p99):8.2f}"
        )


Load = tuple[str, Callable[[Crowd], Awaitable[None]]]


def loads(options: argparse.Namespace) -> list[Load]:
    """Each is a name and what keeps a crowd busy until it is cancelled."""
    fixed = f"{options.rate:g}/s"
    return [
        (fixed, lambda crowd: crowd.at_rate(options.rate)),
        *((f"{n} out", lambda crowd, n=n: crowd.outstanding(n)) for n in options.outstanding),
    ]


async def measure(
    crowd: Crowd, load: Load, servers: set[int], services: set[int], seconds: float, figures: Figures
) -> None:
    """One round: let it settle, look, wait, look again."""
    busy = asyncio.ensure_future(load[1](crowd))
    try:
        await asyncio.sleep(SETTLE_SECONDS)
        del crowd.latencies[:]
        count, used, others = crowd.received, cpu_seconds(servers), cpu_seconds(services)
        started, clients = time.perf_counter(), time.process_time()
        await asyncio.sleep(seconds)
        # A server may take all that was said before it hands any of it on.
        while not crowd.latencies and time.perf_counter() - started < PATIENCE_SECONDS:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        deliveries = crowd.received - count
        elapsed, clients = time.perf_counter() - started, time.process_time() - clients
        used, others = cpu_seconds(servers) - used, cpu_seconds(services) - others
        latencies = sorted(crowd.latencies)
    finally:
        busy.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await busy
    await crowd.quiet()
    if not deliveries or not latencies:
        raise SystemExit(f"{load[0]}: nothing was delivered")
    figures.cost.append(used / deliveries * 1e6)
    figures.services.append(others / deliveries * 1e6)
    figures.rate.append(deliveries / elapsed)
    figures.clients.append(clients / elapsed)
    figures.p50.append(latencies[len(latencies) // 2] * 1000)
    figures.p99.append(latencies[len(latencies) * 99 // 100] * 1000)


@contextlib.contextmanager
def floors(directory: Path) -> Iterator[list[Process]]:
    """The servers that do nothing but send."""
    servers = []
    try:
        for name in ("uvicorn", "picows"):
            env = os.environ | {"PORT": str(free_port())}
            command = [sys.executable, "-m", "bench.floor", name]
            servers.append(Process(command, env, directory / f"floor-{name}.log", SERVER_CORE, "/"))
            servers[-1].start()
        yield servers
    finally:
        for server in servers:
            server.stop()


async def run(options: argparse.Namespace, running: Running) -> dict[tuple[str, str], Figures]:
    server = running.servers[0]
    services = set(running.services.values())
    kind = PairsCrowd if options.direct else ProductCrowd
    product = kind(server.url, options.sockets, options.clients == "delivered")
    await product.assemble()
    before = resident_bytes(server.pid)
    await product.open()
    await asyncio.sleep(1)
    print(f"{(resident_bytes(server.pid) - before) / options.sockets / 1024:.1f} KiB an idle socket")
    with floors(running.servers[0].log.parent) as others:
        crowds: list[tuple[str, Crowd, set[int], set[int]]] = [(PRODUCT, product, {server.pid}, services)]
        for name, other in zip(() if options.direct else FLOORS, others, strict=not options.direct):
            crowd = Crowd(other.url, options.sockets, frame_size=product.frame_size)
            await crowd.open()
            crowds.append((name, crowd, {other.pid}, set()))
        results = await rounds(options, crowds)
        for _, crowd, _, _ in crowds:
            await crowd.close()
    if product.wrong:
        raise SystemExit(f"the product delivered wrongly: {product.wrong}")
    return results


async def rounds(
    options: argparse.Namespace, crowds: list[tuple[str, Crowd, set[int], set[int]]]
) -> dict[tuple[str, str], Figures]:
    """Every load on every server, in turns, so that the machine's moods meet all of them."""
    results: dict[tuple[str, str], Figures] = {}
    progress = Progress("rounds", options.rounds * len(loads(options)) * len(crowds))
    for _ in range(options.rounds):
        for load in loads(options):
            for name, crowd, servers, services in crowds:
                figures = results.setdefault((load[0], name), Figures())
                await measure(crowd, load, servers, services, options.seconds, figures)
                progress.step()
    progress.done()
    return results


def show(options: argparse.Namespace, results: dict[tuple[str, str], Figures]) -> None:
    markers = ", each telling `delivered` once a second" if options.clients == "delivered" else ""
    where = "in pairs" if options.direct else "in one group"
    print(f"{options.sockets} sockets of one process {where}, {options.stack} stack{markers}")
    head = f"{'µs':>8} {'services':>8} {'deliveries/s':>12} {'p50 ms':>8} {'p99 ms':>8}"
    print(f"{'load':<10}{'server':<16}{head}")
    for (load, name), figures in results.items():
        print(f"{load:<10}{name:<16}{figures.line()}")
    for load in dict.fromkeys(load for load, _ in results):
        cost = statistics.median(results[load, PRODUCT].cost)
        ratios = [
            f"{cost / statistics.median(figures.cost):.2f} × {name}"
            for (other, name), figures in results.items()
            if other == load and name != PRODUCT
        ]
        if ratios:
            print(f"{load:<10}{PRODUCT} costs {', '.join(ratios)}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", choices=("embedded", "production"), default="embedded")
    parser.add_argument("--direct", action="store_true", help="people in pairs instead, and no floor")
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100, help="messages a second (default: 100)")
    parser.add_argument("--outstanding", type=int, nargs="*", default=[10, 80], metavar="N")
    parser.add_argument("--clients", choices=("silent", "delivered"), default="silent")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of each round")
    options = parser.parse_args()
    with stack(options.stack, cores=(SERVER_CORE,)) as running, on_core(CLIENT_CORE):
        results = to_the_end(run(options, running))
    show(options, results)
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
