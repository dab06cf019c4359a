"""A short run of the bench itself: a few people, a fault of each of several kinds, one seed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import ROOT
from tests.faults.kinds import faketime

pytestmark = pytest.mark.slow


def run(stack: str, ledger: Path, kinds: list[str]) -> dict[str, Any]:
    """What the bench keeps of a run."""
    command = [sys.executable, "-m", "tests.faults", "--stack", stack, "--ledger", str(ledger)]
    round_ = ["--seed", "7", "--rounds", "1", "--messages", "500", "--window", "2"]
    done = subprocess.run(
        [*command, *round_, "--faults", str(len(kinds)), "--kinds", ",".join(kinds)],
        cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"FAULTS_LOG": ""},  # as make exports it where none was given
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    line: dict[str, Any] = json.loads(ledger.read_text())
    return line


def judge(line: dict[str, Any], kinds: list[str]) -> None:
    assert line["good"]
    assert set(line["violations"].values()) == {0}
    assert line["faults"] == dict.fromkeys(kinds, 1), "each of them happened"
    assert line["acknowledged"] >= 500
    assert line["deliveries"] > line["acknowledged"]
    assert line["sent"] > line["acknowledged"], "some acknowledgements were lost on their way"


@pytest.mark.production
def test_two_processes_with_everything_that_they_need_breaking(tmp_path: Path) -> None:
    kinds = [
        *("kill_server", "kill_redis", "kill_database", "redis_half_open", "cut_before_acknowledgement"),
        *("cut_everybody", "kick_without_redis", *(["clock_behind"] if faketime() else [])),
    ]
    judge(run("production", tmp_path / "ledger.jsonl", kinds), kinds)
    if not faketime():
        pytest.skip("all is well, but no clock was off: libfaketime is not installed (Debian: faketime)")


@pytest.mark.embedded
def test_one_process_on_sqlite(tmp_path: Path) -> None:
    kinds = ["kill_server", "stop_server", "cut_before_acknowledgement", "full_disk"]
    judge(run("embedded", tmp_path / "ledger.jsonl", kinds), kinds)
