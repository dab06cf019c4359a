"""Every REST route for ten people: what they get, and that a refusal changes nothing and tells nobody."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from tests.permissions.bodies import BODIES, THERE, picture
from tests.permissions.table import REFUSALS, Row, rows
from tests.permissions.world import PEOPLE, Nowhere, Person, World, changed, dump, told_and_undone, writing
from tests.third_party.provider import OpenIDProvider

API = "api/v1/"
METHODS = ("get", "post", "put", "patch", "delete")
ROWS = rows()
CLIENT = Client()


pytestmark = pytest.mark.django_db


@pytest.fixture
def _django_db_helper() -> None:
    """In the place of pytest-django's, which gives each test a transaction: here they share the world's."""


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """One for all cells, in a transaction that is undone: what a cell does is undone, too."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = World()
        yield made
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _files_stay(world: World) -> Iterator[None]:
    yield
    world.put_back()


@pytest.fixture(scope="module")
def before(world: World) -> dict[str, str]:
    """The hashes of all tables."""
    return dump()


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIDProvider]:
    """A third party of everybody's."""
    with OpenIDProvider(redirect_uris=set()) as running:
        running.passwords["somebody"] = ({"sub": "somebody there"}, THERE)
        yield running


@pytest.fixture(autouse=True)
def _third_party(settings: Settings, provider: OpenIDProvider) -> None:
    settings.THIRD_PARTY = {"other": provider.settings(password=True)}


@pytest.fixture(autouse=True)
def _no_limits(settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = False
    settings.RECALL_WINDOW = timedelta(hours=1)  # the world is as old as the slowest machine makes it


def routes() -> set[tuple[str, str]]:
    """(method, route) of everything below /api/v1/, as the URL resolver has it."""
    found: set[tuple[str, str]] = set()

    def walk(patterns: list[Any], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern) and path.startswith(API):
                view: Any = getattr(pattern.callback, "view_class", None)
                assert view is not None, f"{path} is no class-based view"
                found.update((method.upper(), path) for method in METHODS if hasattr(view, method))

    walk(get_resolver().url_patterns, "")
    return found


def route_of(row: Row, ids: dict[str, Any]) -> tuple[str, str]:
    path = "/" + API + row.path.format(**ids).partition("?")[0]
    return row.method, resolve(path).route


def test_the_table_has_a_row_for_every_route(world: World) -> None:
    named = {route_of(row, world["member"].ids) for row in ROWS}
    assert routes() - named == set(), "new routes: give each a row in table.py"


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_they_get(world: World, before: dict[str, str], row: Row, person: str) -> None:
    me, expected = world[person], row.expected[person]
    with told_and_undone() as events, writing() as written:
        answer = call(row, me, me.ids)
        assert shown(answer) == (REFUSALS.get(expected) or (int(expected), None)), what(answer)
        if expected in REFUSALS or row.method == "GET":
            assert not written or changed(before) == []
    if expected in REFUSALS or row.method == "GET":
        assert events == []
    if expected == "404":
        with told_and_undone():
            nowhere = call(row, me, Nowhere(me.ids))
        assert (answer.status_code, answer.content) == (nowhere.status_code, nowhere.content)
        assert set(answer.headers) == set(nowhere.headers)


def call(row: Row, me: Person, ids: dict[str, Any]) -> HttpResponse:
    path = f"/{API}{row.path.format(**ids)}"
    headers = {"authorization": f"Bearer {me.access}"} if me.access else {}
    data: str | bytes = b""
    content_type = "application/json"
    if row.body in ("picture", "file"):
        field = "image" if row.body == "picture" else "file"
        data, content_type = encode_multipart(BOUNDARY, {field: picture()}), MULTIPART_CONTENT
    elif row.method != "GET":
        data = json.dumps(BODIES[row.body](me, ids))
    CLIENT.cookies.clear()
    answer: Any = CLIENT.generic(row.method, path, data, content_type, headers=headers)
    if answer.streaming:
        assert answer.getvalue()  # which closes the file
    return cast(HttpResponse, answer)


def what(answer: HttpResponse) -> str:
    """What it says."""
    return "a file" if answer.streaming else answer.content.decode()


def shown(answer: HttpResponse) -> tuple[int, str | None]:
    """The status, and the error's code if it is one."""
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return answer.status_code, None
    error = json.loads(answer.content)["error"]
    assert set(error) == {"code", "message", "details"}
    return answer.status_code, error["code"]
