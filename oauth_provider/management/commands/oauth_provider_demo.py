"""The chat's client at the simulated third party, and people to sign in as."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from oauth_provider import demo, services


class Command(BaseCommand):
    help = "Prepare the chat's client at the simulated third party, and people to sign in there as."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--client-only", action="store_true", help="no demo people, whose password everybody knows"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.OAUTH_PROVIDER:
            return
        demo.prepare_client()
        services.clean()
        if options["client_only"]:
            return
        if not settings.DEV_MAIL:
            raise CommandError(
                "The demo people have a password that everybody knows: they are only made where DEV_MAIL=1."
            )
        demo.prepare_people()
