"""Django's test client beside the `api` fixture's, in one test."""

from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client


class AdminClient(Client):
    """After each request Django's client connects the handler again that `api` has disconnected."""

    def request(self, **fields: Any) -> Any:
        try:
            return super().request(**fields)
        finally:
            for signal in (request_started, request_finished):
                signal.disconnect(close_old_connections)
