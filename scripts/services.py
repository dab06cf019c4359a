#!/usr/bin/env python3
"""Throw-away MariaDB and Redis servers, on free ports, gone when the command ends.

    python scripts/services.py [--redis N] [--mysql] -- COMMAND [ARGUMENT ...]

runs COMMAND with DATABASE_URL, REDIS_URL, TEST_REDIS_URLS (one server each for N test workers) and
TEST_DATABASE (its kind) set, and passes its exit code on. With --mysql it is MySQL, which
scripts/mysql.sh has unpacked. Only the standard library is used.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60

# Where Debian keeps mariadbd, out of a plain user's path.
os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def free_port() -> int:
    """A port nobody listens on, below those the kernel gives to outgoing connections."""
    while True:
        port = random.randint(15000, 31000)  # noqa: S311
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _leash() -> list[str]:
    """Makes Linux end a server whose starter was killed and so could not end it."""
    return ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []


class Service:
    """A server process with files in `directory`; it keeps its port and data over stop and start."""

    name = "service"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        with self.log.open("ab") as log:
            # In a session of its own: Ctrl-C reaches the tests first, and they end the servers.
            self.process = subprocess.Popen(
                _leash() + self.command(),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                tail = self.log.read_text(errors="replace")[-3000:]
                raise RuntimeError(f"{self.name} did not start:\n{tail}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to end, wait, insist."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a crash would end it."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Redis(Service):
    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", str(self.directory)),
        ]

    def answers(self) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), 1) as connection,
        ):
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False


class MariaDB(Service):
    name = "mariadb"
    database = "chatchat"

    @property
    def url(self) -> str:
        return f"mysql://root@127.0.0.1:{self.port}/{self.database}"

    @property
    def socket(self) -> Path:
        return self.directory / "s.sock"

    def start(self) -> None:
        if not (self.directory / "data" / "mysql").exists():
            self._install()
        super().start()
        self.run(f"CREATE DATABASE IF NOT EXISTS {self.database} CHARACTER SET utf8mb4")

    def run(self, statements: str) -> None:
        """Run SQL as the administrator."""
        client = ["mariadb", "--no-defaults", "--user=root", f"--socket={self.socket}"]
        subprocess.run(client, input=statements, text=True, check=True)

    def _install(self) -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(
                [
                    *(
                        "mariadb-install-db",
                        "--no-defaults",
                        *_as_root(),
                        f"--datadir={self.directory / 'data'}",
                    ),
                    *("--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"),
                ],
                stdout=log,
                stderr=log,
            )
        if done.returncode:
            raise RuntimeError(f"mariadb-install-db failed:\n{self.log.read_text(errors='replace')[-3000:]}")

    def command(self) -> list[str]:
        # innodb_flush_log_at_trx_commit keeps its default of 1: tests that crash things rely on it.
        return [
            *("mariadbd", "--no-defaults", *_as_root(), f"--datadir={self.directory / 'data'}"),
            *(f"--socket={self.socket}", f"--pid-file={self.directory / 'm.pid'}"),
            *("--bind-address=127.0.0.1", f"--port={self.port}", "--skip-name-resolve"),
            *("--character-set-server=utf8mb4", "--innodb-buffer-pool-size=64M", "--performance-schema=OFF"),
            # One that starts removes the temporary tables of others that lie in the same folder.
            f"--tmpdir={self.directory}",
        ]

    def answers(self) -> bool:
        # Its greeting is the first thing it says; a port that is bound but not served says nothing.
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), 1) as connection,
        ):
            connection.settimeout(1)
            return bool(connection.recv(16))
        return False


class MySQL(MariaDB):
    """MySQL itself, run from the folder into which scripts/mysql.sh has unpacked it."""

    name = "mysql"
    folder = ROOT / "var" / "mysql"

    def _program(self) -> list[str]:
        """Its mysqld with its own libraries, which are newer than this system's."""
        (loader,) = self.folder.glob("lib64/ld-linux-*")
        libraries = ":".join(str(path) for path in self.folder.glob("usr/lib/*-linux-gnu"))
        return [
            *(str(loader), "--library-path", libraries, str(self.folder / "usr/sbin/mysqld")),
            *("--no-defaults", *_as_root(), f"--basedir={self.folder / 'usr'}"),
            *(f"--lc-messages-dir={self.folder / 'usr/share/mysql'}", f"--datadir={self.directory / 'data'}"),
        ]

    def _install(self) -> None:
        if not self.folder.exists():
            raise RuntimeError("there is no MySQL here: scripts/mysql.sh gets it, `make test-mysql` does all")
        with self.log.open("ab") as log:
            command = [*self._program(), "--initialize-insecure", "--innodb-redo-log-capacity=32M"]
            done = subprocess.run(command, stdout=log, stderr=log)
        if done.returncode:
            raise RuntimeError(f"mysqld could not begin:\n{self.log.read_text(errors='replace')[-3000:]}")

    def command(self) -> list[str]:
        return [
            *self._program(),
            *(f"--socket={self.socket}", f"--pid-file={self.directory / 'm.pid'}"),
            *("--bind-address=127.0.0.1", f"--port={self.port}", "--mysqlx=OFF", "--secure-file-priv=NULL"),
            *("--innodb-buffer-pool-size=64M", "--performance-schema=OFF", "--skip-log-bin"),
        ]


def another_database(directory: Path) -> MariaDB:
    """A server of the kind that the tests run on; not started yet."""
    return (MySQL if os.environ.get("TEST_DATABASE") == MySQL.name else MariaDB)(directory)


def short_directory() -> Path:
    """A new directory, in memory if there is room; short, because a socket's path must be."""
    memory = Path("/dev/shm")  # noqa: S108
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1024**3
    return Path(tempfile.mkdtemp(prefix="cc-", dir=memory if roomy else "/tmp"))  # noqa: S108


@contextlib.contextmanager
def services(redis_servers: int = 1, kind: type[MariaDB] = MariaDB) -> Iterator[dict[str, str]]:
    """Start them, yield the environment that names them, end them whatever happens."""
    directory = short_directory()
    database = kind(directory / "m")
    caches = [Redis(directory / f"r{number}") for number in range(redis_servers)]
    try:
        for service in (database, *caches):
            service.start()
        yield {
            "DATABASE_URL": database.url,
            "REDIS_URL": caches[0].url,
            "TEST_REDIS_URLS": ",".join(cache.url for cache in caches),
            "TEST_DATABASE": database.name,
        }
    finally:
        for service in (*caches, database):
            service.stop()
        shutil.rmtree(directory, ignore_errors=True)


def end_on(*signals: signal.Signals) -> None:
    """Let these signals unwind the stack as Ctrl-C does, so that every `finally` runs."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    handler: Callable[..., None] = interrupt
    for number in signals:
        signal.signal(number, handler)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--redis", type=int, default=1, metavar="N", help="how many Redis servers")
    parser.add_argument("--mysql", action="store_true", help="MySQL in the place of MariaDB")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    end_on(signal.SIGTERM, signal.SIGHUP)
    try:
        with services(options.redis, MySQL if options.mysql else MariaDB) as environment:
            child = subprocess.Popen(options.command, env=os.environ | environment)
            try:
                return child.wait()
            except KeyboardInterrupt:
                child.terminate()
                child.wait(30)
                return 130
    except (RuntimeError, FileNotFoundError) as error:
        print(f"services: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
