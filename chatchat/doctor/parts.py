"""The parts that every installation has: can they be reached, and do they do what is asked of them?

Each function looks without leaving anything behind, and raises where its part cannot be used. What it says is
for the operator's terminal: it names kinds and addresses of failures, never a password.
"""

import asyncio
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from django.core.mail import get_connection
from django.db import connection

from chatchat.doctor import Ailing, Check, Report

CLOCK_TOLERANCE = 2.0  # seconds: codes and tokens expire by clocks, nothing is ordered by them
ROUND_TRIP = 5.0  # seconds
ROOM = 1024**3  # bytes that a disk should have left
FOLDER = "doctor"


def database(report: Report, fix: bool) -> None:
    """Reachable, of a version and with a character set, isolation and time zone that we can work with."""
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
        answered = (time.monotonic() - started) * 1000
        if connection.vendor == "sqlite":
            _sqlite(report, cursor)
        else:
            _mysql(report, cursor)
    report.facts.append(f"answers in {answered:.1f} ms")


def _sqlite(report: Report, cursor: Any) -> None:
    cursor.execute("SELECT sqlite_version()")
    report.facts.append(f"SQLite {cursor.fetchone()[0]}")
    cursor.execute("PRAGMA journal_mode")
    (mode,) = cursor.fetchone()
    if mode != "wal":
        report.warnings.append(f"journal_mode is {mode}, not wal: readers and the writer wait for each other")
    cursor.execute("PRAGMA quick_check(1)")
    (answer,) = cursor.fetchone()
    if answer != "ok":
        raise Ailing(f"the file is damaged: {answer}")


def _mysql(report: Report, cursor: Any) -> None:
    cursor.execute(
        "SELECT VERSION(), @@character_set_connection, @@character_set_database, @@session.time_zone, "
        "@@session.sql_mode, @@innodb_flush_log_at_trx_commit"
    )
    version, spoken, kept, zone, mode, flush = cursor.fetchone()
    mariadb = "mariadb" in str(version).lower()
    isolation = "tx_isolation" if mariadb else "transaction_isolation"
    cursor.execute(f"SELECT @@session.{isolation}")
    (level,) = cursor.fetchone()
    report.facts += [f"{'MariaDB' if mariadb else 'MySQL'} {version}", str(kept), str(level), f"zone {zone}"]
    if (spoken, kept) != ("utf8mb4", "utf8mb4"):
        raise Ailing(f"the character sets are {spoken} and {kept}, not utf8mb4: emoji would be lost")
    if level != "READ-COMMITTED":
        report.warnings.append(f"the isolation level is {level}, not READ-COMMITTED")
    if "STRICT_TRANS_TABLES" not in str(mode):
        raise Ailing(f"sql_mode is {mode}, without STRICT_TRANS_TABLES: texts would be cut without a word")
    if flush != 1:
        report.warnings.append(
            f"innodb_flush_log_at_trx_commit is {flush}, not 1: a power cut takes acknowledged messages along"
        )


