"""The whole of Autobahn's test suite, on uvicorn's own WebSocket protocol and on ours: `make autobahn`.

    python -m tests.autobahn [--cases "6.*" "7.*"] [--json FILE]

Exit code 1: ours is worse than uvicorn's in some case. What could not be run for want of Python 2.7 ends
with 2. Progress goes to stderr.
"""

import argparse
import json
import re
import sys
import time
from pathlib import Path

from tests.autobahn.suite import EXCLUDED, RANKS, ROOT, NotAtHand, Verdicts, judged, told, totals

RUNNING = re.compile(r"Running test case ID (?P<group>\d+)\S* for agent (?P<server>.+) from peer")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs="+", default=["*"], help="Autobahn's numbers, with globs")
    parser.add_argument("--json", type=Path, default=ROOT / "var" / "autobahn" / "verdicts.json")
    return parser.parse_args()


class Progress:
    """Of each server, a line when another group of cases begins; what isn't about a case as it is."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, line: str) -> None:
        found = RUNNING.match(line)
        shown = f"{found['server']}: {found['group']}.*" if found else line
        if shown != self._last and not line.startswith("Cases = "):
            print(shown, file=sys.stderr)
        self._last = shown


def table(found: Verdicts) -> str:
    """A line a server: how many cases got which verdict, and how many closed as they should."""
    counts = totals(found)
    words = [word for word in RANKS if any(word in count for count in counts.values())]
    lines = [f"| | cases | {' | '.join(words)} | closed well |", "| --- " * (len(words) + 3) + "|"]
    for name, count in counts.items():
        closed = sum(verdict.closing in ("OK", "INFORMATIONAL") for verdict in found[name].values())
        cells = [name, str(count.total()), *(str(count[word]) for word in words), str(closed)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    given = arguments()
    started = time.monotonic()
    try:
        runs = judged(given.cases, Progress())
    except NotAtHand as reason:
        print(reason, file=sys.stderr)
        return 2
    given.json.write_text(json.dumps(runs, indent=1))
    lost = told(runs)
    tried = f"{' '.join(given.cases)} without {' '.join(EXCLUDED)}"
    print(f"Autobahn's cases {tried}, {time.monotonic() - started:.0f} s")
    print(table(runs[0]))
    print(lost or "ours is as good as uvicorn's own in every case")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
