"""Offline messages: past the delivered markers, over all conversations, until acknowledged."""

from typing import Any

import pytest

from accounts.models import User
from tests.client import ApiClient, error_code, ok
from tests.messaging.line import in_one_go, rooms, say

pytestmark = pytest.mark.django_db


def offline(client: ApiClient, limit: int = 50) -> list[tuple[int, int]]:
    """(conversation, seq) of all of them, page by page."""
    found: list[tuple[int, int]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = ok(client.get("offline", limit=limit, **cursor)).json()
        assert len(page["results"]) <= limit
        found += [(row["conversation"], row["message"]["seq"]) for row in page["results"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


def ack(client: ApiClient, conversation: int, seq: int) -> None:
    ok(client.post("offline/ack", {"conversation": conversation, "seq": seq}), 204)


@pytest.fixture
def several(amy: ApiClient, bob: ApiClient) -> list[int]:
    """Five conversations with 0 to 4 messages of Amy's."""
    writer, reader = User.objects.get(pk=amy.id), User.objects.get(pk=bob.id)
    with in_one_go():
        chats = rooms(5, writer, reader)
        for count, chat in enumerate(chats):
            for number in range(count):
                say(writer, chat, f"{number}")
    return chats


def test_they_come_by_conversation_and_seq(bob: ApiClient, several: list[int]) -> None:
    expected = [(chat, seq) for count, chat in enumerate(several) for seq in range(1, count + 1)]
    for limit in (1, 2, 3, 9, 10, 11, 100):
        assert offline(bob, limit) == expected, f"pages of {limit}"


def test_what_is_acknowledged_comes_no_more(amy: ApiClient, bob: ApiClient, several: list[int]) -> None:
    ack(bob, several[4], 3)
    ack(bob, several[2], 2)
    assert offline(bob) == [(several[1], 1), *[(several[3], n) for n in (1, 2, 3)], (several[4], 4)]
    ok(bob.put(f"conversations/{several[3]}/read", {"seq": 3}))
    assert offline(bob) == [(several[1], 1), (several[4], 4)]
    assert offline(amy) == [], "one's own are delivered to oneself"
    amy.send_message(several[2], "more")
    assert (several[2], 3) in offline(bob)


def test_they_come_in_their_present_state(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    for body in ("one", "two"):
        amy.send_message(direct, body)
    ok(amy.patch(f"conversations/{direct}/messages/1", {"body": "changed"}))
    ok(amy.delete(f"conversations/{direct}/messages/2"), 204)
    found = ok(bob.get("offline")).json()["results"]
    assert [row["message"]["body"] for row in found] == ["changed", ""]
    assert [row["message"] for row in found] == bob.history(direct)


def test_a_cursor_that_is_none_is_refused(bob: ApiClient, several: list[int]) -> None:
    for cursor in ("x", "1", "1-", "-1", "1-x", "1-2-3", f"{2**63}-1", "1-" + "9" * 30, "", "٣-٣", "1-1\x00"):
        refused = ok(bob.get("offline", cursor=cursor), 400)
        assert error_code(refused) == "invalid", cursor
    assert ok(bob.get("offline", cursor=f"{2**63 - 1}-{2**63 - 1}")).json()["results"] == []


def test_a_page_that_was_acknowledged_meanwhile_goes_on_behind_it(bob: ApiClient, several: list[int]) -> None:
    first = ok(bob.get("offline", limit=4)).json()
    for row in first["results"]:
        ack(bob, row["conversation"], row["message"]["seq"])
    rest = ok(bob.get("offline", limit=100, cursor=first["next"])).json()["results"]
    assert len(first["results"]) + len(rest) == 10, "nothing is passed over"
