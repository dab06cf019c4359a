"""The collected static files, made once and shared by every server process of the tests."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def collected_static() -> Path:
    """Collect them, unless that was done since the last change; safe for several callers at once."""
    var = ROOT / "var" / "tests"
    var.mkdir(parents=True, exist_ok=True)
    with (var / "static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = var / "static.stamp"
        state = _state()
        if not stamp.exists() or stamp.read_text() != state:
            subprocess.run(
                [sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity", "0"],
                cwd=ROOT,
                env=os.environ | {"VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "chatchat.settings"},
                check=True,
                stdin=subprocess.DEVNULL,
            )
            stamp.write_text(state)
    return var / "static"


def _state() -> str:
    """Changes when a static file of ours or the locked packages do."""
    files = [path for path in (ROOT / "static").rglob("*") if path.is_file()]
    parts = [f"{path.relative_to(ROOT)} {path.stat().st_mtime_ns}" for path in sorted(files)]
    return "\n".join([*parts, (ROOT / "requirements" / "embedded.txt").read_text()])
