#!/usr/bin/env python3
"""Is the present tree slower than a commit was? Both in one run, in pairs, under the same clients.

    bench/compare.py COMMIT [--pairs 6] [--threshold 1.10] [--stack embedded]

checks the commit out into a throw-away folder and starts both trees' servers on core 0, each with services
of its own, and the present tree's clients on core 1. For each pair both servers begin anew and are measured
in turns (ABBA); what counts is the ratio within a pair. Exit code 1: the median of some row's ratios is above
the threshold. Both trees run with the present tree's packages.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import ROOT
from bench.clients import to_the_end
from bench.crowd import Crowd, PairsCrowd, ProductCrowd
from bench.fanout import CLIENT_CORE, SERVER_CORE, Figures, Load, measure
from bench.processes import cpu_seconds, resident_bytes
from bench.progress import Progress
from bench.servers import Running, on_core, stack
from bench.visits import visits
from scripts.services import short_directory

BASE, PRESENT = "base", "present"
BACKLOG = 150  #: messages: of fewer than 200 a client is told at once
VISITORS = 50
REPORT = ROOT / "var" / "bench" / "check.json"


@dataclass
class Row:
    """One figure of both trees, pair by pair; the lower the better."""

    unit: str
    judged: bool = True
    values: dict[str, list[float]] = field(default_factory=lambda: {BASE: [], PRESENT: []})

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.values[PRESENT], self.values[BASE], strict=True)
        return [present / base for present, base in pairs if base]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios) if self.ratios else 1.0

    def slower(self, threshold: float) -> bool:
        return self.judged and self.ratio > threshold

    def line(self, name: str, threshold: float) -> str:
        base, present = (statistics.median(self.values[tree]) for tree in (BASE, PRESENT))
        ratios = self.ratios or [1.0]
        verdict = "SLOWER" if self.slower(threshold) else "" if self.judged else "not judged"
        return (
            f"{name:<42}{base:>10.2f}{present:>10.2f} {self.unit:<6}{self.ratio:>6.3f}"
            f"  {min(ratios):.3f}–{max(ratios):.3f}  {verdict}"
        )


Rows = dict[str, Row]


@dataclass
class Tree:
    """One tree's server and the people who talk there: in one group, and in pairs."""

    name: str
    running: Running
    group: ProductCrowd
    pairs: PairsCrowd

    @property
    def pid(self) -> int:
        return self.running.servers[0].pid

    def note(self, rows: Rows, name: str, unit: str, value: float, judged: bool = True) -> None:
        rows.setdefault(name, Row(unit, judged)).values[self.name].append(value)

    async def arrive(self, rows: Rows) -> None:
        """Everybody connects to a server that has just begun."""
        await self.group.arrive()  # the first ones pay for what a process makes once
        await self.group.leave()
        await asyncio.sleep(0.5)
        used, held = cpu_seconds({self.pid}), resident_bytes(self.pid)
        for crowd in (self.group, self.pairs):
            await crowd.arrive()
        sockets = self.group.size + self.pairs.size
        self.note(rows, "connect: CPU", "ms", (cpu_seconds({self.pid}) - used) / sockets * 1000)
        await asyncio.sleep(0.5)
        self.note(rows, "an idle socket", "KiB", (resident_bytes(self.pid) - held) / sockets / 1024)

    async def talk(self, rows: Rows, name: str, crowd: Crowd, load: Load, seconds: float) -> None:
        """One load; what is judged is the CPU a delivery, or in pairs a message."""
        figures = Figures()
        services = set(self.running.services.values())
        await measure(crowd, load, {self.pid}, services, seconds, figures)
        deliveries = 2 if crowd is self.pairs else 1  # that the cost is of
        server, others = figures.cost[0] * deliveries, figures.services[0] * deliveries
        self.note(rows, f"{name}: CPU", "µs", server)
        if services:
            self.note(rows, f"{name}: CPU with services", "µs", server + others)
        if load[0].endswith("/s"):
            self.note(rows, f"{name}: p50", "ms", figures.p50[0], judged=False)
            self.note(rows, f"{name}: p99", "ms", figures.p99[0], judged=False)
        else:
            self.note(rows, f"{name}: a thousand", "ms", 1e6 / figures.rate[0] * deliveries, judged=False)

    async def resume(self, rows: Rows) -> None:
        """Some people's second sockets come, and have missed something."""
        group, member = self.group.conversations[0], self.group.members[0]
        head = int((await member.call("GET", f"conversations/{group}"))["last_version"])
        backlog = min(BACKLOG, self.group.sent)
        tokens = self.group.tokens[:VISITORS]
        cost = await visits(self.group.url, tokens, group, head - backlog, backlog, {self.pid})
        self.note(rows, f"resume of {backlog} messages: CPU", "ms", cost)

    async def leave(self) -> None:
        for crowd in (self.group, self.pairs):
            await crowd.leave()


# ------------------------------------------------------------------ a run


