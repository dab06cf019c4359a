"""Fixtures of the tests of what an operator sees."""

import socket
from collections.abc import Iterator

import pytest

from tests.telemetry.collector import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    """`start_server(**collector.env("one"))` sends its traces here."""
    receiver = Collector()
    yield receiver
    receiver.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Somebody who takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield int(listener.getsockname()[1])