def migrations(report: Report, fix: bool) -> None:
    """All of this version's have been applied."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{step.app_label}.{step.name}" for step, _backwards in plan[:5])
        more = " …" if len(plan) > 5 else ""
        raise Ailing(f"{len(plan)} have not been applied ({names}{more}): manage.py migrate")
    report.facts.append(f"all {len(executor.loader.applied_migrations)} applied")


def redis(report: Report, fix: bool) -> None:
    """Reachable; its version."""
    with _redis() as client:
        started = time.monotonic()
        client.ping()
        answered = (time.monotonic() - started) * 1000
        info = client.info()
    report.facts += [f"Redis {info.get('redis_version')}", f"answers in {answered:.1f} ms"]
    if evicted := info.get("evicted_keys", 0):
        report.warnings.append(
            f"{evicted} keys were thrown out since its start, for maxmemory was reached: "
            "codes and limits may have been among them"
        )


def _redis() -> Any:
    from redis import Redis

    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)


def channel_layer(report: Report, fix: bool) -> None:
    """What is sent through it arrives."""
    report.facts.append(async_to_sync(_round_trip)())


async def _round_trip() -> str:
    layer: Any = channel_layers.make_backend(DEFAULT_CHANNEL_LAYER)
    word = secrets.token_hex(8)
    try:
        channel = await layer.new_channel(FOLDER)
        started = time.monotonic()
        await layer.send(channel, {"type": FOLDER, "word": word})
        async with asyncio.timeout(ROUND_TRIP):
            while (await layer.receive(channel)).get("word") != word:
                pass
    except TimeoutError:
        raise Ailing(f"what was sent did not arrive within {ROUND_TRIP:g} s") from None
    finally:
        if hasattr(layer, "close"):
            await layer.close()
    took = (time.monotonic() - started) * 1000
    where = "through Redis" if settings.REDIS_URL else "in memory, for one process"
    return f"there and back in {took:.1f} ms, {where}"


def mail(report: Report, fix: bool) -> None:
    """The mail server lets us in; nothing is sent."""
    backend = get_connection()
    kind = type(backend).__name__
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        report.facts.append(f"kept or handled by {settings.EMAIL_BACKEND}")
        return
    address = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        backend.open()
        connected: Any = backend
        if connected.connection is None:
            raise Ailing(f"{address}: no connection")
        code, _words = connected.connection.noop()
    except OSError as error:  # smtplib's own failures are OSErrors too
        raise Ailing(f"{address}: {type(error).__name__}: {error}") from error
    finally:
        backend.close()
    if code != 250:
        raise Ailing(f"{address} answers {code}")
    user = f", signed in as {settings.EMAIL_HOST_USER}" if settings.EMAIL_HOST_USER else ""
    report.facts.append(f"{kind} at {address} answers{user}")


def files(report: Report, fix: bool) -> None:
    """Pictures and attachments can be written, read and removed, and there is room for more."""
    for name in ("default", "attachments"):
        storage: Any = storages[name]
        try:
            _write_and_read(storage)
        except OSError as error:
            report.failures.append(f"{_place(name, storage)}: {type(error).__name__}: {error}")
            continue
        report.facts.append(_place(name, storage))
        if isinstance(storage, FileSystemStorage):
            _room(report, Path(storage.location))


def _place(name: str, storage: Any) -> str:
    kind = "pictures" if name == "default" else name
    return f"{kind} in {getattr(storage, 'location', '') or type(storage).__name__}"


def _write_and_read(storage: Any) -> None:
    content = secrets.token_bytes(64)
    name = storage.save(f"{FOLDER}/{secrets.token_hex(16)}", ContentFile(content))
    try:
        with storage.open(name) as file:
            if file.read() != content:
                raise OSError("what was written is not what is read")
    finally:
        storage.delete(name)


def _room(report: Report, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        report.warnings.append(f"{folder}: only {free // 1024**2} MiB are left")


def clock(report: Report, fix: bool) -> None:
    """This machine's clock, next to those of the database and of Redis."""
    if connection.vendor == "mysql":
        with connection.cursor() as cursor:
            before = time.time()
            cursor.execute("SELECT UNIX_TIMESTAMP(NOW(6))")
            (theirs,) = cursor.fetchone()
            _compare(report, "the database", float(theirs), before)
    if settings.REDIS_URL:
        with _redis() as client:
            before = time.time()
            seconds, micros = client.time()
            _compare(report, "Redis", seconds + micros / 1e6, before)
    if not report.facts:
        report.facts.append("there is only this machine's")


def _compare(report: Report, whose: str, theirs: float, before: float) -> None:
    # Their clock was read between two readings of ours.
    after = time.time()
    apart = theirs - min(max(theirs, before), after)
    report.facts.append(f"{apart:+.2f} s to {whose}")
    if abs(apart) > CLOCK_TOLERANCE:
        report.warnings.append(
            f"the clock of {whose} is {apart:+.1f} s off ours: what expires does so early or late"
        )


def configuration(report: Report, fix: bool) -> None:
    """Django's own checks, those for deployment where this is one, and what is easily forgotten."""
    for message in run_checks(include_deployment_checks=settings.SECURE, databases=None):
        if message.level >= WARNING and not message.is_silenced():
            report.warnings.append(f"{message.id}: {message.msg}")
    if settings.REDIS_URL and settings.DEV_MAIL:
        report.warnings.append("DEV_MAIL=1: everybody can read all mail at /dev/mail/")
    if not settings.RATELIMIT_ENABLE:
        report.warnings.append("RATELIMIT_ENABLE=0: nothing is limited")
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not settings.DEBUG and not manifest.is_file():
        report.warnings.append(f"{manifest} is not there: manage.py collectstatic")
    if not report.warnings:
        report.facts.append("nothing to remark")


#: {name: check} in order. Those after the first two need no database.
PARTS: dict[str, Check] = {
    "database": database,
    "migrations": migrations,
    **({"redis": redis} if settings.REDIS_URL else {}),
    "channel layer": channel_layer,
    "mail": mail,
    "files": files,
    "clock": clock,
    "configuration": configuration,
}
#: Without these nothing can be said about what the database holds.
NEEDED = ("database", "migrations")
