"""What has changed since a version: every message once, in its present state, by pages."""

import json
from typing import Any

import pytest

from accounts.models import User
from tests.client import ApiClient, ok
from tests.messaging.common import head
from tests.messaging.line import in_one_go, say

pytestmark = pytest.mark.django_db


def sync(client: ApiClient, chat: int, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = ok(client.get(f"conversations/{chat}/sync", **params)).json()
    return found


def all_of(client: ApiClient, chat: int, after: int = 0, limit: int = 200) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    complete = False
    while not complete:
        page = sync(client, chat, after=after, limit=limit)
        assert page["next"] >= after
        found += page["messages"]
        after, complete = page["next"], page["complete"]
    return found


def fill(client: ApiClient, chat: int, count: int, body: str = "") -> None:
    writer = User.objects.get(pk=client.id)
    with in_one_go():
        for number in range(count):
            say(writer, chat, body or f"{number}")


def test_changed_messages_come_once_by_version(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    for number in range(5):
        amy.send_message(direct, f"{number}")
    ok(amy.patch(f"conversations/{direct}/messages/2", {"body": "changed"}))
    ok(amy.patch(f"conversations/{direct}/messages/2", {"body": "changed again"}))
    ok(bob.put(f"conversations/{direct}/messages/4/reactions/👍"), 204)
    page = sync(bob, direct)
    assert [(m["version"], m["seq"]) for m in page["messages"]] == [(1, 1), (3, 3), (5, 5), (7, 2), (8, 4)]
    assert page["messages"][3]["body"] == "changed again"
    assert (page["next"], page["complete"], page["conversation"]) == (8, True, direct)
    page = sync(bob, direct, after=5)
    assert [m["version"] for m in page["messages"]] == [7, 8]
    assert sync(bob, direct, after=8) == {
        "conversation": direct, "messages": [], "next": 8, "complete": True,
    }  # fmt: skip
    assert sync(bob, direct, after=100)["messages"] == []


def test_pages_of_any_size_hold_everything(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    fill(amy, direct, 30)
    for seq in (3, 17, 30):
        ok(amy.patch(f"conversations/{direct}/messages/{seq}", {"body": "changed"}))
    whole = sync(bob, direct)["messages"]
    assert len(whole) == 30
    for limit in (1, 7, 29, 30, 31):
        assert all_of(bob, direct, limit=limit) == whole
    first = sync(bob, direct, limit=10)
    assert (len(first["messages"]), first["next"], first["complete"]) == (10, 11, False), "3 has moved on"


def test_two_hundred_at_most(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    fill(amy, direct, 201)
    page = sync(bob, direct)
    assert (len(page["messages"]), page["next"], page["complete"]) == (200, 200, False)
    assert len(all_of(bob, direct)) == 201
    for limit in (0, 201, "x"):
        ok(bob.get(f"conversations/{direct}/sync", limit=limit), 400)


@pytest.mark.parametrize("body", ["字" * 4000, "\x01" * 4000], ids=["three bytes each", "six when escaped"])
def test_a_page_weighs_no_more_than_256_kib(amy: ApiClient, bob: ApiClient, direct: int, body: str) -> None:
    fill(amy, direct, 45, body)
    sizes, found, after, complete = [], 0, 0, False
    while not complete:
        answer = ok(bob.get(f"conversations/{direct}/sync", after=after))
        page = answer.json()
        sizes.append(len(answer.content))
        found += len(page["messages"])
        after, complete = page["next"], page["complete"]
    assert found == 45
    assert max(sizes) <= 256 * 1024, sizes
    assert len(sizes) <= 6, "but not much less, either"
    assert len(json.dumps(body, ensure_ascii=False).encode()) * 45 > 256 * 1024, "it was too much for one"


def test_a_recall_and_a_hole_reach_the_head(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    amy.send_message(direct, "oops")
    ok(amy.delete(f"conversations/{direct}/messages/1"), 204)
    page = sync(bob, direct, after=0)
    assert [(m["version"], m["body"]) for m in page["messages"]] == [(2, "")]
    assert page["next"] == head(direct)[1]
