"""The database of each worker: what the migrations make, made once a run and copied.

    DATABASE_URL=… TEST_SCHEMA=folder python -m tests.stack.schema

makes it ahead, in this folder; otherwise whoever asks first does.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import settings as test_settings

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(os.environ.get("TEST_SCHEMA") or test_settings.RUN_DIR / "schema")
EMBEDDED = test_settings.STACK == "embedded"
MIGRATED = "migrated"  # the name of the database that is copied


def new_database() -> str:
    """A migrated database that is this worker's alone; its name, or its file."""
    made = _made()
    if EMBEDDED:
        return str(shutil.copy(made, test_settings.RUN_DIR / "test.sqlite3"))
    name = f"test_{test_settings.WORKER}"
    _create(name)
    with made.open("rb") as dump:
        subprocess.run([*_client("mariadb"), name], stdin=dump, check=True)
    return name


def _made() -> Path:
    """SQLite's file, or a dump of the other ones'; safe for several callers at once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = FOLDER / ("schema.sqlite3" if EMBEDDED else "schema.sql")
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _make(kept)
    return kept


def _make(kept: Path) -> None:
    half = kept.with_suffix(".half")
    if EMBEDDED:
        _migrate(f"sqlite:///{half}")
    else:
        _create(MIGRATED)
        _migrate(os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{MIGRATED}")
        with half.open("wb") as dump:
            subprocess.run([*_client("mariadb-dump"), MIGRATED], stdout=dump, check=True)
    half.rename(kept)


def _migrate(url: str) -> None:
    env = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "chatchat.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=True)


def _create(name: str) -> None:
    statement = f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4"
    subprocess.run([*_client("mariadb"), "--execute", statement], check=True)


def _client(program: str) -> list[str]:
    """The administrator at the server that DATABASE_URL names."""
    from django.db import connection

    at = connection.settings_dict
    return [program, "--no-defaults", f"--host={at['HOST']}", f"--port={at['PORT']}", "--user=root"]


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    _made()
