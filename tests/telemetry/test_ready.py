"""/readyz says whether a process can serve, and why not; it says so again when all is well."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatchat.realtime import process
from chatchat.telemetry import health
from scripts.services import MariaDB, Redis, short_directory
from tests.client import ApiClient
from tests.stack.server import ROOT, Server, server_env

Start = Callable[..., Server]

#: The greeting names the demo people, who are in the database.
NO_GREETING = {"DEV_MAIL": "0", "EMAIL_URL": "smtp://127.0.0.1:9"}


def ready(server: Server) -> tuple[int, dict[str, str]]:
    """The status, and what each part says."""
    answer = httpx.get(f"{server.url}/readyz", timeout=20)
    report = answer.json()
    assert (report["status"] == "ready") == (answer.status_code == 200)
    return answer.status_code, report["checks"]


def until(
    server: Server, enough: Callable[[int, dict[str, str]], bool], within: float = 40
) -> dict[str, str]:
    """Ask as a proxy does, again and again, until it is so."""
    deadline = time.monotonic() + within
    while True:
        status, checks = ready(server)
        if enough(status, checks):
            return checks
        assert time.monotonic() < deadline, checks
        time.sleep(0.2)


def migrate(**env: str) -> None:
    """The command that brings a database to this version."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | server_env(**env), check=True)


def test_a_process_that_can_serve_says_so(start_server: Start, stack: str) -> None:
    status, checks = ready(start_server())
    assert status == 200
    parts = {"process", "database", "disk", "writer"}
    assert set(checks) == (parts if stack == "embedded" else parts | {"redis", "channel layer"})
    assert set(checks.values()) == {"ok"}


def test_a_process_that_was_told_to_stop_is_draining(
    api: Callable[..., ApiClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "draining", True)
    answer = api().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["process"] == "draining"


@pytest.mark.embedded
def test_migrations_that_are_missing_are_named_until_they_are_applied(
    start_server: Start, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    server = start_server(DATABASE_URL=url, **NO_GREETING)
    status, checks = ready(server)
    assert status == 503
    assert "migrations have not been applied" in checks["database"]
    migrate(DATABASE_URL=url)
    until(server, lambda status, _: status == 200)


@pytest.mark.own_layer("Channels' own layers do not say whether they are connected")
@pytest.mark.production
def test_redis_that_is_away_is_named_and_missed_no_longer_when_it_is_back(
    start_server: Start, redis_server: Redis
) -> None:
    server = start_server(REDIS_URL=redis_server.url)
    until(server, lambda status, _: status == 200)
    redis_server.stop()
    checks = until(server, lambda status, checks: status == 503 and checks["channel layer"] != "ok")
    assert checks["redis"].startswith("away (")
    assert checks["database"] == checks["writer"] == "ok"
    assert server.healthy()
    redis_server.start()
    assert set(until(server, lambda status, _: status == 200).values()) == {"ok"}


@pytest.mark.production
@pytest.mark.slow
def test_redis_that_hangs_is_named_in_time_however_many_ask(start_server: Start, redis_server: Redis) -> None:
    server = start_server(REDIS_URL=redis_server.url)
    until(server, lambda status, _: status == 200)
    pid: Any = redis_server.process and redis_server.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        checks = until(server, lambda status, _: status == 503)
        assert checks["redis"].startswith(("away (", "no answer within"))
        assert checks["database"] == checks["writer"] == "ok"
        with ThreadPoolExecutor(20) as many:
            answers = list(many.map(lambda _: httpx.get(f"{server.url}/readyz", timeout=10), range(20)))
        assert {answer.status_code for answer in answers} == {503}
        assert server.healthy()
    finally:
        os.kill(pid, signal.SIGCONT)
    until(server, lambda status, _: status == 200)


def test_a_disk_that_is_full_is_named(api: Callable[..., ApiClient], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "DISK_RESERVE", 2**62)  # no disk has that much
    monkeypatch.setattr(health, "_last", (0.0, {}))
    answer = api().get("/readyz")
    monkeypatch.setattr(health, "_last", (0.0, {}))
    assert answer.status_code == 503
    assert answer.json()["checks"]["disk"].endswith(" MiB are left")


@pytest.fixture
def database() -> Iterator[MariaDB]:
    """A MariaDB server of the test's own."""
    directory = short_directory()
    server = MariaDB(directory / "m")
    server.start()
    yield server
    if server.process is not None:
        server.process.send_signal(signal.SIGCONT)
    server.stop()
    subprocess.run(["rm", "-rf", str(directory)], check=True)


@pytest.mark.production
@pytest.mark.slow
def test_a_database_that_is_away_or_hangs_is_named_in_time(start_server: Start, database: MariaDB) -> None:
    server = start_server(DATABASE_URL=database.url, **NO_GREETING)
    assert "migrations" in ready(server)[1]["database"]
    migrate(DATABASE_URL=database.url)
    until(server, lambda status, _: status == 200)

    database.stop()
    checks = until(server, lambda status, checks: status == 503)
    assert checks["database"].startswith("away (")
    assert "127.0.0.1" not in str(checks), "nothing of the machine"
    assert server.healthy()
    database.start()
    until(server, lambda status, _: status == 200)

    pid: Any = database.process and database.process.pid
    os.kill(pid, signal.SIGSTOP)
    checks = until(server, lambda status, _: status == 503)
    assert checks["database"].startswith(("no answer within", "away ("))
    assert server.healthy()
    os.kill(pid, signal.SIGCONT)
    until(server, lambda status, _: status == 200)
