"""The history by seq in both directions, and what a stranger sees of it."""

from typing import Any

import pytest

from accounts.models import User
from tests.client import ApiClient, error_code, ok
from tests.messaging.line import say

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(amy: ApiClient, direct: int) -> int:
    """Twenty messages of Amy's."""
    writer = User.objects.get(pk=amy.id)
    for number in range(1, 21):
        say(writer, direct, f"{number}")
    return direct


def page(client: ApiClient, chat: int, **params: Any) -> tuple[list[int], bool]:
    body = ok(client.get(f"conversations/{chat}/messages", **params)).json()
    return [message["seq"] for message in body["results"]], body["has_more"]


def test_the_newest_come_first_as_a_page_and_ascending_within(bob: ApiClient, chat: int) -> None:
    assert page(bob, chat) == (list(range(1, 21)), False)
    assert page(bob, chat, limit=5) == ([16, 17, 18, 19, 20], True)
    assert page(bob, chat, limit=20) == (list(range(1, 21)), False)


def test_pages_before_and_after_a_seq(bob: ApiClient, chat: int) -> None:
    assert page(bob, chat, before=16, limit=5) == ([11, 12, 13, 14, 15], True)
    assert page(bob, chat, before=6, limit=5) == ([1, 2, 3, 4, 5], False)
    assert page(bob, chat, before=1) == ([], False)
    assert page(bob, chat, before=10**15, limit=2) == ([19, 20], True)
    assert page(bob, chat, after=0, limit=5) == ([1, 2, 3, 4, 5], True)
    assert page(bob, chat, after=15, limit=5) == ([16, 17, 18, 19, 20], False)
    assert page(bob, chat, after=20) == ([], False)
    assert page(bob, chat, after=10**15) == ([], False)


def test_paging_either_way_sees_everything_once(bob: ApiClient, chat: int) -> None:
    backwards = bob.history(chat, limit=3)
    assert [message["body"] for message in backwards] == [f"{number}" for number in range(1, 21)]
    forwards: list[int] = []
    more = True
    while more:
        found, more = page(bob, chat, after=forwards[-1] if forwards else 0, limit=7)
        forwards += found
    assert forwards == list(range(1, 21))


def test_odd_numbers_are_refused(bob: ApiClient, chat: int) -> None:
    for params in (
        {"limit": 0}, {"limit": 101}, {"limit": "x"}, {"before": -1}, {"before": "x"}, {"after": 2**63},
        {"after": "1.5"}, {"before": "٣"}, {"before": 5, "after": 5}, {"before": ""},
    ):  # fmt: skip
        refused = ok(bob.get(f"conversations/{chat}/messages", **params), 400)
        assert error_code(refused) == "invalid", params


def test_strangers_see_nothing(eve: ApiClient, chat: int) -> None:
    for path in ("", "/messages", "/sync"):
        ok(eve.get(f"conversations/{chat}{path}"), 404)
    assert ok(eve.get("conversations")).json() == {"results": [], "next": None}
    assert ok(eve.get("offline")).json() == {"results": [], "next": None}


def test_who_left_sees_nothing_any_more(amy: ApiClient, bob: ApiClient, group: int) -> None:
    amy.send_message(group, "hello")
    ok(bob.post(f"groups/{group}/leave"), 200, 204)
    for path in ("", "/messages", "/sync"):
        ok(bob.get(f"conversations/{group}{path}"), 404)
    assert ok(bob.get("offline")).json()["results"] == []
    assert ok(bob.get("conversations")).json()["results"] == []
