"""Each part that is away is named in plain words, with an exit code for monitoring and no traceback."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as client
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.files.storage import storages
from pytest_django.fixtures import Settings

from chatchat import doctor as registry
from scripts.services import Redis, free_port
from tests.doctor.common import doctor
from tests.stack.server import ROOT, server_env

pytestmark = pytest.mark.django_db


def report(name: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and what is said of one part."""
    code, said = doctor("--json", "--only", name)
    found: dict[str, Any] = next(check for check in json.loads(said)["checks"] if check["name"] == name)
    return code, found


def as_a_process(**env: str) -> subprocess.CompletedProcess[str]:
    """The command as an operator calls it, with these variables."""
    command = [sys.executable, "manage.py", "doctor", "--no-color"]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | server_env(**env), capture_output=True, text=True, timeout=120
    )


def test_a_healthy_site_is_healthy_in_every_part(stack: str) -> None:
    code, words = doctor()
    names = {line.split("  ")[0] for line in words.splitlines() if line and not line.startswith(" ")}
    expected = {
        "database", "migrations", "channel layer", "mail", "files", "clock", "configuration",
        "counters", "friends", "members", "healthy",
    }  # fmt: skip
    assert names == (expected if stack == "embedded" else expected | {"redis"})
    assert code == 0, words


def test_the_database_is_described(stack: str) -> None:
    code, found = report("database")
    assert code == 0
    expected = {"embedded": {"SQLite"}, "production": {"utf8mb4", "READ-COMMITTED"}}
    assert expected[stack] <= set(" ".join(found["facts"]).split())


def test_a_database_that_is_away_is_named_and_nothing_is_said_of_what_it_holds(
    stack: str, tmp_path: Path
) -> None:
    url = f"mysql://nobody:topsecret@127.0.0.1:{free_port()}/chat"
    if stack == "embedded":
        url = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite3'}"
    done = as_a_process(DATABASE_URL=url)
    assert done.returncode == 1
    lines = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert "failed" in lines["database"]
    assert "OperationalError" in done.stdout
    assert "skipped" in lines["counters"]
    assert "Traceback" not in done.stdout + done.stderr
    assert "topsecret" not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("ailing: database")


@pytest.mark.production
def test_redis_that_was_killed_is_named(redis_server: Redis) -> None:
    redis_server.kill()
    done = as_a_process(REDIS_URL=redis_server.url)
    assert done.returncode == 1
    lines = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert "failed" in lines["redis"]
    assert "failed" in lines["channel layer"]
    assert "ok" in lines["counters"], "the database is there, and is looked at"
    assert "Traceback" not in done.stdout + done.stderr
    redis_server.start()


@pytest.mark.production
def test_redis_that_is_full_is_remarked_upon_only_when_it_has_thrown_something_out(
    redis_server: Redis, settings: Settings
) -> None:
    settings.REDIS_URL = redis_server.url
    with client.Redis.from_url(redis_server.url) as redis:
        redis.config_set("maxmemory-policy", "volatile-lru")  # as docker-compose.yml has it
        redis.config_set("maxmemory", "8mb")
        assert report("redis")[1]["warnings"] == []
        for number in range(200):
            redis.set(f"key{number}", b"x" * 100_000, ex=60)
    (warning,) = report("redis")[1]["warnings"]
    assert "thrown out" in warning


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[Controller]:
    """A mail server that keeps what it gets."""
    controller = Controller(Keeping(), hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    yield controller
    controller.stop()


class Keeping:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        self.mails.append(envelope)
        return "250 kept"


def test_the_mail_server_is_asked_and_nothing_is_sent(mail_server: Controller) -> None:
    code, found = report("mail")
    assert (code, found["status"]) == (0, "ok")
    assert f"127.0.0.1:{mail_server.port}" in found["facts"][0]
    assert mail_server.handler.mails == []


def test_a_mail_server_that_is_away_is_named(mail_server: Controller, settings: Settings) -> None:
    settings.EMAIL_PORT = free_port()
    code, found = report("mail")
    assert (code, found["status"]) == (1, "failed")
    assert "ConnectionRefusedError" in found["failures"][0]


def test_a_mail_server_that_does_not_let_us_in_is_named(mail_server: Controller, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "chat", "topsecret"
    code, found = report("mail")
    assert (code, found["status"]) == (1, "failed")
    assert "topsecret" not in str(found)


def test_a_folder_that_cannot_be_written_is_named() -> None:
    folder = Path(storages["attachments"].path(""))
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("a file where the folder should be")  # refused to root too, whom no permission stops
    try:
        code, found = report("files")
    finally:
        folder.unlink()
    assert (code, found["status"]) == (1, "failed")
    (failure,) = found["failures"]
    assert failure.startswith("attachments in ")
    assert found["facts"] == [f"pictures in {settings.MEDIA_ROOT}"]


def test_looking_leaves_no_file_behind() -> None:
    assert report("files")[0] == 0
    for name in ("default", "attachments"):
        assert list(Path(storages[name].path("doctor")).glob("*")) == []


def test_a_part_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hangs(report: registry.Report, fix: bool) -> None:
        release.wait(30)

    monkeypatch.setattr(registry, "PATIENCE", 0.2)
    found = registry.ask("redis", hangs)
    release.set()
    assert found.failures == ["no answer within 0.2 s"]


def test_migrations_that_are_missing_are_named(stack: str, tmp_path: Path) -> None:
    if stack == "production":
        pytest.skip("it takes a database of its own")
    done = as_a_process(DATABASE_URL=f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert done.returncode == 1
    assert "have not been applied" in done.stdout
    assert "manage.py migrate" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_what_is_set_unwisely_is_a_warning_and_no_failure(settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = False
    code, found = report("configuration")
    assert (code, found["status"]) == (0, "warning")
    assert "RATELIMIT_ENABLE=0: nothing is limited" in found["warnings"]
