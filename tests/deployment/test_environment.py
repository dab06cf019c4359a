"""Settings from the environment: every variable is in .env.example, and secrets come from files."""

import itertools
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatchat.environment import Env, keep_once
from tests.deployment import compose
from tests.pages.test_documents import variables_read
from tests.stack.server import ROOT

pytestmark = pytest.mark.once

LINE = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$")


def lines() -> list[str]:
    return (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()


def test_every_variable_of_the_example_is_read_somewhere_and_the_reverse() -> None:
    named = [match[1] for line in lines() if (match := LINE.match(line))]
    assert len(named) == len(set(named)), "one is there twice"
    by_compose = compose.variables()
    assert set(named) == variables_read() | by_compose


def test_every_variable_of_the_example_is_explained_in_the_line_above() -> None:
    given = lines()
    for before, line in itertools.pairwise(given):
        if LINE.match(line):
            assert before.startswith("# "), line
            assert not LINE.match(before), line


def test_defaults_of_the_example_are_those_of_the_code() -> None:
    shown = {match[1]: match[2] for line in lines() if (match := LINE.match(line)) and line.startswith("# ")}
    limits = (ROOT / "chatchat/limits.py").read_text()
    plain = re.findall(r'env\.(?:int|str|float)\(\s*"(\w+)", default="?([\w/.]+)"?\)', limits)
    assert len(plain) > 20
    for name, default in plain:
        assert shown[name] == default.replace("_", ""), name


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(Env.ENVIRON, "files_cache", {})
    return monkeypatch


def test_a_value_is_read_from_the_file_that_is_named(tmp_path: Path, clean: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("$ecret with \\$ and # and 密\n")
    clean.setenv("SOME_SECRET", "not this one")
    clean.setenv("SOME_SECRET_FILE", str(secret))
    assert Env().str("SOME_SECRET") == "$ecret with \\$ and # and 密"


def test_a_value_that_begins_with_a_dollar_is_no_name(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("SOME_SECRET", "$HOME")
    assert Env().str("SOME_SECRET") == "$HOME"


def check(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "chatchat.settings"}
    command = [
        sys.executable,
        "-c",
        "import django; django.setup(); from django.conf import settings as s; "
        "print(s.SECRET_KEY[:3], s.DATABASES['default'].get('PASSWORD'))",
    ]
    return subprocess.run(command, cwd=ROOT, env=kept | env, capture_output=True, text=True)


def test_a_secret_whose_file_is_missing_is_named_and_nothing_starts(tmp_path: Path) -> None:
    done = check({"VAR_DIR": str(tmp_path), "SECRET_KEY_FILE": str(tmp_path / "nowhere")})
    assert done.returncode != 0
    assert "SECRET_KEY_FILE cannot be read" in done.stderr


def test_of_processes_that_make_a_secret_at_once_one_wins_and_nobody_reads_half(tmp_path: Path) -> None:
    path, together = tmp_path / "secret", threading.Barrier(8)

    def made(letter: str) -> str:
        together.wait()
        keep_once(path, letter * 100_000)
        return path.read_text()

    with ThreadPoolExecutor(8) as pool:
        read = set(pool.map(made, "abcdefgh"))
    assert len(read) == 1
    assert len(read.pop()) == 100_000
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_the_servers_of_compose_start_with_nothing_but_files(tmp_path: Path) -> None:
    subprocess.run([ROOT / "deploy/secrets.sh", tmp_path], check=True, capture_output=True)
    env = compose.server_environment() | {"VAR_DIR": str(tmp_path / "var")}
    env = {name: value.replace("/run/secrets", str(tmp_path)) for name, value in env.items()}
    done = check(env)
    assert done.returncode == 0, done.stderr
    password = (tmp_path / "database_password").read_text()
    assert done.stdout.split() == [(tmp_path / "secret_key").read_text()[:3], password]


def test_the_secrets_are_made_once_and_for_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run([ROOT / "deploy/secrets.sh", folder], check=True, capture_output=True)
        (folder / "secret_key").chmod(0o600)
        (folder / "secret_key").write_text("kept")
    assert (folder / "secret_key").read_text() == "kept"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "oauth_provider_key").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert len((folder / "database_password").read_text()) == 64


def test_a_deployment_check_finds_nothing_against_the_settings_of_compose(tmp_path: Path) -> None:
    subprocess.run([ROOT / "deploy/secrets.sh", tmp_path], check=True, capture_output=True)
    world = {"SITE_URL": "https://chat.example.com", "ALLOWED_HOSTS": "chat.example.com", "SECURE": "1"}
    env = compose.server_environment(given=world) | {"VAR_DIR": str(tmp_path / "var")}
    env = {name: value.replace("/run/secrets", str(tmp_path)) for name, value in env.items()}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=env | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
