"""Blocks: what ends both ways, and that the blocked one is not told so."""

from accounts.models import User
from social.models import Block, FriendRequest
from tests.client import ApiClient, error_code, ok
from tests.social.common import ask, friends, may_send, pending, shown
from tests.witness import frames_to, people_told, reviews, revoked, told, untouched


def found(client: ApiClient, nickname: str) -> list[int]:
    return [person["id"] for person in ok(client.get("users", search=nickname)).json()["results"]]


def test_a_block_is_listed_for_the_blocker_alone(amy: ApiClient, bob: ApiClient) -> None:
    with told() as events:
        ok(amy.put(f"blocks/{bob.id}"), 204)
    assert reviews(events) == events, "their sockets only look whom they may see"
    row = ok(amy.get("blocks")).json()["results"][0]
    assert row.pop("created_at").endswith("Z")
    assert row == {"user": shown(bob)}
    assert ok(bob.get("blocks")).json()["results"] == []


def test_neither_finds_or_asks_the_other(amy: ApiClient, bob: ApiClient, eve: ApiClient) -> None:
    ok(amy.put(f"blocks/{bob.id}"), 204)
    assert found(bob, "Amy") == found(amy, "Bob") == []
    assert found(eve, "Amy") == [amy.id]
    with untouched():
        for one, other in ((amy, bob), (bob, amy)):
            answer = one.post("friend-requests", {"user": other.id})
            never = one.post("friend-requests", {"user": 2**62})
            assert answer.status_code == 404
            assert answer.json() == never.json()
            assert one.get(f"users/{other.id}").status_code == 404


def test_a_block_closes_a_friends_conversation_and_unblocking_opens_it(
    amy: ApiClient, bob: ApiClient
) -> None:
    conversation = amy.befriend(bob)
    with told() as events:
        ok(amy.put(f"blocks/{bob.id}"), 204)
    assert may_send(amy, bob) == (False, False)
    assert people_told(events) == set()
    assert sorted(revoked(events)) == sorted([(amy.id, "rights"), (bob.id, "rights")])
    assert friends(amy) == [bob.id]
    assert friends(bob) == [amy.id]
    ok(amy.delete(f"blocks/{bob.id}"), 204)
    assert may_send(amy, bob) == (True, True)
    assert ok(bob.get("friends")).json()["results"][0]["conversation"] == conversation


def test_where_both_block_it_takes_two_to_open_it_again(amy: ApiClient, bob: ApiClient) -> None:
    amy.befriend(bob)
    ok(amy.put(f"blocks/{bob.id}"), 204)
    with told() as events:
        ok(bob.put(f"blocks/{amy.id}"), 204)
        ok(amy.delete(f"blocks/{bob.id}"), 204)
    assert reviews(events) == events
    assert may_send(amy, bob) == (False, False)
    ok(bob.delete(f"blocks/{amy.id}"), 204)
    assert may_send(amy, bob) == (True, True)


def test_unblocking_who_is_no_friend_any_more_opens_nothing(amy: ApiClient, bob: ApiClient) -> None:
    amy.befriend(bob)
    ok(amy.put(f"blocks/{bob.id}"), 204)
    with told() as events:
        ok(bob.delete(f"friends/{amy.id}"), 204)
    assert revoked(events) == []
    with told() as events:
        ok(amy.delete(f"blocks/{bob.id}"), 204)
    assert reviews(events) == events
    assert may_send(amy, bob) == (False, False)


def test_blocking_who_was_never_a_friend_tells_nobody(amy: ApiClient, bob: ApiClient) -> None:
    amy.befriend(bob)
    ok(amy.delete(f"friends/{bob.id}"), 204)
    with told() as events:
        ok(amy.put(f"blocks/{bob.id}"), 204)
        ok(amy.delete(f"blocks/{bob.id}"), 204)
    assert reviews(events) == events


def test_the_request_of_who_is_blocked_vanishes_like_a_rejected_one(amy: ApiClient, bob: ApiClient) -> None:
    request = ask(bob, amy)
    with told() as events:
        ok(amy.put(f"blocks/{bob.id}"), 204)
    assert people_told(events) == {amy.id}
    assert pending(bob, "outgoing") == pending(amy) == []
    assert FriendRequest.objects.get().status == FriendRequest.Status.REJECTED
    ok(amy.delete(f"blocks/{bob.id}"), 204)
    assert amy.post(f"friend-requests/{request['id']}/accept").status_code == 404


def test_one_s_own_request_to_who_one_blocks_is_cancelled(amy: ApiClient, bob: ApiClient) -> None:
    request = ask(amy, bob)
    with told() as events:
        ok(amy.put(f"blocks/{bob.id}"), 204)
    frame = frames_to(events, bob.id)[0]
    assert frame["request"]["status"] == "cancelled"
    assert "block" not in str(frame)
    with untouched():
        assert bob.post(f"friend-requests/{request['id']}/accept").status_code == 404


def test_blocking_again_changes_nothing(amy: ApiClient, bob: ApiClient) -> None:
    amy.befriend(bob)
    ok(amy.put(f"blocks/{bob.id}"), 204)
    with untouched():
        ok(amy.put(f"blocks/{bob.id}"), 204)


def test_who_is_blocked_can_block_too(amy: ApiClient, bob: ApiClient) -> None:
    ok(amy.put(f"blocks/{bob.id}"), 204)
    ok(bob.put(f"blocks/{amy.id}"), 204)
    assert Block.objects.count() == 2


def test_what_cannot_be_blocked(amy: ApiClient, bob: ApiClient) -> None:
    with untouched():
        assert amy.put(f"blocks/{amy.id}").status_code == 400
        assert amy.put(f"blocks/{2**62}").status_code == 404
        assert error_code(amy.delete(f"blocks/{bob.id}")) == "not_found"
    User.objects.filter(pk=bob.id).update(deleted_at="2026-01-01T00:00:00Z")
    with untouched():
        assert amy.put(f"blocks/{bob.id}").status_code == 404


def test_a_block_is_lifted_by_its_owner_alone(amy: ApiClient, bob: ApiClient, eve: ApiClient) -> None:
    ok(amy.put(f"blocks/{bob.id}"), 204)
    with untouched():
        assert bob.delete(f"blocks/{amy.id}").status_code == 404
        assert eve.delete(f"blocks/{bob.id}").status_code == 404


def test_befriending_after_a_block_was_lifted(amy: ApiClient, bob: ApiClient) -> None:
    ok(amy.put(f"blocks/{bob.id}"), 204)
    ok(amy.delete(f"blocks/{bob.id}"), 204)
    amy.befriend(bob)
    assert may_send(amy, bob) == (True, True)
