"""Breaks things while people talk, and judges what they saw: `make faults`.

    python -m tests.faults --seed 1 --minutes 10

Rounds follow each other on one site: in each, a few people talk in conversations of their own while
faults happen at moments that the seed gives. Afterwards all that was recorded is checked against the
promises of docs/reliability.md. Exit code 1: one was broken. Each round adds a line to var/faults.jsonl.
"""

import argparse
import asyncio
import logging
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from bench import ROOT
from bench.people import Member, in_turns
from tests.faults.kinds import FAULTS, possible
from tests.faults.report import Total, keep
from tests.faults.rounds import PEOPLE, Round, plan
from tests.faults.site import Site, site
from tests.faults.talk import lines

LEDGER = ROOT / "var" / "faults.jsonl"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", choices=("embedded", "production"), default="production")
    parser.add_argument("--seed", type=int, help="default: another one each time; it is printed")
    parser.add_argument("--minutes", type=float, default=5.0, help="no new round after so long (default: 5)")
    parser.add_argument("--rounds", type=int, help="at most so many")
    parser.add_argument("--messages", type=int, default=20_000, help="a round (default: 20000)")
    parser.add_argument("--faults", type=int, default=10, help="a round (default: 10)")
    parser.add_argument("--window", type=int, default=24, help="messages of a device under way (default: 24)")
    parser.add_argument("--kinds", help=f"only these, by commas: {', '.join(FAULTS)}")
    parser.add_argument(
        "--log", type=Path, default=os.environ.get("FAULTS_LOG") or None, help="real chat, as JSON lines"
    )
    parser.add_argument("--ledger", type=Path, default=LEDGER, help="where a line a round is kept")
    return parser.parse_args()


# Of clients whose line was cut while they wrote, which is what is to happen here.
logging.getLogger("aiofastnet").setLevel(logging.ERROR)


def say(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, flush=True)


async def people(where: Site) -> list[Member]:
    limits = httpx.Limits(max_connections=32)
    http = httpx.AsyncClient(timeout=60, limits=limits, trust_env=False)
    members = [Member(http, where.urls[index % len(where.urls)]) for index in range(PEOPLE)]
    jobs = [member.register(f"Person {number}") for number, member in enumerate(members, 1)]
    await in_turns(jobs, lambda: None)
    return members


async def rounds(where: Site, given: argparse.Namespace, kinds: Sequence[str], total: Total) -> None:
    members = await people(where)
    texts = lines(given.log, given.seed)
    until = time.monotonic() + given.minutes * 60
    number = 0
    while time.monotonic() < until and (given.rounds is None or number < given.rounds):
        this = plan(
            given.seed, number, messages=given.messages, window=given.window, kinds=kinds, faults=given.faults
        )  # fmt: skip
        outcome = await Round(where, members, texts, this, say).run()
        total.add(outcome)
        keep(given.ledger, given.stack, outcome)
        for line in outcome.verdict.lines():
            say(f"round {number}: {line}")
        number += 1


def main() -> int:
    given = arguments()
    given.seed = random.randrange(10**6) if given.seed is None else given.seed
    kinds = given.kinds.split(",") if given.kinds else possible(given.stack)
    left_out = FAULTS.keys() - set(kinds)
    say(f"seed {given.seed}, {given.stack} stack; left out: {', '.join(sorted(left_out)) or 'nothing'}")
    total = Total(given.seed)
    try:
        with site(given.stack, processes=2 if given.stack == "production" else 1) as where:
            asyncio.run(rounds(where, given, kinds, total))
    except KeyboardInterrupt:
        say("interrupted: the round that was under way does not count")
        print(total.as_text())
        return 130
    print(total.as_text())
    return 0 if total.good else 1


if __name__ == "__main__":
    sys.exit(main())
