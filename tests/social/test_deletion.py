"""What is left between people when one of them deletes the account."""

from accounts.models import User
from messaging.models import Participant
from social.models import Block, FriendRequest, Friendship
from tests.client import ApiClient, ok
from tests.social.common import ask, friends, pending
from tests.witness import frames_to, told


def test_a_deleted_person_leaves_no_friends_requests_or_blocks(
    amy: ApiClient, bob: ApiClient, eve: ApiClient
) -> None:
    conversation = amy.befriend(bob)
    ask(amy, eve)
    ok(eve.put(f"blocks/{bob.id}"), 204)
    with told() as events:
        ok(amy.delete("users/me", {"current_password": amy.password}), 204)
    assert frames_to(events, bob.id) == [{"type": "friend.removed", "user": amy.id}]
    assert frames_to(events, eve.id)[0]["request"]["status"] == "cancelled"
    assert friends(bob) == pending(eve) == []
    assert not Friendship.objects.exists()
    assert not FriendRequest.objects.exists()
    assert Block.objects.get().blocked_id == bob.id
    bobs = Participant.objects.get(conversation=conversation, user=bob.id)
    assert (bobs.may_send, bobs.left_at) == (False, None)
    assert User.objects.get(pk=amy.id).deleted_at is not None


def test_a_deleted_person_s_blocks_end_with_them(amy: ApiClient, bob: ApiClient) -> None:
    ok(amy.put(f"blocks/{bob.id}"), 204)
    ok(bob.put(f"blocks/{amy.id}"), 204)
    ok(amy.delete("users/me", {"current_password": amy.password}), 204)
    assert not Block.objects.exists()
    assert ok(bob.get("blocks")).json()["results"] == []
