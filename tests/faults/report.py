"""Runs added up: a line a round in a file, and a table of them all for docs/reliability.md.

python -m tests.faults.report [FILE]
"""

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.checker import PROMISES
from tests.faults.rounds import Outcome

FIGURES = ("sent", "acknowledged", "duplicates_answered", "deliveries", "connections")


@dataclass
class Total:
    """A run's rounds."""

    seed: int
    rounds: int = 0
    seconds: float = 0.0
    figures: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)

    @property
    def good(self) -> bool:
        return self.rounds > 0 and not self.violations.total()

    def add(self, outcome: Outcome) -> None:
        self.rounds += 1
        self.seconds += outcome.seconds
        self.figures.update({name: getattr(outcome.verdict, name) for name in FIGURES})
        self.faults.update(outcome.faults)
        self.violations.update(outcome.verdict.violations)
        self.codes.update(outcome.codes)

    def _judgement(self) -> str:
        if not self.rounds:
            return "nothing was judged"
        return "every promise held" if self.good else "A PROMISE WAS BROKEN"

    def as_text(self) -> str:
        figures = ", ".join(f"{self.figures[name]:,} {name.replace('_', ' ')}" for name in FIGURES)
        codes = ", ".join(f"{count} × {code}" for code, count in sorted(self.codes.items()))
        return "\n".join(
            [
                f"seed {self.seed}: {self.rounds} rounds in {self.seconds:.0f} s: {figures}",
                f"closed with: {codes or 'no code'}",
                *(f"  {count:>5} {kind}" for kind, count in self.faults.most_common()),
                f"  {self.faults.total():>5} faults of {len(self.faults)} kinds",
                ", ".join(f"{self.violations[kind]} {kind}" for kind in PROMISES),
                self._judgement(),
            ]
        )


def keep(ledger: Path, stack: str, outcome: Outcome) -> None:
    """Add a round's line to `ledger`."""
    ledger.parent.mkdir(parents=True, exist_ok=True)
    verdict = outcome.verdict
    line = {
        "day": time.strftime("%Y-%m-%d"), "stack": stack, "seed": outcome.plan.seed,
        "round": outcome.plan.number, "seconds": round(outcome.seconds),
        **{name: getattr(verdict, name) for name in FIGURES}, "faults": dict(outcome.faults),
        "violations": {kind: verdict.violations[kind] for kind in PROMISES}, "good": verdict.good,
    }  # fmt: skip
    with ledger.open("a") as lines:
        lines.write(json.dumps(line) + "\n")


def table(lines: list[dict[str, Any]]) -> str:
    """Markdown: what was run, in sum, and by kind of fault."""
    figures: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    violations: Counter[str] = Counter()
    for line in lines:
        figures.update({name: line[name] for name in FIGURES})
        faults.update(line["faults"])
        violations.update(line["violations"])
    rows = [
        ("seeds", len({line["seed"] for line in lines})),
        ("rounds", len(lines)),
        ("messages acknowledged", figures["acknowledged"]),
        ("sends, retries among them", figures["sent"]),
        ("retries answered with the first result", figures["duplicates_answered"]),
        ("messages delivered", figures["deliveries"]),
        ("connections", figures["connections"]),
        (f"faults, of {len(faults)} kinds", faults.total()),
        *((f"— {kind.replace('_', ' ')}", count) for kind, count in sorted(faults.items())),
        *((f"**{kind}**", violations[kind]) for kind in PROMISES),
    ]
    return "| | |\n| --- | ---: |\n" + "".join(f"| {name} | {count:,} |\n" for name, count in rows)


def main() -> None:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "var/faults.jsonl")
    print(table([json.loads(line) for line in path.read_text().splitlines()]), end="")


if __name__ == "__main__":
    main()
