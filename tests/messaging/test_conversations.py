"""The list of conversations: most recently active first, by pages, with what a client shows of each."""

from typing import Any

import pytest

from accounts.models import User
from tests.client import ApiClient, ok
from tests.messaging.common import state
from tests.messaging.line import in_one_go, rooms, say

pytestmark = pytest.mark.django_db


def listed(client: ApiClient, limit: int = 50) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = ok(client.get("conversations", limit=limit, **cursor)).json()
        assert len(page["results"]) <= limit
        found += page["results"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


def test_a_direct_conversation_is_named_for_the_other(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    bob.send_message(direct, "x" * 150)
    (shown,) = listed(amy)
    last = shown.pop("last_message")
    assert (last["seq"], last["body"], last["sender"]["id"]) == (1, "x" * 100, bob.id)
    person = {"id": bob.id, "nickname": "Bob", "avatar": None}
    assert shown == {
        "id": direct, "kind": "direct", "title": "Bob", "avatar": None, "peer": person, "first_seq": 1,
        "last_seq": 1, "last_version": 1, "delivered_seq": 0, "read_seq": 0, "unread": 1, "muted": False,
        "muted_until": None, "silenced": None, "may_send": True, "may_moderate": False, "pinned": False,
        "notifications": "all",
        "receipts": [{"user": bob.id, "delivered_seq": 1, "read_seq": 1}],
    }  # fmt: skip


def test_a_group_has_its_own_name_and_no_receipts_in_the_list(amy: ApiClient, bob: ApiClient) -> None:
    group = amy.create_group(bob, name="周末爬山")
    (shown,) = listed(bob)
    assert (shown["id"], shown["kind"], shown["title"], shown["peer"]) == (group, "group", "周末爬山", None)
    assert shown["receipts"] == []
    assert len(state(bob, group)["receipts"]) == 1
    assert shown["last_message"]["data"]["event"] == "member.joined"


def test_the_most_recently_active_come_first_whatever_the_page(amy: ApiClient, bob: ApiClient) -> None:
    writer, reader = User.objects.get(pk=amy.id), User.objects.get(pk=bob.id)
    with in_one_go():
        chats = rooms(12, writer, reader)
        for chat in chats[:10]:
            say(writer, chat)
        say(writer, chats[3])
    expected = [chats[3], *[chats[n] for n in (9, 8, 7, 6, 5, 4, 2, 1, 0)], chats[11], chats[10]]
    for limit in (1, 5, 12, 100):
        assert [shown["id"] for shown in listed(bob, limit)] == expected
    ok(amy.patch(f"conversations/{chats[0]}/messages/1", {"body": "changed"}))
    assert [shown["id"] for shown in listed(bob)] == expected, "an edit is no activity"
    amy.send_message(chats[0], "new")
    assert listed(bob)[0]["id"] == chats[0]


def test_odd_pages_are_refused(amy: ApiClient, direct: int) -> None:
    for params in ({"cursor": "x"}, {"cursor": "cD14eHg="}, {"cursor": ""}):
        assert amy.get("conversations", **params).status_code in (200, 400), params
    for limit in ("x", -1, 0, 10**30):
        assert amy.get("conversations", limit=limit).status_code in (200, 400), limit


def test_the_list_costs_the_same_for_two_and_for_two_hundred(
    amy: ApiClient, bob: ApiClient, django_assert_max_num_queries: Any
) -> None:
    writer, reader = User.objects.get(pk=amy.id), User.objects.get(pk=bob.id)

    def fill(count: int) -> None:
        with in_one_go():
            for chat in rooms(count, writer, reader):
                say(writer, chat, "@Bob hello")

    direct = amy.befriend(bob)
    fill(2)
    amy.send_message(direct, "hello")
    with django_assert_max_num_queries(100) as few:
        assert len(ok(bob.get("conversations", limit=100)).json()["results"]) == 3
    fill(200)
    amy.send_message(direct, "hello again")
    with django_assert_max_num_queries(100) as many:
        assert len(ok(bob.get("conversations", limit=100)).json()["results"]) == 100
    assert len(many) == len(few) <= 7, [query["sql"] for query in many.captured_queries]


def test_pages_of_messages_cost_the_same_however_many(
    amy: ApiClient, bob: ApiClient, direct: int, django_assert_max_num_queries: Any
) -> None:
    writer, reader = User.objects.get(pk=amy.id), User.objects.get(pk=bob.id)
    counts: list[list[int]] = []
    for count in (2, 100):
        with in_one_go():
            for _ in range(count):
                say(writer, direct)
            for chat in rooms(count, writer, reader)[:100]:
                say(writer, chat)
        ok(bob.put(f"conversations/{direct}/messages/{count}/reactions/👍"), 204)
        taken = []
        for path in ("messages", "messages?before=90", "messages?after=1", "sync", "sync?after=1"):
            with django_assert_max_num_queries(100) as used:
                ok(bob.get(f"conversations/{direct}/{path}"))
            taken.append(len(used))
        with django_assert_max_num_queries(100) as used:
            ok(bob.get("offline?limit=100"))
        counts.append([*taken, len(used)])
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 6, counts[1]
