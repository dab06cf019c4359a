"""A disk that can be full: a small one in memory where that may be mounted, as root; elsewhere a limit
on the size of what a process may write, which fails at the same places with another error."""

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

MEGABYTES = 96


class Disk:
    """`fill` it, and `free` it again."""

    def __init__(self, path: Path, *, mounted: bool) -> None:
        self.path, self.mounted = path, mounted
        self._ballast = path / "ballast"

    @property
    def kind(self) -> str:
        return "a full disk" if self.mounted else "a limit on file sizes"

    def fill(self, *pids: int) -> None:
        """From now on nothing more can be written by these processes."""
        if not self.mounted:
            for pid in pids:
                self._limit(pid, 1)
            return
        with self._ballast.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            size = 1 << 20
            while size:
                try:
                    ballast.write(bytes(size))
                except OSError:
                    size //= 2

    def free(self, *pids: int) -> None:
        """As before."""
        self._ballast.unlink(missing_ok=True)
        if not self.mounted:
            for pid in pids:
                self._limit(pid, resource.RLIM_INFINITY)

    @staticmethod
    def _limit(pid: int, size: int) -> None:
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size if hard < 0 or size < hard else hard, hard))


@contextlib.contextmanager
def small_disk(path: Path) -> Iterator[Disk]:
    """A new one at `path`."""
    path.mkdir(parents=True)
    mounted = False
    if os.geteuid() == 0 and shutil.which("mount"):
        command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "chatchat-faults", str(path)]
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield Disk(path, mounted=mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(path)], capture_output=True)
