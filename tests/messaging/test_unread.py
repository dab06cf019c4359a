"""Why a badge says what it says: each message past the read marker, counted or passed over."""

from typing import Any

import pytest

from messaging.models import Participant
from tests.client import ApiClient, ok
from tests.messaging.common import state

pytestmark = pytest.mark.django_db


def unread(client: ApiClient, conversation: int, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = ok(client.get(f"conversations/{conversation}/unread", **query)).json()
    return found


def reasons(answer: dict[str, Any]) -> list[tuple[int, str, int | None]]:
    """(seq, reason, number) of each."""
    assert all(item["counted"] == (item["number"] is not None) for item in answer["results"])
    return [(item["seq"], item["reason"], item["number"]) for item in answer["results"]]


def test_each_message_past_the_marker_is_counted_or_not_and_says_why(
    amy: ApiClient, bob: ApiClient, eve: ApiClient, group: int
) -> None:
    bob.send_message(group, "one")  # 3, which marks read up to itself
    ok(amy.patch(f"groups/{group}", {"name": "Renamed"}))  # 4
    taken_back = amy.send_message(group, "two")["seq"]  # 5
    amy.send_message(group, "three")  # 6
    ok(amy.delete(f"conversations/{group}/messages/{taken_back}"), 204)
    answer = unread(bob, group)
    assert reasons(answer) == [(4, "system", None), (5, "recalled", 1), (6, "message", 2)]
    assert [item["sender"] and item["sender"]["id"] for item in answer["results"]] == [None, amy.id, amy.id]
    del answer["results"]
    assert answer == {
        "conversation": group, "unread": 2, "read_seq": 3, "read_ordinal": 1, "last_seq": 6,
        "last_ordinal": 3, "first_seq": 1, "next": None,
    }  # fmt: skip
    assert state(bob, group)["unread"] == 2
    assert unread(amy, group)["results"] == [], "sending marks one's own read"


def test_what_was_said_before_one_came_is_neither_shown_nor_counted(
    amy: ApiClient, bob: ApiClient, eve: ApiClient
) -> None:
    group = amy.create_group(bob, history="since_joined")
    amy.send_message(group, "before")
    ok(eve.post(f"groups/{group}/join"), 200, 201, 204)
    joined = state(eve, group)["first_seq"]
    amy.send_message(group, "after")
    answer = unread(eve, group)
    assert reasons(answer) == [(joined, "system", None), (joined + 1, "message", 1)]
    assert (answer["unread"], answer["first_seq"]) == (1, joined)


def test_pages_go_through_all_of_them_once(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    for number in range(7):
        amy.send_message(direct, f"message {number}")
    found, query = [], {"limit": 3}
    while True:
        page = unread(bob, direct, **query)
        assert page["unread"] == 7
        assert len(page["results"]) <= 3
        found += reasons(page)
        if page["next"] is None:
            break
        query = {"limit": 3, "after": page["next"]}
    assert found == [(seq, "message", seq) for seq in range(1, 8)]
    assert unread(bob, direct, after=2**62)["results"] == []


def test_a_wrong_badge_is_seen_to_be_wrong(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    amy.send_message(direct, "one")
    Participant.objects.filter(conversation=direct, user=bob.id).update(read_ordinal=-4)
    answer = unread(bob, direct)
    assert answer["unread"] == 5
    assert (answer["read_seq"], answer["read_ordinal"]) == (0, -4)
    assert [item["seq"] for item in answer["results"] if item["counted"]] == [1]


def test_it_takes_as_many_queries_for_a_hundred_as_for_one(
    amy: ApiClient, bob: ApiClient, direct: int, django_assert_num_queries: Any
) -> None:
    amy.send_message(direct, "one")
    with django_assert_num_queries(3):
        unread(bob, direct)
    for number in range(20):
        amy.send_message(direct, f"message {number}")
    with django_assert_num_queries(3):
        assert len(unread(bob, direct, limit=100)["results"]) == 21


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"after": -1}, {"after": "x"}]
)
def test_odd_pages_are_refused(amy: ApiClient, direct: int, query: dict[str, Any]) -> None:
    assert amy.get(f"conversations/{direct}/unread", **query).status_code == 400


def test_strangers_and_who_has_left_find_nothing(
    amy: ApiClient, bob: ApiClient, eve: ApiClient, group: int
) -> None:
    assert eve.get(f"conversations/{group}/unread").status_code == 404
    ok(bob.post(f"groups/{group}/leave"), 200, 204)
    assert bob.get(f"conversations/{group}/unread").status_code == 404
    assert eve.get("conversations/999999999/unread").status_code == 404
