"""What the other tests lean on: servers that are really started, really killed, really gone."""

import os
import signal
from collections.abc import Callable

import httpx
import pytest
from django.db import connection

from scripts.services import Redis
from tests.client import ApiClient
from tests.stack.server import Server


def test_the_server_answers_and_keeps_its_port_over_a_crash(start_server: Callable[..., Server]) -> None:
    server = start_server(DJANGO_SETTINGS_MODULE="chatchat.settings")
    amy = ApiClient(server.url).register()
    first = server.pid
    server.restart(kill=True)
    assert server.pid != first
    amy.login()  # with a password at its full price
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_a_server_told_to_stop_goes_without_complaint(start_server: Callable[..., Server]) -> None:
    server = start_server()
    assert server.stop() in (0, -signal.SIGTERM)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/healthz")


@pytest.mark.django_db
def test_the_stack_is_the_one_asked_for(stack: str) -> None:
    assert connection.vendor == {"embedded": "sqlite", "production": "mysql"}[stack]
    assert ("REDIS_URL" in os.environ) == (stack == "production")


@pytest.mark.production
def test_two_processes_share_database_and_redis(start_server: Callable[..., Server]) -> None:
    one, other = start_server(), start_server()
    assert one.port != other.port
    for server in (one, other):
        assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_a_redis_server_comes_back_on_its_port(redis_server: Redis) -> None:
    assert redis_server.answers()
    redis_server.kill()
    assert not redis_server.answers()
    redis_server.start()
    assert redis_server.answers()
