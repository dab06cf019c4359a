#!/usr/bin/env python3
"""chatchat beside the servers that people would run instead: same work, same machine, same run.

    make bench-peers [PEERS="--only chatchat ws --works dm group --rounds 1 --seconds 2"]

Every server has core 0 with its database and Redis, one after the other in turns; the clients have core
1, count every delivery, and are the same but for the protocol. All commit a message to MariaDB
(`innodb_flush_log_at_trx_commit=1`) before it is acknowledged and delivered. First each is driven as fast
as it goes, then at a fifth of its own best rate, then all at the same: a fifth of the best rate of the
fastest but chatchat; who does not reach that is left out. All figures go to var/bench/peers.json, too.
"""

import argparse
import asyncio
import os
import resource
import sys
import time
from collections.abc import Awaitable
from pathlib import Path

from picows import WSError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from bench import ROOT
from bench.clients import to_the_end
from bench.fanout import Load, measure
from bench.peers import report
from bench.peers.contenders import (
    CLIENT_CORE,
    IDLE,
    LOADS,
    PRODUCT,
    SAME,
    SATURATED,
    WORKS,
    Contender,
    Field,
    Idle,
    Work,
    started,
)
from bench.peers.crowds import PeerCrowd
from bench.peers.servers import PEERS
from bench.processes import cpu_seconds
from bench.progress import Progress
from bench.servers import on_core

SHARE = 0.2
#: So many come and go before memory is looked at: code that runs for the first time takes some, too.
WARM_UP = 100
SETTLE_SECONDS = 2.0
FAILURES = (SystemExit, OSError, WSError, RuntimeError)

Playing = list[tuple[Contender, PeerCrowd]]


async def works(one: Contender, what: str, job: Awaitable[None]) -> bool:
    """Whether it did; what went wrong is kept, and the others go on."""
    before = len(one.wrong)
    try:
        await job
    except* FAILURES as errors:
        said = sorted({str(error) or type(error).__name__ for error in errors.exceptions})
        one.wrong.append(f"{what}: {'; '.join(said)}")
    return len(one.wrong) == before


# ------------------------------------------------------------------ talking


async def talk(options: argparse.Namespace, name: str, contenders: list[Contender]) -> None:
    """All of them, in turns; those that wait keep their sockets, and cost next to nothing."""
    job = WORKS[name]
    playing: Playing = []
    for one in contenders:
        crowd = one.crowd(job.sockets, job.pairs)
        if await works(one, job.title, assemble(crowd)):
            playing.append((one, crowd))
    best = dict.fromkeys((one.name for one, _ in playing), 0.0)
    progress = Progress(job.title, options.rounds * len(LOADS) * len(playing))
    for _ in range(options.rounds):
        for load in LOADS:
            for one, crowd in list(playing):
                if not await works(one, job.title, drive(options, one, crowd, name, load, best)):
                    playing.remove((one, crowd))
                    await crowd.close()
                progress.step()
    progress.done()
    for one, crowd in playing:
        await dismiss(one, job, crowd)


async def assemble(crowd: PeerCrowd) -> None:
    await crowd.open()
    await crowd.first_word()


async def drive(
    options: argparse.Namespace,
    one: Contender,
    crowd: PeerCrowd,
    name: str,
    load: str,
    best: dict[str, float],
) -> None:
    """One round; ``best`` is the most messages a second that each has handed on so far."""
    rate = SHARE * best[one.name]
    if load == SAME:
        rate = SHARE * max((best[other] for other in best if other != PRODUCT), default=0.0)
        if not 0 < rate < best[one.name]:
            return
    figures = one.figures_of(name, load)
    keep_busy: Load
    if load == SATURATED:
        keep_busy = (load, lambda crowd: crowd.outstanding(WORKS[name].outstanding))
    else:
        keep_busy = (load, lambda crowd: crowd.at_rate(rate))
    await measure(crowd, keep_busy, {one.process.pid}, one.services, options.seconds, figures)
    if load == SATURATED:
        best[one.name] = max(best[one.name], figures.rate[-1] / crowd.readers)


async def dismiss(one: Contender, job: Work, crowd: PeerCrowd) -> None:
    await crowd.quiet()
    if crowd.received != crowd.sent * crowd.readers:
        one.wrong.append(f"{job.title}: {crowd.sent} sent to {crowd.readers} each, {crowd.received} came")
    await crowd.close()


# ------------------------------------------------------------------ saying nothing


async def idle(options: argparse.Namespace, contenders: list[Contender]) -> None:
    progress = Progress("idle sockets", len(contenders))
    for one in contenders:
        await works(one, f"{options.idle} sockets", stay(options, one))
        progress.step()
    progress.done()


async def stay(options: argparse.Namespace, one: Contender) -> None:
    """What a socket that says nothing holds; then all of them come at once."""
    warm = one.crowd(WARM_UP, True)
    await warm.open()
    await warm.close()
    await asyncio.sleep(SETTLE_SECONDS)
    crowd, before = one.crowd(options.idle, True), one.resident()
    await crowd.open()
    await asyncio.sleep(SETTLE_SECONDS)
    kib = (one.resident() - before) / options.idle / 1024
    await crowd.close()
    await asyncio.sleep(SETTLE_SECONDS)
    storm, since = one.crowd(options.idle, True), time.perf_counter()
    used, others = cpu_seconds({one.process.pid}), cpu_seconds(one.services)
    await storm.open(at_once=options.idle)
    took = time.perf_counter() - since
    used, others = cpu_seconds({one.process.pid}) - used, cpu_seconds(one.services) - others
    await storm.close()
    one.idle = Idle(kib, used / options.idle * 1000, others / options.idle * 1000, took)


# ------------------------------------------------------------------ all of it


async def run(options: argparse.Namespace, field: Field) -> None:
    if IDLE in options.works:
        await idle(options, field.contenders)
    for name in options.works:
        if name in WORKS:
            await talk(options, name, field.contenders)


def parsed() -> argparse.Namespace:
    names = [PRODUCT, *(peer.name for peer in PEERS)]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="SERVER", help=", ".join(names)
    )
    works = [IDLE, *WORKS]
    parser.add_argument("--works", nargs="+", choices=works, default=works)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    parser.add_argument("--idle", type=int, default=2000, help="sockets that say nothing")
    parser.add_argument("--output", type=Path, default=ROOT / "var" / "bench" / "peers.json")
    return parser.parse_args()


def main() -> int:
    options = parsed()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with started(options) as field, on_core(CLIENT_CORE):
        to_the_end(run(options, field))
    report.show(options, field)
    report.save(options, field)
    return 1 if any(one.wrong for one in field.contenders) else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
