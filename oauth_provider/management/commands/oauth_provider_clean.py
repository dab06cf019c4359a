"""Delete the simulated third party's expired codes, tokens and sessions."""

from typing import Any

from django.core.management.base import BaseCommand

from oauth_provider import services


class Command(BaseCommand):
    help = "Delete the simulated third party's codes, tokens and sessions that are past their time."

    def handle(self, *args: Any, **options: Any) -> None:
        for what, count in services.clean().items():
            self.stdout.write(f"{count} {what}")
