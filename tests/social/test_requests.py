"""Asking somebody to be friends, and answering."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.utils import timezone

from accounts.models import User
from messaging.models import Conversation
from social.models import FriendRequest, Friendship
from tests.client import ApiClient, error_code, ok
from tests.social.common import ask, friends, may_send, pending, shown
from tests.witness import frames_to, people_told, told, untouched

Status = FriendRequest.Status


def test_a_request_is_seen_by_both_and_told_to_both_alone(
    amy: ApiClient, bob: ApiClient, eve: ApiClient
) -> None:
    with told() as events:
        request = ask(amy, bob, "We met at the summit 山")
    assert request["sender"] == shown(amy)
    assert request["recipient"] == shown(bob)
    assert (request["greeting"], request["status"]) == ("We met at the summit 山", "pending")
    assert request["conversation"] is None
    assert frames_to(events, bob.id) == [{"type": "friend.request", "request": request}]
    assert people_told(events) == {amy.id, bob.id}
    assert pending(bob) == [request["id"]] == pending(amy, "outgoing")
    assert pending(amy) == pending(bob, "outgoing") == pending(eve) == pending(eve, "outgoing") == []
    assert not Conversation.objects.exists()


def test_accepting_makes_friends_and_opens_their_conversation(amy: ApiClient, bob: ApiClient) -> None:
    request = ask(amy, bob)
    with told() as events:
        accepted = ok(bob.post(f"friend-requests/{request['id']}/accept")).json()
    conversation = accepted["conversation"]
    assert accepted == {"friend": shown(amy), "conversation": conversation}
    assert may_send(amy, bob) == (True, True)
    assert friends(amy) == [bob.id]
    assert friends(bob) == [amy.id]
    assert pending(bob) == pending(amy, "outgoing") == []
    added = {"type": "friend.added", "conversation": conversation}
    assert frames_to(events, amy.id) == [added | {"friend": shown(bob)}]
    assert frames_to(events, bob.id) == [added | {"friend": shown(amy)}]
    assert people_told(events) == {amy.id, bob.id}


def test_crossing_requests_become_a_friendship(amy: ApiClient, bob: ApiClient) -> None:
    first = ask(amy, bob)
    with told() as events:
        second = ask(bob, amy)
    assert second["id"] == first["id"]
    assert second["status"] == "accepted"
    assert second["conversation"] == Conversation.objects.get().pk
    assert [frame["type"] for frame in frames_to(events, amy.id)] == ["friend.added"]
    assert friends(amy) == [bob.id]
    assert may_send(amy, bob) == (True, True)


def test_rejecting_is_silent_to_who_asked_and_they_may_ask_again(amy: ApiClient, bob: ApiClient) -> None:
    request = ask(amy, bob)
    with told() as events:
        ok(bob.post(f"friend-requests/{request['id']}/reject"), 204)
    assert people_told(events) == {bob.id}
    assert frames_to(events, bob.id)[0]["request"]["status"] == "rejected"
    assert pending(bob) == pending(amy, "outgoing") == []
    assert FriendRequest.objects.get().status == Status.REJECTED
    assert ask(amy, bob)["status"] == "pending"


def test_cancelling_is_told_to_both(amy: ApiClient, bob: ApiClient) -> None:
    request = ask(amy, bob)
    with told() as events:
        ok(amy.delete(f"friend-requests/{request['id']}"), 204)
    assert frames_to(events, bob.id)[0]["request"]["status"] == "cancelled"
    assert people_told(events) == {amy.id, bob.id}
    assert pending(bob) == pending(amy, "outgoing") == []
    assert error_code(bob.post(f"friend-requests/{request['id']}/accept")) == "not_found"
    assert ask(amy, bob)["id"] != request["id"]


def test_asking_twice_is_a_conflict(amy: ApiClient, bob: ApiClient) -> None:
    ask(amy, bob)
    with untouched():
        answer = amy.post("friend-requests", {"user": bob.id})
    assert (answer.status_code, error_code(answer)) == (409, "already_requested")


def test_asking_a_friend_is_a_conflict(amy: ApiClient, bob: ApiClient) -> None:
    amy.befriend(bob)
    for one, other in ((amy, bob), (bob, amy)):
        with untouched():
            answer = one.post("friend-requests", {"user": other.id})
        assert (answer.status_code, error_code(answer)) == (409, "already_friends")


def test_nobody_asks_themselves(amy: ApiClient) -> None:
    with untouched():
        answer = amy.post("friend-requests", {"user": amy.id})
    assert answer.status_code == 400
    assert "user" in answer.json()["error"]["details"]


@pytest.mark.parametrize("ended", ["banned_at", "deleted_at"])
def test_who_is_banned_or_deleted_is_asked_like_who_never_was(
    amy: ApiClient, bob: ApiClient, ended: str
) -> None:
    User.objects.filter(pk=bob.id).update(**{ended: timezone.now()})
    with untouched():
        gone = amy.post("friend-requests", {"user": bob.id})
        never = amy.post("friend-requests", {"user": 2**63 - 1})
    assert gone.status_code == never.status_code == 404
    assert gone.json() == never.json()


def test_a_request_of_somebody_banned_meanwhile_is_not_shown_and_cannot_be_accepted(
    amy: ApiClient, bob: ApiClient
) -> None:
    request = ask(amy, bob)
    User.objects.filter(pk=amy.id).update(banned_at=timezone.now())
    assert pending(bob) == []
    with untouched():
        assert bob.post(f"friend-requests/{request['id']}/accept").status_code == 404
    assert not Friendship.objects.exists()


def test_only_the_recipient_answers_and_only_the_sender_cancels(
    amy: ApiClient, bob: ApiClient, eve: ApiClient
) -> None:
    path = f"friend-requests/{ask(amy, bob)['id']}"
    with untouched():
        for client, method, where in (
            (amy, "POST", f"{path}/accept"),
            (amy, "POST", f"{path}/reject"),
            (bob, "DELETE", path),
            (eve, "POST", f"{path}/accept"),
            (eve, "POST", f"{path}/reject"),
            (eve, "DELETE", path),
        ):
            assert client.request(method, where).status_code == 404


@pytest.mark.parametrize("answer", ["accept", "reject", "cancel"])
def test_an_answered_request_is_answered_once(amy: ApiClient, bob: ApiClient, answer: str) -> None:
    path = f"friend-requests/{ask(amy, bob)['id']}"
    calls: dict[str, Callable[[], httpx.Response]] = {
        "accept": lambda: bob.post(f"{path}/accept"),
        "reject": lambda: bob.post(f"{path}/reject"),
        "cancel": lambda: amy.delete(path),
    }
    ok(calls[answer](), 200, 204)
    with untouched():
        for call in calls.values():
            assert call().status_code == 404


WRONG_REQUESTS: list[Any] = [
    None,
    [],
    "text",
    7,
    {},
    {"user": None},
    {"user": "1"},
    {"user": True},
    {"user": 1.5},
    {"user": 0},
    {"user": -1},
    {"user": 2**63},
    {"user": 10**400},
    {"user": [1]},
    {"user": {"id": 1}},
    {"user": 1, "greeting": None},
    {"user": 1, "greeting": 5},
    {"user": 1, "greeting": "x" * 201},
    {"user": 1, "greeting": "nul\x00"},
    {"user": 1, "greeting": ["a"]},
]


def test_wrong_input_is_a_400_and_nothing_else(amy: ApiClient) -> None:
    for body in WRONG_REQUESTS:
        with untouched():
            answer = amy.request("POST", "friend-requests", json=body)
        assert (answer.status_code, error_code(answer)) == (400, "invalid"), body


def test_a_greeting_may_be_200_characters_of_any_script(amy: ApiClient, bob: ApiClient) -> None:
    greeting = "你好🍣" * 66 + "ab"
    assert len(greeting) == 200
    assert ask(amy, bob, greeting)["greeting"] == greeting
    assert FriendRequest.objects.get().greeting == greeting


def test_the_direction_is_one_of_two(amy: ApiClient) -> None:
    answer = amy.get("friend-requests", direction="sideways")
    assert answer.status_code == 400
    assert "direction" in answer.json()["error"]["details"]


def test_an_id_that_no_column_holds_is_a_404(amy: ApiClient) -> None:
    for number in ("0", "9223372036854775807", "9223372036854775808", "99999999999999999999", "x", "-1"):
        assert amy.post(f"friend-requests/{number}/accept").status_code == 404