def loads(options: argparse.Namespace) -> list[tuple[str, bool, Load]]:
    """Names, whether it is the pairs who talk, and what keeps them busy."""
    group, direct = options.rate, options.direct_rate
    some, many = options.outstanding, options.direct_outstanding
    return [
        (f"group, {group:g} messages/s", False, (f"{group:g}/s", lambda crowd: crowd.at_rate(group))),
        (f"group, {some} outstanding", False, (f"{some} out", lambda crowd: crowd.outstanding(some))),
        (f"direct, {direct:g} messages/s", True, (f"{direct:g}/s", lambda crowd: crowd.at_rate(direct))),
        (f"direct, {many} outstanding", True, (f"{many} out", lambda crowd: crowd.outstanding(many))),
    ]


async def one_pair(options: argparse.Namespace, trees: list[Tree], rows: Rows) -> None:
    """Everything once on both, who is first here being second next: ABBA."""
    for tree in trees:
        await asyncio.to_thread(tree.running.servers[0].restart)
    for tree in trees:
        await tree.arrive(rows)
    for number, (name, direct, load) in enumerate(loads(options)):
        for tree in trees if number % 2 == 0 else trees[::-1]:
            await tree.talk(rows, name, tree.pairs if direct else tree.group, load, options.seconds)
    for tree in trees:
        await tree.resume(rows)
        await tree.leave()


async def run(options: argparse.Namespace, running: dict[str, Running]) -> Rows:
    trees = []
    for name, each in running.items():
        url = each.servers[0].url
        crowds = (ProductCrowd(url, options.sockets, False), PairsCrowd(url, options.sockets, False))
        trees.append(Tree(name, each, *crowds))
        for crowd in crowds:
            await crowd.assemble()
    rows: Rows = {}
    progress = Progress("pairs", options.pairs)
    for number in range(options.pairs):
        await one_pair(options, trees if number % 2 == 0 else trees[::-1], rows)
        progress.step()
    progress.done()
    wrong = [
        f"{tree.name}: {crowd.wrong}" for tree in trees for crowd in (tree.group, tree.pairs) if crowd.wrong
    ]
    for tree in trees:
        await tree.group.close()
        await tree.pairs.close()
    if wrong:
        raise SystemExit(f"delivered wrongly: {wrong}")
    return rows


# ------------------------------------------------------------------ two trees


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


@contextlib.contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """The tree of ``commit`` in a throw-away folder."""
    directory = short_directory()
    tree = directory / "tree"
    git("worktree", "add", "--quiet", "--detach", str(tree), commit)
    try:
        if (tree / "requirements.txt").read_bytes() != (ROOT / "requirements.txt").read_bytes():
            print("the commit names other packages: it runs with the present ones", file=sys.stderr)
        yield tree
    finally:
        git("worktree", "remove", "--force", str(tree))
        shutil.rmtree(directory, ignore_errors=True)


def compile_all(tree: Path) -> None:
    """Bytecode beside the sources of ``tree``: a process that has to compile its modules as it starts has
    room in its heap afterwards, in which sockets seem to cost less."""
    packages = [path.parent.name for path in tree.glob("*/__init__.py") if path.parent.name != "tests"]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *packages], cwd=tree, check=True)


def show(options: argparse.Namespace, rows: Rows, commit: str) -> None:
    print(
        f"{commit} and the present tree, {options.stack} stack, {options.sockets} sockets in a group and as"
        f" many in pairs, {options.pairs} pairs; above {options.threshold:.2f} is slower"
    )
    print(f"{'medians':<42}{BASE:>10}{PRESENT:>10} {'':<6}{'ratio':>6}  {'spread':<11}")
    for name, row in rows.items():
        print(row.line(name, options.threshold))


def save(options: argparse.Namespace, rows: Rows, commit: str) -> None:
    report = {
        "commit": commit,
        "options": vars(options) | {"report": str(options.report)},
        "rows": {
            name: {"unit": row.unit, "judged": row.judged, "ratio": row.ratio, **row.values}
            for name, row in rows.items()
        },
    }
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(report, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit", help="with which the present tree is compared")
    parser.add_argument("--stack", choices=("embedded", "production"), default="production")
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--threshold", type=float, default=1.10)
    parser.add_argument("--sockets", type=int, default=200, help="in the group, and as many in pairs")
    parser.add_argument("--rate", type=float, default=100, help="messages a second in the group")
    parser.add_argument("--outstanding", type=int, default=80, help="messages in the group")
    parser.add_argument("--direct-rate", type=float, default=500, help="messages a second in pairs")
    parser.add_argument("--direct-outstanding", type=int, default=200, help="messages in pairs")
    parser.add_argument("--seconds", type=float, default=4, help="of each load")
    parser.add_argument("--report", type=Path, default=REPORT)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    commit = git("rev-parse", "--short", f"{options.commit}^{{commit}}")
    with contextlib.ExitStack() as open_:
        roots = {BASE: open_.enter_context(checkout(commit)), PRESENT: ROOT}
        for root in roots.values():
            compile_all(root)
        running = {
            name: open_.enter_context(stack(options.stack, cores=(SERVER_CORE,), root=root))
            for name, root in roots.items()
        }
        with on_core(CLIENT_CORE):
            rows = to_the_end(run(options, running))
    show(options, rows, commit)
    save(options, rows, commit)
    return 1 if any(row.slower(options.threshold) for row in rows.values()) else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
