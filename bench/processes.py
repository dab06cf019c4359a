"""What server processes cost: CPU time from /proc, of whole process trees, over restarts."""

import os
import time
from pathlib import Path
from urllib.parse import urlsplit

TICK = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
LISTEN = "0A"


def listening_pids(port: int) -> set[int]:
    """The processes on this machine that listen on ``port``."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        for line in (PROC / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    return {pid for pid in _pids() if inodes & _links(pid)} if inodes else set()


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _links(pid: int) -> set[str]:
    links = set()
    try:
        for entry in (PROC / str(pid) / "fd").iterdir():
            try:
                links.add(str(entry.readlink()))
            except OSError:
                continue
    except OSError:  # not ours, or gone
        pass
    return links


def _stat(pid: int) -> tuple[int, int, float] | None:
    """Parent, start time (with the pid it names a process for ever), and CPU seconds."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[19]), (int(fields[11]) + int(fields[12])) / TICK


def _cpu(pid: int) -> float:
    """CPU seconds of one process, to the nanosecond where the kernel tells: /proc has ticks of 10 ms."""
    try:
        return time.clock_gettime(~pid << 3 | 2)  # Linux' own number of that process's clock
    except OSError:
        stat = _stat(pid)
        return stat[2] if stat else 0.0


def tree(roots: set[int]) -> set[int]:
    """``roots`` and all that descend from them."""
    parents = {pid: stat[0] for pid in _pids() if (stat := _stat(pid))}
    found = roots & parents.keys()
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def cpu_seconds(roots: set[int]) -> float:
    """CPU seconds that the process trees under ``roots`` have used so far."""
    return sum(_cpu(pid) for pid in tree(roots))


def resident_bytes(pid: int) -> int:
    """What the process holds in memory, shared pages counted in part."""
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def open_files(pid: int) -> int:
    """How many file descriptors the process has open."""
    return len(list((PROC / str(pid) / "fd").iterdir()))


def local_ports(urls: list[str]) -> set[int]:
    """The ports of those servers that run on this machine."""
    parts = [urlsplit(url) for url in urls]
    return {
        part.port or (443 if part.scheme == "https" else 80)
        for part in parts
        if part.hostname in ("127.0.0.1", "::1", "localhost")
    }


class CpuMeter:
    """CPU seconds since ``start`` of what listens on ``ports`` and of ``pids``; look often.

    A process that is killed and started again is found again by its port: what it used until the last
    ``look`` stays counted.
    """

    def __init__(self, ports: set[int], pids: set[int]) -> None:
        self._ports = ports
        self._pids = pids
        self._first: dict[tuple[int, int], float] = {}
        self._last: dict[tuple[int, int], float] = {}
        self._started = False

    def start(self) -> None:
        self._first.clear()
        self._last.clear()
        self._started = False
        self.look()
        self._started = True

    def look(self) -> None:
        roots = set(self._pids)
        for port in self._ports:
            roots |= listening_pids(port)
        for pid in tree(roots):
            if stat := _stat(pid):
                key = (pid, stat[1])
                self._first.setdefault(key, 0.0 if self._started else stat[2])
                self._last[key] = stat[2]

    @property
    def found(self) -> bool:
        return bool(self._last)

    @property
    def seconds(self) -> float:
        return sum(used - self._first[key] for key, used in self._last.items())
