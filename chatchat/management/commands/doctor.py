"""``manage.py doctor``: is everything there that is needed, and is everything that is counted right?"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from chatchat import doctor
from chatchat.doctor import BAD, KEPT, Report, Status
from chatchat.doctor.parts import NEEDED, PARTS

STYLES = {
    Status.OK: "SUCCESS",
    Status.WARNING: "WARNING",
    Status.MENDED: "WARNING",
    Status.DIFFERS: "ERROR",
    Status.FAILED: "ERROR",
    Status.SKIPPED: "ERROR",
}


class Command(BaseCommand):
    help = (
        "Look whether database, Redis, mail, files and clocks are there and work, and recompute every "
        "counter, marker and right from the rows they are made of. Servers may run meanwhile. "
        "Exit code 0: all is well, or has been mended; 1: something is wrong."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--fix", action="store_true", help="mend what can be mended safely, also while servers run"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
        parser.add_argument(
            "--only",
            action="append",
            metavar="CHECK",
            choices=[*PARTS, *doctor.registered()],
            help="only this one; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        reports: list[Report] = []
        for report in _examined(set(options["only"] or ()), fix=options["fix"]):
            reports.append(report)
            if not options["json"]:
                self._show(report)
        bad = [report for report in reports if report.status in BAD]
        if options["json"]:
            status = "ailing" if bad else "healthy"
            checks = [report.data() for report in reports]
            self.stdout.write(json.dumps({"status": status, "checks": checks}, ensure_ascii=False, indent=2))
        else:
            self._conclude(bad, fix=options["fix"])
        if bad:
            sys.exit(1)

    def _show(self, report: Report) -> None:
        style = getattr(self.style, STYLES[report.status])
        facts = ", ".join(report.facts)
        seconds = f"  ({report.seconds:.1f} s)" if report.seconds >= 1 else ""
        self.stdout.write(f"{report.name:<15}{style(f'{report.status.value:<9}')} {facts}{seconds}".rstrip())
        for words in (*report.failures, *([report.skipped] if report.skipped else []), *report.warnings):
            self.stdout.write(f"{'':<15}{words}")
        for finding in report.findings:
            self.stdout.write(f"{'':<15}{finding}")
        if report.found > KEPT:
            self.stdout.write(f"{'':<15}… and {report.found - KEPT} more")

    def _conclude(self, bad: list[Report], *, fix: bool) -> None:
        if not bad:
            self.stdout.write(self.style.SUCCESS("healthy"))
            return
        names = ", ".join(report.name for report in bad)
        differ = any(report.status is Status.DIFFERS for report in bad)
        hint = ": --fix mends what can be mended" if differ and not fix else ""
        self.stdout.write(self.style.ERROR(f"ailing: {names}") + hint)


def _examined(only: set[str], *, fix: bool) -> Iterator[Report]:
    """Each check's report as it is done."""
    lacking = ""
    for name, check in PARTS.items():
        if only and name not in only and name not in NEEDED:
            continue
        report = doctor.ask(name, check)
        if name in NEEDED and report.failures and not lacking:
            lacking = f"without {name} nothing can be said"
        if not only or name in only or report.failures:
            yield report
    for name, check in doctor.registered().items():
        if only and name not in only:
            continue
        yield Report(name, skipped=lacking) if lacking else doctor.examine(name, check, fix=fix)
