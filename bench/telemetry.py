#!/usr/bin/env python3
"""What watching costs: the same load on servers with traces off, of one message in a hundred, and of all.

    bench/telemetry.py [--stack production] [--before CHECKOUT]

starts one server for each on core 0, in turns under the same load from core 1, and prints CPU seconds of the
server for a thousand deliveries (a group) and for a thousand messages (pairs). ``--before``: the server of
another checkout, with this one's packages, is measured along: what the product cost before a change.
"""

import argparse
import contextlib
import os
import statistics
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Process as Child
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import ROOT
from bench.clients import to_the_end
from bench.crowd import PairsCrowd, ProductCrowd
from bench.fanout import CLIENT_CORE, SERVER_CORE, Figures, Load, measure
from bench.progress import Progress
from bench.servers import Running, on_core, stack
from scripts.services import free_port


class _Swallow(BaseHTTPRequestHandler):
    """A collector that takes everything and keeps nothing."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


def _serve(port: int) -> None:
    ThreadingHTTPServer(("127.0.0.1", port), _Swallow).serve_forever()


@contextlib.contextmanager
def collector() -> Iterator[str]:
    """Where spans may go, in a process of its own."""
    port = free_port()
    child = Child(target=_serve, args=(port,), daemon=True)
    with on_core(CLIENT_CORE):
        child.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.join()


def modes(url: str) -> dict[str, dict[str, str]]:
    """What is measured, by the environment that makes it so."""
    some = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}
    return {
        "off": {},
        "1 in 100": {"OTEL_EXPORTER_OTLP_ENDPOINT": url, **some},
        "all": {"OTEL_EXPORTER_OTLP_ENDPOINT": url},
    }


async def run(options: argparse.Namespace, running: dict[str, Running]) -> dict[str, Figures]:
    """Every server in turn, round by round, so that the machine's moods meet all of them."""
    kind: type[ProductCrowd] = PairsCrowd if options.pairs else ProductCrowd
    crowds: dict[str, ProductCrowd] = {}
    for name, each in running.items():
        crowd = kind(each.servers[0].url, options.sockets, False)
        await crowd.assemble()
        await crowd.open()
        crowds[name] = crowd
    load: Load = (f"{options.rate:g}/s", lambda crowd: crowd.at_rate(options.rate))
    results = {name: Figures() for name in running}
    progress = Progress("rounds", options.rounds * len(running))
    for number in range(options.rounds):
        # Forwards and backwards: who comes later is not always the same.
        for name in list(running)[:: 1 if number % 2 == 0 else -1]:
            each = running[name]
            services = set(each.services.values())
            await measure(crowds[name], load, {each.servers[0].pid}, services, options.seconds, results[name])
            progress.step()
    progress.done()
    for crowd in crowds.values():
        await crowd.close()
    return results


def show(options: argparse.Namespace, results: dict[str, Figures]) -> None:
    what = "pairs, one delivery to each of two" if options.pairs else f"one group of {options.sockets}"
    print(f"{what}, {options.rate:g} messages a second, {options.stack} stack, {options.rounds} rounds")
    print(f"{'':<10}{'CPU s / 1000':>14}{'spread':>18}{'against off':>14}{'p50 ms':>9}{'p99 ms':>9}")
    base = statistics.median(results["off"].cost)
    for name, figures in results.items():
        middle, low, high = statistics.median(figures.cost), min(figures.cost), max(figures.cost)
        spread = f"{low / 1000:.4f}–{high / 1000:.4f}"
        p50, p99 = statistics.median(figures.p50), statistics.median(figures.p99)
        line = f"{name:<10}{middle / 1000:>14.4f}{spread:>18}{middle / base:>14.3f}{p50:>9.2f}{p99:>9.2f}"
        print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", choices=("embedded", "production"), default="embedded")
    parser.add_argument("--pairs", action="store_true", help="people in pairs instead of one group")
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50, help="messages a second (default: 50)")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=5, help="of each round")
    parser.add_argument("--before", type=Path, help="another checkout, to be measured along")
    options = parser.parse_args()
    with contextlib.ExitStack() as open_:
        url = open_.enter_context(collector())
        running = {
            name: open_.enter_context(stack(options.stack, cores=(SERVER_CORE,), extra=extra))
            for name, extra in modes(url).items()
        }
        if options.before:
            root = options.before.resolve()
            running["before"] = open_.enter_context(stack(options.stack, cores=(SERVER_CORE,), root=root))
        with on_core(CLIENT_CORE):
            results = to_the_end(run(options, running))
    show(options, results)
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
