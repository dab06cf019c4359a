"""A backup that is taken while people write and upload, and restored somewhere else."""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from scripts.services import MariaDB, another_database, short_directory
from tests.client import ApiClient, ok
from tests.messaging.attachments import uploaded
from tests.stack.server import ROOT, Server
from tests.stack.static import collected_static

pytestmark = pytest.mark.slow


class Writer(threading.Thread):
    """Somebody who writes, reads and uploads without a pause; and what was acknowledged to them so far."""

    def __init__(self, client: ApiClient, conversation: int) -> None:
        super().__init__()
        self.messages: list[tuple[int, str]] = []
        self.files: list[tuple[int, str]] = []
        self.failed: Exception | None = None
        self._client, self._conversation = client, conversation
        self._done = threading.Event()

    def run(self) -> None:
        try:
            while not self._done.is_set():
                self._turn(len(self.messages))
        except Exception as error:
            self.failed = error

    def _turn(self, number: int) -> None:
        content = f"file {number} of {self._client.id} ".encode() * 500
        extra: dict[str, Any] = {}
        if number % 3 == 0:
            attachment = uploaded(self._client, content, f"{number}.txt")["id"]
            extra = {"attachments": [attachment]}
        body = f"message {number} 🍵"
        seq = int(self._client.send_message(self._conversation, body, **extra)["seq"])
        if extra:
            self.files.append((attachment, hashlib.sha256(content).hexdigest()))
        self.messages.append((seq, body))
        if number % 5 == 0:
            ok(self._client.put(f"conversations/{self._conversation}/read", {"seq": seq}), 200, 204)

    def finish(self) -> None:
        self._done.set()
        self.join()


@pytest.fixture
def elsewhere(stack: str) -> Iterator[MariaDB | None]:
    """Another database server; none for SQLite."""
    if stack == "embedded":
        yield None
        return
    directory = short_directory()
    database = another_database(directory)
    database.start()
    yield database
    database.stop()
    shutil.rmtree(directory)


def options_file(path: Path, url: str) -> Path:
    """As DATABASE_CNF is written by an operator."""
    user, _, host = url.partition("//")[2].partition("/")[0].rpartition("@")
    name, _, port = host.partition(":")
    path.write_text(f"[client]\nuser={user}\nhost={name}\nport={port}\n")
    return path


def run(script: str, folder: Path, **env: str) -> None:
    done = subprocess.run(
        [ROOT / "deploy" / script, folder],
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable, **env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def where(database: MariaDB | None, var: Path, cnf: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What restore.sh is told, and what the server that is started there."""
    if database is None:
        file = var / "chatchat.sqlite3"
        return {"VAR_DIR": str(var)}, {"VAR_DIR": str(var), "DATABASE_URL": f"sqlite:///{file}"}
    told = {"VAR_DIR": str(var), "DATABASE_CNF": str(options_file(cnf, database.url))}
    return told, {"VAR_DIR": str(var), "DATABASE_URL": database.url}


def of_the_tests(tmp_path: Path) -> dict[str, str]:
    """What backup.sh is told of the database that the tests work on."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return {"DATABASE_FILE": name}
    cnf = options_file(tmp_path / "here.cnf", os.environ["DATABASE_URL"])
    return {"DATABASE_CNF": str(cnf), "DATABASE_NAME": name}


def test_what_was_acknowledged_before_it_began_is_there_afterwards(
    start_server: Callable[..., Server], tmp_path: Path, elsewhere: MariaDB | None
) -> None:
    var = tmp_path / "var"
    static = {"STATIC_ROOT": str(collected_static())}
    server = start_server(VAR_DIR=str(var), **static)
    people = [ApiClient(server.url).register() for _ in range(3)]
    group = people[0].create_group(*people[1:])
    writers = [Writer(person, group) for person in people]
    for writer in writers:
        writer.start()
    while min(len(writer.messages) for writer in writers) < 10 and all(
        map(threading.Thread.is_alive, writers)
    ):
        writers[0].join(0.05)
    before = [(list(writer.messages), list(writer.files)) for writer in writers]

    run("backup.sh", tmp_path / "backup", VAR_DIR=str(var), **of_the_tests(tmp_path))
    for writer in writers:
        writer.finish()
        assert writer.failed is None
        assert len(writer.messages) > 10, "nobody wrote meanwhile"
    server.stop()

    told, there = where(elsewhere, tmp_path / "elsewhere", tmp_path / "there.cnf")
    run("restore.sh", tmp_path / "backup", **told)
    check_agreement(there)
    restored = start_server(**there, **static)
    for person, (messages, files) in zip(people, before, strict=True):
        check(ApiClient(restored.url, token=person.token), group, messages, files)
    # And it goes on where it was.
    first = ApiClient(restored.url, token=people[0].token)
    ok(first.post("auth/token/refresh", {"refresh": people[0].refresh_token}))
    assert first.send_message(group, "back")["seq"] == len(first.history(group))


def check_agreement(env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.deployment.agree"],
        cwd=ROOT,
        env=os.environ | env | {"DJANGO_SETTINGS_MODULE": "chatchat.settings"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def check(
    client: ApiClient, group: int, messages: list[tuple[int, str]], files: list[tuple[int, str]]
) -> None:
    """Every message at its seq, every file byte for byte."""
    history = {message["seq"]: message["body"] for message in client.history(group)}
    assert {seq: history.get(seq) for seq, _ in messages} == dict(messages)
    for attachment, digest in files:
        content = ok(client.get(f"attachments/{attachment}")).content
        assert hashlib.sha256(content).hexdigest() == digest


def test_the_checker_sees_what_is_wrong(start_server: Callable[..., Server]) -> None:
    from messaging.models import Conversation
    from tests.people import orm
    from tests.stack.server import server_env

    server = start_server()
    amy, bob = ApiClient(server.url).register(), ApiClient(server.url).register()
    amy.send_message(amy.befriend(bob), "hello")
    server.stop()
    check_agreement(server_env())
    orm(lambda: Conversation.objects.update(last_seq=7))
    with pytest.raises(AssertionError, match="holes"):
        check_agreement(server_env())


def test_nothing_is_restored_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "var/attachments").mkdir(parents=True)
    (tmp_path / "backup/files").mkdir(parents=True)
    with pytest.raises(AssertionError, match="is there already"):
        run("restore.sh", tmp_path / "backup", VAR_DIR=str(tmp_path / "var"))


def test_a_dump_that_broke_off_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    with pytest.raises(AssertionError, match="not whole"):
        run("backup.sh", tmp_path / "backup", VAR_DIR=str(tmp_path / "var"), DUMP="echo CREATE TABLE half")
