"""Node.js for clients from npm, talked with by lines."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.npm import NODE, installed

SCRIPTS = Path(__file__).parent / "js"
PATIENCE = 60  # seconds


def run(script: str, given: dict[str, Any], browse: Callable[[str], str]) -> dict[str, Any]:
    """What the script tells in the end; `browse` goes where it says, and tells where that led."""
    process = subprocess.Popen(
        [NODE, script],
        cwd=installed(SCRIPTS, "js-clients"),
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
