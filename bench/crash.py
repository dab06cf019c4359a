#!/usr/bin/env python3
"""A replay during which servers die: nothing acknowledged may be missing, nothing may be there twice.

    bench/crash.py LOG [--stack production --processes 2] [--kills 6]

starts servers of its own, replays LOG on them, and ends one after the other while it goes on, with
`kill -9` or (--how term) as an operator does, and starts it again.
"""

import argparse
import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.clients import to_the_end
from bench.play import Stage
from bench.servers import Running, stack
from bench.session import Options, run


class Killer:
    """Ends a server each time that another part of the log was acknowledged."""

    def __init__(self, running: Running, kills: int, how: str) -> None:
        self._running, self._kills, self._how = running, kills, how

    async def work(self, stage: Stage) -> None:
        total = len(stage.entries)
        for number in range(1, self._kills + 1):
            while stage.acknowledged < total * number // (self._kills + 1):  # noqa: ASYNC110  # as in a test
                await asyncio.sleep(0.005)
            server = self._running.servers[number % len(self._running.servers)]
            await asyncio.to_thread(server.kill if self._how == "kill" else server.stop)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.start)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log", type=Path, metavar="LOG")
    parser.add_argument("--stack", choices=("embedded", "production"), default="embedded")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--how", choices=("kill", "term"), default="kill")
    given = parser.parse_args()
    with stack(given.stack, processes=given.processes) as running:
        options = Options(
            log=given.log,
            urls=running.urls,
            people=given.people,
            limit=given.limit,
            rate=given.rate,
            meanwhile=Killer(running, given.kills, given.how).work,
        )
        report = to_the_end(run(options))
    print(f"{given.kills} times {given.how}, {given.stack} stack, {given.processes} processes")
    print(report.as_text())
    return 0 if report.good and report.cuts else 1


if __name__ == "__main__":
    sys.exit(main())
