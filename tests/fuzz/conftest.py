"""Somebody signed in to a server that must not be harmed."""

from collections.abc import Callable, Iterator

import pytest

from tests.client import ApiClient
from tests.fuzz.common import Answer, bearer, exchange, request, unharmed
from tests.stack.server import Server


@pytest.fixture
def amy(person: Callable[..., ApiClient], server: Server) -> Iterator[ApiClient]:
    """Somebody signed in, while the server must not be harmed."""
    with unharmed(server):
        yield person("Amy")


@pytest.fixture
def send(amy: ApiClient, server: Server) -> Callable[..., Answer | None]:
    """``send(method, path, headers, body)``, signed in unless the headers say otherwise."""

    def call(
        method: str, path: bytes | str, headers: dict[str, bytes | str] | None = None, body: bytes = b""
    ) -> Answer | None:
        url = path if path[:1] in ("/", b"/") else f"/api/v1/{path if isinstance(path, str) else ''}"
        return exchange(server, request(method, url, {**bearer(amy), **(headers or {})}, body))

    return call
