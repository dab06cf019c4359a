"""A whole site of the bench's own: services, server processes, and a proxy in front of each of them."""

import contextlib
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from bench.servers import Process, common_env, manage
from scripts.services import MariaDB, Redis, end_on, free_port, short_directory
from tests.faults.disk import Disk, small_disk
from tests.faults.proxy import Proxy
from tests.faults.record import Row

SELECT = "SELECT conversation_id, seq, version, sender_id, client_id, body FROM messaging_message"


@dataclass
class Site:
    """What the faults work on. The embedded stack has neither `database` nor `redis`."""

    stack: str
    directory: Path
    servers: list[Process]
    doors: list[Proxy]  #: where the clients come in: one in front of each server process
    disk: Disk  #: where files, and SQLite, are kept
    database: MariaDB | None = None
    redis: Redis | None = None
    database_line: Proxy | None = None
    redis_line: Proxy | None = None

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{door.port}" for door in self.doors]

    def rows(self, conversations: Sequence[int]) -> list[Row]:
        """These conversations' messages as the database has them, past the servers and the proxies."""
        if not conversations:
            return []
        where = f" WHERE conversation_id IN ({', '.join(map(str, conversations))})"
        with contextlib.closing(self._connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(SELECT + where)
            return [Row(*row) for row in cursor.fetchall()]

    def _connect(self) -> "sqlite3.Connection":
        if self.database is None:
            return sqlite3.connect(self.directory / "disk" / "chatchat.sqlite3")
        # The embedded stack need not have the driver.
        connection: sqlite3.Connection = import_module("MySQLdb").connect(
            host="127.0.0.1", port=self.database.port, user="root", database=self.database.database,
            charset="utf8mb4",
        )  # fmt: skip
        return connection


@contextlib.contextmanager
def site(stack: str, *, processes: int = 1) -> Iterator[Site]:
    """`processes` servers of this stack, with services and proxies; all gone afterwards."""
    end_on(signal.SIGTERM, signal.SIGHUP)
    directory = short_directory()
    with contextlib.ExitStack() as opened:
        opened.callback(shutil.rmtree, directory, ignore_errors=True)
        disk = opened.enter_context(small_disk(directory / "disk"))
        made = Site(stack, directory, [], [], disk)
        env = os.environ | common_env(directory) | {
            "VAR_DIR": str(directory / "disk"),
            "DJANGO_SETTINGS_MODULE": "tests.stack.server_settings",
            "LOG_LEVEL": "WARNING",
        }  # fmt: skip
        if stack == "production":
            env |= _services(made, opened)
        manage(env, "migrate")
        for number in range(processes):
            _server(made, opened, env, number)
        yield made


def _services(made: Site, opened: contextlib.ExitStack) -> dict[str, str]:
    made.database, made.redis = MariaDB(made.directory / "m"), Redis(made.directory / "r")
    lines = []
    for service in (made.database, made.redis):
        opened.callback(service.stop)
        service.start()
        lines.append(opened.enter_context(Proxy(service.port)))
    made.database_line, made.redis_line = lines
    urls = [made.database.url, made.redis.url]
    through = [
        urlsplit(url)._replace(netloc=f"{user}127.0.0.1:{line.port}").geturl()
        for url, line, user in zip(urls, lines, ("root@", ""), strict=True)
    ]
    return {"DATABASE_URL": through[0], "REDIS_URL": through[1]}


def _server(made: Site, opened: contextlib.ExitStack, env: dict[str, str], number: int) -> None:
    mine = env | {"PORT": str(free_port())}
    command = [sys.executable, "-m", "chatchat.server"]
    log = made.directory / f"server{number}.log"
    server = Process(command, mine, log, None, "/healthz")
    opened.callback(server.kill)
    server.start()
    made.servers.append(server)
    made.doors.append(opened.enter_context(Proxy(server.port)))
