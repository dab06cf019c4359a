"""Friends: remarks, parting, meeting again."""

import pytest

from messaging.models import Conversation, Participant
from social.models import Friendship
from tests.client import ApiClient, ok
from tests.social.common import friends, may_send, shown
from tests.witness import frames_to, people_told, told, untouched


def test_the_list_shows_friend_remark_and_conversation(amy: ApiClient, bob: ApiClient) -> None:
    conversation = amy.befriend(bob)
    row = ok(amy.get("friends")).json()["results"][0]
    assert row.pop("created_at").endswith("Z")
    assert row == {"friend": shown(bob), "remark": "", "conversation": conversation}


def test_a_remark_is_one_s_own(amy: ApiClient, bob: ApiClient) -> None:
    amy.befriend(bob)
    with told() as events:
        changed = ok(amy.patch(f"friends/{bob.id}", {"remark": " 鲍勃 "})).json()
    assert changed["remark"] == "鲍勃"
    assert events == []
    assert ok(amy.get("friends")).json()["results"][0]["remark"] == "鲍勃"
    assert ok(bob.get("friends")).json()["results"][0]["remark"] == ""
    ok(amy.patch(f"friends/{bob.id}", {"remark": ""}))
    assert ok(amy.get("friends")).json()["results"][0]["remark"] == ""


@pytest.mark.parametrize(
    "body",
    [{}, [], {"remark": None}, {"remark": "x" * 33}, {"remark": 3}, {"remark": "a\nb"}, {"remark": "\x00"}],
)
def test_a_wrong_remark_is_a_400(amy: ApiClient, bob: ApiClient, body: object) -> None:
    amy.befriend(bob)
    with untouched():
        assert amy.request("PATCH", f"friends/{bob.id}", json=body).status_code == 400


def test_unfriending_closes_the_conversation_for_both_and_tells_both(amy: ApiClient, bob: ApiClient) -> None:
    conversation = amy.befriend(bob)
    with told() as events:
        ok(amy.delete(f"friends/{bob.id}"), 204)
    assert may_send(amy, bob) == (False, False)
    assert friends(amy) == friends(bob) == []
    assert frames_to(events, bob.id) == [{"type": "friend.removed", "user": amy.id}]
    assert frames_to(events, amy.id) == [{"type": "friend.removed", "user": bob.id}]
    assert people_told(events) == {amy.id, bob.id}
    still = Participant.objects.filter(conversation=conversation, left_at=None)
    assert set(still.values_list("user_id", flat=True)) == {amy.id, bob.id}


def test_befriending_again_reopens_the_same_conversation(amy: ApiClient, bob: ApiClient) -> None:
    conversation = amy.befriend(bob)
    ok(amy.patch(f"friends/{bob.id}", {"remark": "old"}))
    ok(bob.delete(f"friends/{amy.id}"), 204)
    assert bob.befriend(amy) == conversation
    assert may_send(amy, bob) == (True, True)
    assert Conversation.objects.count() == 1
    assert ok(amy.get("friends")).json()["results"][0]["remark"] == ""


def test_who_is_no_friend_can_be_neither_named_nor_removed(
    amy: ApiClient, bob: ApiClient, eve: ApiClient
) -> None:
    amy.befriend(bob)
    with untouched():
        for client, other in ((eve, amy), (amy, eve), (amy, amy)):
            assert client.patch(f"friends/{other.id}", {"remark": "x"}).status_code == 404
            assert client.delete(f"friends/{other.id}").status_code == 404
    ok(amy.delete(f"friends/{bob.id}"), 204)
    with untouched():
        assert amy.delete(f"friends/{bob.id}").status_code == 404
    assert not Friendship.objects.exists()
