"""Two things at the same moment: one is first, the end is never in between, and nothing is a 5xx."""

from collections.abc import Callable

import httpx
import pytest

from messaging.models import Conversation
from social.models import FriendRequest, Friendship
from tests.client import ApiClient, ok
from tests.social.common import ask, may_send
from tests.witness import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 2


def statuses(*calls: Callable[[], httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in at_once(*calls))


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_crossing_requests_at_once_make_one_friendship(amy: ApiClient, bob: ApiClient, _round: int) -> None:
    answers = at_once(
        lambda: amy.post("friend-requests", {"user": bob.id}),
        lambda: bob.post("friend-requests", {"user": amy.id}),
    )
    assert [answer.status_code for answer in answers] == [201, 201]
    assert sorted(answer.json()["status"] for answer in answers) == ["accepted", "pending"]
    assert Friendship.objects.count() == 2
    assert Conversation.objects.count() == 1
    assert FriendRequest.objects.get().status == FriendRequest.Status.ACCEPTED
    assert may_send(amy, bob) == (True, True)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_the_same_request_many_times_at_once_is_one(amy: ApiClient, bob: ApiClient, _round: int) -> None:
    calls = [lambda: amy.post("friend-requests", {"user": bob.id})] * 5
    assert statuses(*calls) == [201, 409, 409, 409, 409]
    assert FriendRequest.objects.count() == 1


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_accepting_and_cancelling_at_once(amy: ApiClient, bob: ApiClient, _round: int) -> None:
    request = ask(amy, bob)
    accepted, cancelled = at_once(
        lambda: bob.post(f"friend-requests/{request['id']}/accept"),
        lambda: amy.delete(f"friend-requests/{request['id']}"),
    )
    assert {accepted.status_code, cancelled.status_code} in ({200, 404}, {204, 404})
    assert Friendship.objects.count() == (2 if accepted.status_code == 200 else 0)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_accepting_on_several_devices_at_once(amy: ApiClient, bob: ApiClient, _round: int) -> None:
    request = ask(amy, bob)
    calls = [lambda: bob.post(f"friend-requests/{request['id']}/accept")] * 4
    assert statuses(*calls) == [200, 404, 404, 404]
    assert Friendship.objects.count() == 2


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_no_request_survives_a_block_that_comes_at_the_same_moment(
    amy: ApiClient, bob: ApiClient, _round: int
) -> None:
    asked, blocked = at_once(
        lambda: bob.post("friend-requests", {"user": amy.id}),
        lambda: amy.put(f"blocks/{bob.id}"),
    )
    assert blocked.status_code == 204
    assert asked.status_code in {201, 404}
    assert not FriendRequest.objects.filter(status=FriendRequest.Status.PENDING).exists()


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_accepting_and_blocking_at_once_leaves_nobody_with_the_right_to_write(
    amy: ApiClient, bob: ApiClient, _round: int
) -> None:
    request = ask(amy, bob)
    accepted, blocked = at_once(
        lambda: bob.post(f"friend-requests/{request['id']}/accept"),
        lambda: amy.put(f"blocks/{bob.id}"),
    )
    assert blocked.status_code == 204
    assert accepted.status_code in {200, 404}
    if accepted.status_code == 200:
        assert may_send(amy, bob) == (False, False)
    else:
        assert not Friendship.objects.exists()


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_parting_blocking_and_unblocking_at_once(amy: ApiClient, bob: ApiClient, _round: int) -> None:
    amy.befriend(bob)
    ok(amy.put(f"blocks/{bob.id}"), 204)
    found = statuses(
        lambda: bob.delete(f"friends/{amy.id}"),
        lambda: amy.delete(f"blocks/{bob.id}"),
        lambda: bob.put(f"blocks/{amy.id}"),
    )
    assert found == [204, 204, 204]
    assert may_send(amy, bob) == (False, False)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_being_asked_while_deleting_the_account_leaves_nothing_behind(
    amy: ApiClient, bob: ApiClient, _round: int
) -> None:
    ask(amy, bob)
    accepted, deleted = at_once(
        lambda: bob.post(f"friend-requests/{FriendRequest.objects.get().pk}/accept"),
        lambda: amy.delete("users/me", {"current_password": amy.password}),
    )
    assert deleted.status_code == 204
    assert accepted.status_code in {200, 404}
    assert not Friendship.objects.exists()
    assert not FriendRequest.objects.exists()
