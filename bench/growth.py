#!/usr/bin/env python3
"""What things cost as the site grows, an axis at a time; with the plain model that explains each curve.

    bench/growth.py [--axis members …] [--short] [--docs]
    bench/growth.py --axis stored --points 20000 2000000

members         a message, by members online in its group
conversations   a message and a connection, by conversations a person
online          a message, an idle second and a socket's memory, by people online
stored          history, sync, the list, unread and sending, by messages stored (no server, no socket)
processes       a message, by server processes
batch           a message, by how many are written together

Each axis has throw-away servers of its own on the production stack: services and servers on core 0, the
clients on core 1. Figures go to var/bench/growth.json (axes that are not measured stay in it). With --docs
the plots go to docs/images/ and the tables to docs/performance.md. Exit code 1: something grows faster than
its cause, or reading takes more than --bound times as long with the most messages as with the fewest.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import ROOT, growth_live, growth_stored, pages
from bench.curves import Axis, Curve
from bench.plot import Panel, svg

AXES = ("members", "conversations", "online", "stored", "processes", "batch")
REPORT = pages.FIGURES / "growth.json"


def load() -> dict[str, Any]:
    return dict(json.loads(REPORT.read_text())) if REPORT.exists() else {}


def axis_of(name: str, saved: dict[str, Any]) -> Axis:
    """An axis as it was saved."""
    curves = [
        Curve(one["name"], one["unit"], one["shape"], one["of"], dict(one["points"]))
        for one in saved["curves"]
    ]
    return Axis(name, saved["title"], saved["of"], saved["conditions"], curves)


def one(name: str, options: argparse.Namespace) -> int:
    """Measure one axis, in this process, and save it."""
    where = pages.conditions()
    axis, wrong = growth_stored.run(options) if name == "stored" else (growth_live.run(name, options), [])
    pages.save(REPORT, load() | {name: axis.as_dict() | {"measured": where, "short": options.short}})
    print(f"\n{told(axis)}\n", flush=True)
    for each in [*axis.wrong, *wrong]:
        print(f"WRONG: {each}", flush=True)
    return 1 if axis.wrong or wrong else 0


def told(axis: Axis) -> str:
    """An axis as Markdown: under which conditions, the table, what explains it."""
    models = "\n".join(f"- {curve.explained}" for curve in axis.curves)
    return f"**By {axis.title}** ({axis.conditions}):\n\n{axis.table()}\n\n{models}"


def picture(axis: Axis) -> str:
    """A panel a unit, with the models dashed."""
    panels = []
    for unit in dict.fromkeys(curve.unit for curve in axis.curves):
        curves = [curve for curve in axis.curves if curve.unit == unit]
        models = {
            curve.name: [(x, model.at(x)) for x, _ in curve.medians]
            for curve in curves
            if (model := curve.model)
        }
        highest = max(y for curve in curves for _, y in curve.medians)
        lowest = min(y for curve in curves for _, y in curve.medians)
        lines = {curve.name: curve.medians for curve in curves}
        panels.append(Panel(unit, axis.title, lines, models, log_y=0 < lowest * 20 < highest))
    return svg(f"Cost by {axis.title}", panels)


def document() -> None:
    """Everything measured so far, into the documents."""
    saved = load()
    parts = []
    for name in AXES:
        if name in saved:
            axis = axis_of(name, saved[name])
            where = saved[name]["measured"]
            short = ", a short trial" if saved[name]["short"] else ""
            when = f"Measured {where['at'][:10]} at {where['commit']}, {where['cores']} cores{short}."
            parts += [told(axis), when, pages.draw(f"growth-{name}", picture(axis))]
    pages.write_between("growth", "\n\n".join(parts))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--axis", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--points", nargs="+", type=int, help="other values of the one axis named")
    parser.add_argument("--short", action="store_true", help="a trial: few and small points, one round")
    parser.add_argument("--docs", action="store_true", help="put what var/bench/growth.json holds into docs/")
    parser.add_argument("--only-docs", action="store_true", help="that, and measure nothing")
    parser.add_argument("--rounds", type=int, help="of all points (default: 3)")
    parser.add_argument("--seconds", type=float, help="of each load (default: 6)")
    parser.add_argument("--people", type=int, default=100, help="on the axis of conversations")
    parser.add_argument("--read-rounds", type=int, help="on the axis of messages stored (default: 10)")
    parser.add_argument("--times", type=int, default=20, help="requests of each kind a round")
    parser.add_argument("--buffer-pool", default="2G", help="of the axis of messages stored")
    parser.add_argument("--bound", type=float, default=1.5)
    options = parser.parse_args()
    if options.points and len(options.axis) != 1:
        parser.error("--points goes with one --axis")
    options.rounds = options.rounds or (1 if options.short else 3)
    options.seconds = options.seconds or (2 if options.short else 6)
    options.read_rounds = options.read_rounds or (2 if options.short else 10)
    return options


def main() -> int:
    options = arguments()
    if options.only_docs:
        document()
        return 0
    if len(options.axis) == 1:
        code = one(options.axis[0], options)
    else:
        # Django is set up once a process, and one axis that fails leaves the others.
        given = [each for each in sys.argv[1:] if each != "--docs" and each not in ("--axis", *AXES)]
        command = [sys.executable, __file__, *given, "--axis"]
        code = max(subprocess.run([*command, name]).returncode for name in options.axis)
    if options.docs:
        document()
    return code


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
