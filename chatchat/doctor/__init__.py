"""What ``manage.py doctor`` looks at, and what it finds.

A check is a function that looks at one thing and writes into a ``Report``. What every installation has is in
``chatchat.doctor.parts``; each app registers what only it can judge, in its ``AppConfig.ready()``.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: Differences that a report keeps; those beyond are counted, so that memory stays bounded.
KEPT = 200
PATIENCE = 15.0  # seconds that a part may take to answer


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    MENDED = "mended"
    DIFFERS = "differs"
    FAILED = "failed"
    SKIPPED = "skipped"


#: With one of these something has to be done: the exit code is not 0.
BAD = frozenset({Status.DIFFERS, Status.FAILED, Status.SKIPPED})


class Ailing(Exception):
    """What is wrong with a part, in words for an operator."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not what it should be."""

    code: str
    #: Which row: {"conversation": 5, "user": 7}.
    where: Mapping[str, int]
    found: Any
    right: Any
    mended: bool = False
    #: Why it was not mended, or what else there is to know.
    note: str = ""

    def __str__(self) -> str:
        place = ", ".join(f"{name} {value}" for name, value in self.where.items())
        words = f"{place}: {self.code} is {self.found}, should be {self.right}"
        return f"{words}{': mended' if self.mended else ''}{f' ({self.note})' if self.note else ''}"

    def data(self) -> dict[str, Any]:
        return {
            "code": self.code,
            **self.where,
            "found": self.found,
            "right": self.right,
            "mended": self.mended,
            "note": self.note,
        }


@dataclass
class Report:
    """What one check has seen."""

    name: str
    facts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    found: int = 0
    mended: int = 0
    seconds: float = 0.0
    skipped: str = ""

    def differ(self, finding: Finding) -> None:
        self.found += 1
        self.mended += finding.mended
        if len(self.findings) < KEPT:
            self.findings.append(finding)

    @contextmanager
    def one(self, **where: int) -> Iterator[None]:
        """What fails within is a finding about this one, and the others are looked at all the same."""
        try:
            yield
        except Exception as error:
            self.differ(Finding("unreadable", where, type(error).__name__, "readable", note=str(error)[:200]))

    @property
    def status(self) -> Status:
        if self.skipped:
            return Status.SKIPPED
        if self.failures:
            return Status.FAILED
        if self.found > self.mended:
            return Status.DIFFERS
        if self.found:
            return Status.MENDED
        return Status.WARNING if self.warnings else Status.OK

    def data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "status": self.status.value,
            "facts": self.facts,
            "warnings": self.warnings,
            "failures": [*self.failures, *([self.skipped] if self.skipped else [])],
            "found": self.found,
            "mended": self.mended,
            "findings": [finding.data() for finding in self.findings],
            "seconds": round(self.seconds, 3),
        }


#: (the report to write into, whether to mend).
Check = Callable[[Report, bool], None]

_registered: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Let the doctor also look at ``name``; the database is there and migrated when ``check`` is called."""
    _registered[name] = check


def registered() -> dict[str, Check]:
    return dict(_registered)


def examine(name: str, check: Check, *, fix: bool) -> Report:
    """Run a check to its end; whatever it raises is in its report."""
    report = Report(name)
    started = time.monotonic()
    _guarded(report, check, fix)
    report.seconds = time.monotonic() - started
    return report


def ask(name: str, check: Check) -> Report:
    """Run a check that may hang, in a thread of its own, for at most ``PATIENCE`` seconds."""
    report = Report(name)
    started = time.monotonic()
    thread = threading.Thread(
        target=_guarded, args=(report, check, False), name=f"doctor-{name}", daemon=True
    )
    thread.start()
    thread.join(PATIENCE)
    if thread.is_alive():
        report = Report(name, failures=[f"no answer within {PATIENCE:g} s"])
    report.seconds = time.monotonic() - started
    return report


def _guarded(report: Report, check: Check, fix: bool) -> None:
    from django.db import connection

    try:
        check(report, fix)
    except Ailing as reason:
        report.failures.append(str(reason))
    except Exception as error:
        report.failures.append(f"{type(error).__name__}: {error}")
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()
