"""Fixtures for every test: the stack, real server processes, people.

`api` is the REST door within this process; `server` is a real server that tests of a worker share;
`start_server` starts another one, with an environment of its own. All of them, and the ORM in the
test, work on the worker's one database, which is emptied after each test.
"""

import shutil
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from pytest_django.fixtures import Settings

from scripts.services import Redis
from tests import canaries
from tests import settings as test_settings
from tests.client import ApiClient, wsgi
from tests.people import sign_in
from tests.stack import emptying, schema
from tests.stack.server import Server, server_env

emptying.install()
servers_key = pytest.StashKey[list[Server]]()


# -------------------------------------------------------------------- the stack


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """What is run, and in which order: what takes long first, so that the workers end together."""
    _leave_out(config, items)
    items.sort(key=lambda item: not _takes_long(item))
    yield  # pytest-django puts what commits behind what is rolled back, and all others at the end
    items.sort(key=lambda item: not (_takes_long(item) and _asks_no_database(item)))


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked as being for the other stack.

    On another server or layer only what needs server processes is run, for the rest is the same; and what
    that one cannot do is skipped, with its reason.
    """
    others = {"production"} if test_settings.STACK == "embedded" else {"embedded", "once"}
    elsewhere = test_settings.SERVER != "uvicorn" or test_settings.LAYER
    left_out = [
        item
        for item in items
        if any(map(item.get_closest_marker, others)) or (elsewhere and not _has_server(item))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    lacking = {
        "own_server": test_settings.SERVER == "daphne",
        "own_layer": test_settings.LAYER,
        "beyond_core_layer": test_settings.LAYER.startswith("channels_redis.core"),
    }
    for item in items:
        for name in (name for name, lacks in lacking.items() if lacks):
            if mark := item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=mark.args[0]))


def _takes_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def _asks_no_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is None and {"db", "transactional_db"}.isdisjoint(fixtures)


def _has_server(item: pytest.Item) -> bool:
    return not {"server", "start_server", "site"}.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_unconfigure() -> None:
    shutil.rmtree(test_settings.RUN_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def stack() -> str:
    """Which stack this run is on: "embedded" or "production"."""
    return test_settings.STACK


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> None:
    """In the place of pytest-django's, which runs every migration for every worker."""
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = schema.new_database()


@pytest.fixture(scope="session", autouse=True)
def _no_canary_is_heard() -> Iterator[None]:
    """At the end of the run: no log, trace or metric holds what somebody said (`tests/canaries.py`)."""
    canaries.places.add(test_settings.LOG_FILE)
    yield
    found = canaries.search()
    assert not found, f"{len(found)} secrets or messages where nobody should find them: {found[:20]}"


@pytest.fixture(scope="session")
def _spans(_no_canary_is_heard: None) -> Iterator[canaries.Spans]:
    spans = canaries.Spans(test_settings.RUN_DIR / "spans")
    yield spans
    spans.close()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Codes, limits, cached facts and mail of one test are not the next one's."""
    cache.clear()
    for mail in (test_settings.RUN_DIR / "mail").glob("*.json"):
        mail.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process no minute of a limit ends while a test counts what falls into it."""
    moment = time.time()
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: moment))


@pytest.fixture(autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    ApiClient.close_all()


# -------------------------------------------------------------------- in this process


@pytest.fixture
def api(db: None, settings: Settings) -> Iterator[Callable[..., ApiClient]]:
    """`api()` is a new client of the REST door, without a server: in this process and transaction;
    `api("Amy")` is one signed in as somebody new.

    What happens on commit happens only in a test marked `django_db(transaction=True)`.
    """
    settings.EMAIL_BACKEND = "accounts.devmail.KeepMail"  # pytest-django has put its own there

    def new(nickname: str | None = None, **fields: Any) -> ApiClient:
        client = ApiClient(transport=wsgi())
        return client if nickname is None else sign_in(client, nickname, **fields)

    # The handler would close the connection that the test's transaction is open on.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield new
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# -------------------------------------------------------------------- real servers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the logs of a failed test's servers."""
    report = yield
    if report.failed:
        servers: list[Server] = item.stash.get(servers_key, [])
        for number, server in enumerate(servers, 1):
            report.sections.append((f"log of server {number}", server.log_text()[-6000:]))
    return report


@pytest.fixture
def start_server(
    transactional_db: None, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """`start_server(RATELIMIT_ENABLE="1", …)` starts a server process with these variables;
    `start_server("daphne")` another kind of server than the run is on.

    On the production stack it may be called several times: the processes share database and Redis.
    """
    started = request.node.stash.setdefault(servers_key, [])
    mine: list[Server] = []

    def start(kind: str | None = None, **env: str) -> Server:
        log = tmp_path / f"server{len(started) + 1}.log"
        server = Server(log=log, env=server_env(**env), kind=kind)
        started.append(server)
        mine.append(server)
        server.start()
        return server

    yield start
    for server in mine:
        server.close()


@pytest.fixture(scope="session")
def _shared_server(django_db_setup: None, _spans: canaries.Spans) -> Iterator[list[Server]]:
    """The worker's common server, started by the first test that asks for it."""
    kept: list[Server] = []
    yield kept
    for server in kept:
        server.close()


@pytest.fixture
def shared_server(
    transactional_db: None,
    _shared_server: list[Server],
    _spans: canaries.Spans,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Server:
    """What `server` is, unless a module has its own."""
    return _shared(0, _shared_server, _spans, request, tmp_path_factory)


@pytest.fixture
def server(shared_server: Server) -> Server:
    """A real server with limits off. Tests of a worker share the process (ids never repeat); one that
    stops, kills or configures it starts its own with `start_server`."""
    return shared_server


@pytest.fixture
def other(
    server: Server,
    stack: str,
    _shared_server: list[Server],
    _spans: canaries.Spans,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Server:
    """Another process beside `server`; on the embedded stack, which has one, `server` itself."""
    return server if stack == "embedded" else _shared(1, _shared_server, _spans, request, tmp_path_factory)


def _shared(
    number: int,
    started: list[Server],
    spans: canaries.Spans,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Server:
    if len(started) <= number:
        log = tmp_path_factory.mktemp("server") / "server.log"
        started.append(Server(log=log, env=server_env(**spans.env)))
    shared = started[number]
    request.node.stash.setdefault(servers_key, []).append(shared)
    if not shared.running:
        shared.start()
    shared.wait_until_ready()
    return shared


@pytest.fixture
def person(transactional_db: None, request: pytest.FixtureRequest) -> Callable[..., ApiClient]:
    """`person("Amy")` is somebody new, signed in to `server`, or to `person("Amy", server=other)`.

    Made by the services, which is quicker than by the door; that is `ApiClient(server.url).register()`.
    """

    def new(nickname: str = "", *, server: Server | None = None, **fields: Any) -> ApiClient:
        server = server or request.getfixturevalue("server")
        return sign_in(ApiClient(server.url), nickname, **fields)

    return new


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis server of this test's own, to be stopped, killed and started again.

    `start_server(REDIS_URL=redis_server.url)`
    """
    redis = Redis(tmp_path)
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture
def healthy() -> Callable[[Server], None]:
    """`healthy(server)` asserts that the process still answers."""

    def check(server: Server) -> None:
        assert server.healthy()

    return check
