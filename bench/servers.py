"""The product's own server processes, started for a bench: on either stack, on a core of their own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import ROOT
from scripts import serving
from scripts.services import MariaDB, Redis, end_on, free_port, short_directory

READY_SECONDS = 60
STOP_SECONDS = 20
CORES = os.sched_getaffinity(0)  #: that there are, whatever core this process is on by now


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started within runs on this core."""
    before = os.sched_getaffinity(0)
    if core is not None and core in CORES and len(CORES) > 1:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Process:
    """A server process that answers HTTP on a port, which it keeps over restarts."""

    def __init__(
        self,
        command: Sequence[str],
        env: dict[str, str],
        log: Path,
        core: int | None,
        path: str,
        root: Path = ROOT,
    ) -> None:
        self.port = int(env["PORT"])
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.env = env  # of the next start
        self._command, self._core, self._path = command, core, path
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self.log.open("ab") as log, on_core(self._core):
            self._process = subprocess.Popen(
                self._command, cwd=self._root, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise SystemExit(f"{' '.join(self._command)} did not start:\n{self.log_tail()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + self._path, timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def restart(self) -> None:
        """Begin anew, as fresh as can be."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """As a crash ends it: no warning, no clean-up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


@dataclass
class Running:
    """A running stack."""

    servers: list[Process]
    services: dict[str, int]  #: name and pid
    env: dict[str, str]
    kept: list[MariaDB | Redis]  #: the services themselves

    @property
    def urls(self) -> list[str]:
        return [server.url for server in self.servers]


class BenchDatabase(MariaDB):
    """MariaDB with memory as a small production server has it."""

    buffer_pool = "1G"

    def command(self) -> list[str]:
        return [*super().command(), f"--innodb-buffer-pool-size={self.buffer_pool}"]


@contextlib.contextmanager
def database(core: int | None = None) -> Iterator[BenchDatabase]:
    """A throw-away MariaDB server."""
    end_on(signal.SIGTERM, signal.SIGHUP)
    directory = short_directory()
    server = BenchDatabase(directory / "m")
    try:
        with on_core(core):
            server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def stack(
    kind: str,
    *,
    processes: int = 1,
    cores: Sequence[int | None] = (None,),
    pages: bool = False,
    extra: Mapping[str, str] | None = None,
    server: str = "uvicorn",
    root: Path = ROOT,
) -> Iterator[Running]:
    """``processes`` servers of the ``embedded`` or ``production`` stack, with services of their own.

    Server n runs on the n-th of ``cores`` (in turn), the services on the first. ``pages``: with what the
    pages need. ``extra``: more of the environment; ``server``: see ``scripts.serving``; ``root``: the
    checkout whose code it is.
    """
    end_on(signal.SIGTERM, signal.SIGHUP)
    directory = short_directory()
    services: list[MariaDB | Redis] = []
    servers: list[Process] = []
    env = os.environ | common_env(directory) | dict(extra or {})
    try:
        if kind == "production":
            services = [BenchDatabase(directory / "m"), Redis(directory / "r")]
            with on_core(cores[0]):
                for service in services:
                    service.start()
            env |= {"DATABASE_URL": services[0].url, "REDIS_URL": services[1].url}
        manage(env, "migrate", root=root)
        if pages:
            manage(env, "collectstatic", "--no-input")
        for number in range(processes):
            mine = env | {"PORT": str(free_port())}
            command = serving.command(server, mine)
            log = directory / f"server{number}.log"
            servers.append(Process(command, mine, log, cores[number % len(cores)], "/healthz", root))
            servers[-1].start()
        pids = {service.name: service.process.pid for service in services if service.process}
        yield Running(servers, pids, env, services)
    finally:
        for each in servers:
            each.stop()
        for service in services:
            service.stop()
        shutil.rmtree(directory, ignore_errors=True)


def common_env(directory: Path) -> dict[str, str]:
    """Of a server with its files in ``directory``, on no stack yet."""
    return {
        "VAR_DIR": str(directory / "var"),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "SECRET_KEY": "only-for-benches-" + "0123456789" * 4,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "SECURE": "0",
        "DEV_MAIL": "1",
        "RATELIMIT_ENABLE": "0",
        "DJANGO_SETTINGS_MODULE": "chatchat.settings",
    }


def manage(env: dict[str, str], *arguments: str, root: Path = ROOT) -> None:
    """A command of the project's, on the stack that ``env`` names."""
    command = [sys.executable, "manage.py", *arguments, "--verbosity", "0"]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{arguments[0]} failed:\n{done.stderr[-4000:]}")
