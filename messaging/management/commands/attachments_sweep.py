"""Remove attachments that are left over; servers do the cheap part of it by themselves."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from messaging.attachments import sweep, usage


class Command(BaseCommand):
    help = "Remove uploads that nobody sent, and files that no message and no upload knows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="also name attachments whose file is missing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{sweep.sweep()} uploads were left over and are gone")
        self.stdout.write(f"{sweep.remove_orphans()} files belonged to nothing and are gone")
        self.stdout.write(f"{usage.recount()} people's counts were wrong and are right")
        if options["check"]:
            missing = sweep.missing()
            self.stdout.write(f"{len(missing)} files are missing{': ' if missing else ''}{missing or ''}")
