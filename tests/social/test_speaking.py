"""Who may write to whom, seen at messaging's door."""

import uuid

import httpx

from tests.client import ApiClient, ok
from tests.witness import untouched


def say(client: ApiClient, conversation: int) -> httpx.Response:
    body = {"client_id": str(uuid.uuid4()), "kind": "text", "body": "hello"}
    return client.post(f"conversations/{conversation}/messages", body)


def test_friends_write_to_each_other_and_nobody_else_does(
    amy: ApiClient, bob: ApiClient, eve: ApiClient
) -> None:
    conversation = amy.befriend(bob)
    ok(say(amy, conversation), 201)
    ok(say(bob, conversation), 201)
    with untouched():
        assert say(eve, conversation).status_code == 404


def test_after_parting_both_read_and_neither_writes(amy: ApiClient, bob: ApiClient) -> None:
    conversation = amy.befriend(bob)
    ok(say(amy, conversation), 201)
    ok(amy.delete(f"friends/{bob.id}"), 204)
    for client in (amy, bob):
        assert [message["body"] for message in client.history(conversation)] == ["hello"]
        with untouched():
            assert say(client, conversation).status_code == 403
    assert bob.befriend(amy) == conversation
    ok(say(bob, conversation), 201)


def test_a_block_is_to_the_blocked_what_parting_is(amy: ApiClient, bob: ApiClient, eve: ApiClient) -> None:
    blocked_here, parted_here = amy.befriend(bob), eve.befriend(bob)
    ok(amy.put(f"blocks/{bob.id}"), 204)
    ok(eve.delete(f"friends/{bob.id}"), 204)
    with untouched():
        blocked, parted = say(bob, blocked_here), say(bob, parted_here)
        assert say(amy, blocked_here).status_code == 403
    assert blocked.status_code == parted.status_code == 403
    assert blocked.json() == parted.json()
    ok(amy.delete(f"blocks/{bob.id}"), 204)
    ok(say(bob, blocked_here), 201)


def test_a_block_changes_nothing_in_groups(amy: ApiClient, bob: ApiClient) -> None:
    group = amy.create_group(bob)
    ok(amy.put(f"blocks/{bob.id}"), 204)
    ok(say(bob, group), 201)
    assert "hello" in [message["body"] for message in amy.history(group)]
    people = ok(bob.get(f"groups/{group}/members")).json()["results"]
    assert [row["user"]["id"] for row in people] == [amy.id, bob.id]
