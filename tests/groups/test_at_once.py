"""Two things in one group at the same moment: one wins, never both, and nothing is a 5xx."""

from collections.abc import Callable

import httpx
import pytest
from pytest_django.fixtures import Settings

from groups.models import Group, Invitation, JoinRequest, Membership, Role
from messaging.models import Message, Participant
from tests.client import ApiClient, ok
from tests.groups.common import invite, role_of
from tests.witness import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 2


def statuses(*calls: Callable[[], httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in at_once(*calls))


def consistent(group: int) -> None:
    """Counts, members, participants and the numbers of messages fit together."""
    row = Group.objects.get(pk=group)
    members = set(Membership.objects.filter(group=group).values_list("user_id", flat=True))
    present = Participant.objects.filter(conversation=group, left_at=None)
    assert row.member_count == len(members)
    assert set(present.values_list("user_id", flat=True)) == members
    assert [row.owner_id] == list(
        Membership.objects.filter(group=group, role=Role.OWNER).values_list("user_id", flat=True)
    )
    moderators = set(present.filter(may_moderate=True).values_list("user_id", flat=True))
    ranked = Membership.objects.filter(group=group, role__lte=Role.ADMIN)
    assert moderators == set(ranked.values_list("user_id", flat=True))
    seqs = list(Message.objects.filter(conversation=group).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_admins_approve_one_request(
    group: int, olga: ApiClient, adam: ApiClient, eve: ApiClient, _round: int
) -> None:
    ok(olga.patch(f"groups/{group}", {"join_policy": "approval"}))
    waiting = ok(eve.post(f"groups/{group}/join"), 202).json()["id"]
    path = f"groups/{group}/join-requests/{waiting}/approve"
    assert statuses(lambda: olga.post(path), lambda: adam.post(path)) == [200, 404]
    assert role_of(group, eve) == "member"
    consistent(group)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_one_approves_and_the_other_rejects(
    group: int, olga: ApiClient, adam: ApiClient, eve: ApiClient, _round: int
) -> None:
    ok(olga.patch(f"groups/{group}", {"join_policy": "approval"}))
    waiting = ok(eve.post(f"groups/{group}/join"), 202).json()["id"]
    path = f"groups/{group}/join-requests/{waiting}"
    approved, rejected = at_once(lambda: olga.post(f"{path}/approve"), lambda: adam.post(f"{path}/reject"))
    assert {approved.status_code, rejected.status_code} in ({200, 404}, {204, 404})
    assert (role_of(group, eve) == "member") == (approved.status_code == 200)
    consistent(group)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_the_last_place_goes_to_one(
    group: int, api: Callable[..., ApiClient], settings: Settings, _round: int
) -> None:
    settings.GROUP_MAX_MEMBERS = 4
    clients = [api(f"Person {number}") for number in range(4)]
    calls = [lambda client=client: client.post(f"groups/{group}/join") for client in clients]
    assert statuses(*calls) == [200, 409, 409, 409]
    assert Group.objects.get(pk=group).member_count == 4
    consistent(group)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_joining_twice_at_once_is_joining_once(group: int, eve: ApiClient, _round: int) -> None:
    assert statuses(*[lambda: eve.post(f"groups/{group}/join")] * 4) == [200, 409, 409, 409]
    consistent(group)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_asking_twice_at_once_is_asking_once(
    group: int, olga: ApiClient, eve: ApiClient, _round: int
) -> None:
    ok(olga.patch(f"groups/{group}", {"join_policy": "approval"}))
    assert statuses(*[lambda: eve.post(f"groups/{group}/join")] * 4) == [202, 409, 409, 409]
    assert JoinRequest.objects.count() == 1


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_an_invitation_is_used_as_often_as_it_says(
    group: int, olga: ApiClient, api: Callable[..., ApiClient], _round: int
) -> None:
    ok(olga.patch(f"groups/{group}", {"join_policy": "invite"}))
    made = invite(olga, group, max_uses=2)
    clients = [api(f"Person {number}") for number in range(5)]
    body = {"invitation": made["token"]}
    calls = [lambda client=client: client.post(f"groups/{group}/join", body) for client in clients]
    assert statuses(*calls) == [200, 200, 404, 404, 404]
    assert Invitation.objects.get().uses == 2
    consistent(group)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_the_heir_leaves_while_the_group_is_passed_on(
    group: int, olga: ApiClient, mia: ApiClient, _round: int
) -> None:
    passed, left = at_once(
        lambda: olga.post(f"groups/{group}/transfer", {"user": mia.id}),
        lambda: mia.post(f"groups/{group}/leave"),
    )
    assert (passed.status_code, left.status_code) in {(200, 409), (404, 204)}
    assert role_of(group, mia) == ("owner" if passed.status_code == 200 else None)
    consistent(group)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_group_is_passed_on_to_two_at_once(
    group: int, olga: ApiClient, adam: ApiClient, mia: ApiClient, _round: int
) -> None:
    found = statuses(
        lambda: olga.post(f"groups/{group}/transfer", {"user": mia.id}),
        lambda: olga.post(f"groups/{group}/transfer", {"user": adam.id}),
    )
    assert found == [200, 403]
    consistent(group)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_everybody_does_something_at_once(
    group: int, olga: ApiClient, adam: ApiClient, mia: ApiClient, eve: ApiClient, _round: int
) -> None:
    found = statuses(
        lambda: olga.patch(f"groups/{group}", {"muted_all": True}),
        lambda: adam.patch(f"groups/{group}", {"name": "New"}),
        lambda: mia.post(f"groups/{group}/leave"),
        lambda: eve.post(f"groups/{group}/join"),
        lambda: olga.delete(f"groups/{group}/members/{mia.id}"),
    )
    assert [status for status in found if status >= 500] == []
    assert found.count(404) == 1
    assert not Participant.objects.get(conversation=group, user=eve.id).may_send
    consistent(group)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_joining_while_the_group_is_dissolved(
    group: int, olga: ApiClient, eve: ApiClient, _round: int
) -> None:
    joined, dissolved = at_once(
        lambda: eve.post(f"groups/{group}/join"), lambda: olga.delete(f"groups/{group}")
    )
    assert dissolved.status_code == 204
    assert joined.status_code in {200, 404}
    assert not Participant.objects.filter(conversation=group, left_at=None).exists()
    assert not Membership.objects.exists()


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_joining_and_owning_while_the_account_is_deleted(
    group: int, olga: ApiClient, adam: ApiClient, mia: ApiClient, _round: int
) -> None:
    passed, deleted = at_once(
        lambda: olga.post(f"groups/{group}/transfer", {"user": mia.id}),
        lambda: mia.delete("users/me", {"current_password": mia.password}),
    )
    assert deleted.status_code == 204
    assert passed.status_code in {200, 404}
    assert role_of(group, mia) is None
    consistent(group)
