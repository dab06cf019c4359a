"""A site of the tests' own: its database and its Redis can be killed, frozen and brought back."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from scripts.services import MariaDB, Redis, Service, another_database, short_directory
from tests.stack.server import Server, server_env


@contextlib.contextmanager
def frozen(service: Service) -> Iterator[None]:
    """It keeps its connections, takes new ones, and says nothing."""
    assert service.process is not None
    os.kill(service.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(service.process.pid, signal.SIGCONT)


@contextlib.contextmanager
def killed(service: Service) -> Iterator[None]:
    """It is gone; who knocks is refused."""
    service.kill()
    try:
        yield
    finally:
        service.start()


HOW = {"killed": killed, "frozen": frozen}


@dataclass
class Site:
    """One server process, on services of its own."""

    server: Server
    database: MariaDB
    redis: Redis


def _copy_schema(database: MariaDB) -> None:
    """What the migrations have made, quicker than by running them once more."""
    settings = connection.settings_dict
    dump = ["mariadb-dump", "--no-defaults", f"--host={settings['HOST']}", f"--port={settings['PORT']}"]
    dumped = subprocess.run([*dump, "--user=root", settings["NAME"]], check=True, capture_output=True)
    load = ["mariadb", "--no-defaults", "--user=root", f"--socket={database.socket}", database.database]
    subprocess.run(load, input=dumped.stdout, check=True)


@pytest.fixture(scope="module")
def site(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Tests of a module share it: that it serves the next one is part of every test."""
    directory = short_directory()
    database, redis = another_database(directory / "m"), Redis(directory / "r")
    logs = tmp_path_factory.mktemp("site")
    with contextlib.ExitStack() as ends:
        ends.callback(shutil.rmtree, directory, ignore_errors=True)
        for service in (database, redis):
            ends.callback(service.stop)
            service.start()
        with django_db_blocker.unblock():
            _copy_schema(database)
            env = server_env(DATABASE_URL=database.url, REDIS_URL=redis.url, RATELIMIT_ENABLE="1")
        server = Server(log=Path(logs) / "server.log", env=env)
        ends.callback(server.close)
        server.start()
        yield Site(server, database, redis)


@pytest.fixture(autouse=True)
def _log_of_the_site(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the site's server says meanwhile; of a test that fails pytest shows it."""
    if "site" not in request.fixturenames:
        yield
        return
    server: Server = request.getfixturevalue("site").server
    before = len(server.log_text())
    yield
    sys.stdout.write(server.log_text()[before:][-6000:])
