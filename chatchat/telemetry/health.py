"""Whether this process can serve, and if not, why: ``/readyz``.

Each part is looked at in a thread of its own and has ``PATIENCE`` seconds to answer; one that hangs is not
asked again until it has answered. An answer is good for a second, however often somebody asks.
"""

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from chatchat.realtime import process

PATIENCE = 2.0  # seconds
GOOD_FOR = 1.0  # seconds
DISK_RESERVE = 32 * 1024**2  # bytes

OK = "ok"


class NotReady(Exception):
    """Why a part cannot serve."""


class Part:
    """One thing that is needed."""

    def __init__(self, name: str, check: Callable[[], None]) -> None:
        self.name = name
        self._check = check
        self._asked: Future[str] | None = None

    def ask(self) -> Future[str]:
        """Begin to look, unless the last look is still under way."""
        if self._asked is None or self._asked.done():
            self._asked = Future()
            threading.Thread(
                target=self._look, args=(self._asked,), name=f"ready-{self.name}", daemon=True
            ).start()
        return self._asked

    def _look(self, asked: "Future[str]") -> None:
        try:
            self._check()
        except NotReady as reason:
            asked.set_result(str(reason))
        except Exception as error:  # by its kind: what it says may name hosts and people
            asked.set_result(f"away ({type(error).__name__})")
        else:
            asked.set_result(OK)
        finally:
            connection.close()


_parts: dict[str, Part] = {}
_lock = threading.Lock()
_last: tuple[float, dict[str, str]] = (0.0, {})
_migrated = False


def needs(name: str, check: Callable[[], None]) -> None:
    """This process needs ``check`` not to raise: ``NotReady`` with a reason, or anything."""
    _parts[name] = Part(name, check)


def report() -> dict[str, Any]:
    """``{status: "ready" | "not ready", checks: {part: "ok" or why not}}``."""
    global _last
    with _lock:
        told_at, checks = _last
        if time.monotonic() - told_at > GOOD_FOR:
            checks = _look()
            _last = (time.monotonic(), checks)
    if process.draining:  # at once: a proxy is to hear of it before the sockets end
        checks = {**checks, "process": "draining"}
    ready = all(answer == OK for answer in checks.values())
    return {"status": "ready" if ready else "not ready", "checks": checks}


def _look() -> dict[str, str]:
    asked = {name: part.ask() for name, part in _parts.items()}
    deadline = time.monotonic() + PATIENCE
    checks = {"process": OK}
    for name, future in asked.items():
        try:
            checks[name] = future.result(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            checks[name] = f"no answer within {PATIENCE:g} s"
    return checks


# --- what every process needs ------------------------------------------------------------------------


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    _migrations()


def _migrations() -> None:
    """All of this code's migrations have been applied; once that is so, it stays so."""
    global _migrated
    if _migrated:
        return
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotReady(f"{len(missing)} migrations have not been applied: manage.py migrate")
    _migrated = True


def _redis() -> None:
    cache.get("readyz")


def _layer() -> None:
    reason = process.layer_trouble()
    if reason:
        raise NotReady(reason)


def _disk() -> None:
    """There is room to write: for files, and where it is SQLite for every message."""
    free = shutil.disk_usage(settings.VAR_DIR).free
    if free < DISK_RESERVE:
        raise NotReady(f"only {free // 1024**2} MiB are left")


needs("database", _database)
needs("disk", _disk)
if settings.REDIS_URL:
    needs("redis", _redis)
    needs("channel layer", _layer)
