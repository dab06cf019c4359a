"""Benchmarks and the replay: what this server does with real chat, and what it costs.

Each tool may be started by any Python: it goes on in the project's own environment.
"""

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def _own_environment() -> None:
    python = ROOT / ".venv" / "bin" / "python"
    if importlib.util.find_spec("picows") is None and python.exists() and Path(sys.prefix) != ROOT / ".venv":
        os.execv(python, [str(python), *sys.orig_argv[1:]])  # noqa: S606


_own_environment()
