"""Every route of social: nobody comes in without signing in, nor once banned."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.client import ApiClient, ok
from tests.witness import untouched

ROUTES = [
    ("GET", "friend-requests"),
    ("POST", "friend-requests"),
    ("DELETE", "friend-requests/1"),
    ("POST", "friend-requests/1/accept"),
    ("POST", "friend-requests/1/reject"),
    ("GET", "friends"),
    ("PATCH", "friends/1"),
    ("DELETE", "friends/1"),
    ("GET", "blocks"),
    ("PUT", "blocks/1"),
    ("DELETE", "blocks/1"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_who_is_not_signed_in_gets_a_401(api: Callable[..., ApiClient], method: str, path: str) -> None:
    with untouched():
        answer = api().request(method, path, json={"user": 1, "remark": "x"})
    assert answer.status_code == 401


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_who_is_banned_gets_nothing(amy: ApiClient, bob: ApiClient, method: str, path: str) -> None:
    User.objects.filter(pk=amy.id).update(banned_at=timezone.now())
    with untouched():
        answer = amy.request(method, path.replace("/1", f"/{bob.id}"), json={"user": bob.id, "remark": "x"})
    assert answer.status_code in {401, 403}


def test_requests_are_limited(amy: ApiClient, bob: ApiClient, settings: Settings) -> None:
    settings.COST_RATE = "5/d"
    for _ in range(5):
        ok(amy.post("friend-requests", {"user": 2**62}), 404)
    with untouched():
        answer = amy.post("friend-requests", {"user": bob.id})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
