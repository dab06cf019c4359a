#!/usr/bin/env python3
"""How long the doctor takes to recompute a large site, and how much memory.

    bench/doctor.py [--stack embedded|production] [--messages 2000000]

fills a database of a throw-away server (or a SQLite file) with messages, and runs `manage.py doctor --only
counters` in processes of their own: while all is well; with every hundredth marker damaged; with `--fix`; and
again. Exit code 1: it is not well after mending.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import ROOT
from bench.filling import Filling
from bench.servers import database

#: Prints the report and, as the last line, the most memory that this process ever had, in KiB.
MEASURED = r"""
import re, sys
from django.core.management import execute_from_command_line
try:
    execute_from_command_line(["manage.py", "doctor", "--json", "--only", "counters", *sys.argv[1:]])
except SystemExit:
    pass
print(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read()).group(1))
"""


#: What is run, and with what.
RUNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("healthy", ()),
    ("damaged", ()),
    ("--fix", ("--fix",)),
    ("mended", ()),
)


@contextlib.contextmanager
def database_url(stack: str) -> Iterator[str]:
    if stack == "embedded":
        with TemporaryDirectory(prefix="chatchat-") as folder:
            yield f"sqlite:///{folder}/chat.sqlite3"
        return
    with database() as server:
        yield server.url


def fill(messages: int) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    Filling(messages).fill()


def damage() -> None:
    """Every hundredth marker counts one message too many, as after a bug."""
    from django.db.models import F

    from messaging.models import Participant

    marked = Participant.objects.annotate(number=F("pk") % 100).filter(number=0)
    marked.update(read_ordinal=F("read_ordinal") - 1)


def examined(*arguments: str) -> dict[str, Any]:
    """One run of the doctor, with ``seconds`` of the whole process and its ``mebibytes``."""
    started = time.monotonic()
    command = [sys.executable, "-c", MEASURED, *arguments]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    report, memory = said.strip().rsplit("\n", 1)
    *ailing, check = json.loads(report)["checks"]
    if ailing:
        raise SystemExit(f"the doctor could not look: {ailing}")
    return {**check, "whole": time.monotonic() - started, "mebibytes": int(memory) // 1024}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", choices=["embedded", "production"], default="production")
    parser.add_argument("--messages", type=int, default=2_000_000)
    options = parser.parse_args()
    with database_url(options.stack) as url, TemporaryDirectory(prefix="chatchat-") as var:
        os.environ |= {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "chatchat.settings",
            "SECRET_KEY": "only-for-benches-" + "0123456789" * 4,
            "ALLOWED_HOSTS": "testserver",
            "DEV_MAIL": "1",
            "VAR_DIR": var,
        }
        os.environ.pop("REDIS_URL", None)
        fill(options.messages)
        for name, arguments in RUNS:
            if name == "damaged":
                damage()
            check = examined(*arguments)
            print(
                f"{name:<10}{check['seconds']:>8.1f} s {check['mebibytes']:>6} MiB {check['found']:>8,} found"
                f" {check['mended']:>8,} mended   {', '.join(check['facts'])}",
                flush=True,
            )
    return 0 if check["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
