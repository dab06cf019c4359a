"""Coming in: openly, by approval, by invitation."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from groups.models import Group, Invitation, JoinRequest, Membership
from messaging.models import Conversation
from tests.client import ApiClient, error_code, ok
from tests.groups.common import invite, participant, role_of, shown
from tests.witness import frames_to, lines, people_told, revoked, told, untouched

DAY = 24 * 3600


@pytest.fixture
def guarded(group: int, olga: ApiClient) -> int:
    """The group, where joining needs approval."""
    ok(olga.patch(f"groups/{group}", {"join_policy": "approval"}))
    return group


@pytest.fixture
def closed(group: int, olga: ApiClient) -> int:
    """The group, by invitation only."""
    ok(olga.patch(f"groups/{group}", {"join_policy": "invite"}))
    return group


# -------------------------------------------------------------------- open


def test_who_joins_an_open_group_is_in(group: int, eve: ApiClient) -> None:
    with told() as events:
        joined = ok(eve.post(f"groups/{group}/join")).json()
    assert (joined["role"], joined["member_count"], joined["conversation"]) == ("member", 4, group)
    assert lines(events, group) == [{"event": "member.joined", "user": eve.id}]
    assert (eve.id, "joined") in revoked(events)
    assert participant(group, eve).visible_from_seq == 1
    assert participant(group, eve).may_send
    assert not participant(group, eve).may_moderate


def test_a_member_does_not_join_again(group: int, mia: ApiClient) -> None:
    with untouched():
        answer = mia.post(f"groups/{group}/join")
    assert (answer.status_code, error_code(answer)) == (409, "already_member")


def test_newcomers_see_what_the_history_setting_says(group: int, olga: ApiClient, eve: ApiClient) -> None:
    ok(olga.patch(f"groups/{group}", {"history": "since_joined"}))
    last = Conversation.objects.get(pk=group).last_seq
    ok(eve.post(f"groups/{group}/join"))
    assert participant(group, eve).visible_from_seq == last + 1


def test_who_comes_back_sees_what_the_history_setting_says_then(
    group: int, olga: ApiClient, mia: ApiClient
) -> None:
    ok(mia.post(f"groups/{group}/leave"), 204)
    ok(olga.patch(f"groups/{group}", {"history": "since_joined"}))
    last = Conversation.objects.get(pk=group).last_seq
    ok(mia.post(f"groups/{group}/join"))
    back = participant(group, mia)
    assert (back.visible_from_seq, back.read_seq, back.left_at) == (last + 1, last, None)


def test_a_full_group_takes_nobody(
    group: int, olga: ApiClient, mia: ApiClient, eve: ApiClient, settings: Settings
) -> None:
    settings.GROUP_MAX_MEMBERS = 3
    token = invite(olga, group)["token"]
    for body in ({}, {"invitation": token}):
        with untouched():
            answer = eve.post(f"groups/{group}/join", body)
        assert (answer.status_code, error_code(answer)) == (409, "group_full")
    ok(mia.post(f"groups/{group}/leave"), 204)
    ok(eve.post(f"groups/{group}/join"))


WRONG_JOINS: list[Any] = [
    [],
    "x",
    {"invitation": 5},
    {"invitation": ""},
    {"invitation": "x" * 65},
    {"invitation": ["x"]},
    {"message": None},
    {"message": "x" * 201},
    {"message": "\x00"},
]


def test_wrong_input_joins_nobody(group: int, eve: ApiClient) -> None:
    for body in WRONG_JOINS:
        with untouched():
            assert eve.request("POST", f"groups/{group}/join", json=body).status_code == 400, body


# -------------------------------------------------------------------- approval


def test_a_request_waits_and_owner_and_admins_are_told(
    guarded: int, olga: ApiClient, adam: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    with told() as events:
        waiting = ok(eve.post(f"groups/{guarded}/join", {"message": "我会爬山"}), 202).json()
    assert waiting["user"] == shown(eve)
    assert (waiting["group"], waiting["status"], waiting["message"]) == (guarded, "pending", "我会爬山")
    assert people_told(events) == {olga.id, adam.id}
    assert frames_to(events, adam.id) == [{"type": "group.join_request", "request": waiting}]
    assert ok(adam.get(f"groups/{guarded}/join-requests")).json()["results"] == [waiting]
    assert ok(eve.get(f"groups/{guarded}")).json()["requested"] is True
    assert role_of(guarded, eve) is None
    with untouched():
        answer = eve.post(f"groups/{guarded}/join")
    assert (answer.status_code, error_code(answer)) == (409, "already_requested")


def test_an_admin_lets_somebody_in(
    guarded: int, olga: ApiClient, adam: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    waiting = ok(eve.post(f"groups/{guarded}/join"), 202).json()
    with told() as events:
        approved = ok(adam.post(f"groups/{guarded}/join-requests/{waiting['id']}/approve")).json()
    assert approved == waiting | {"status": "approved"}
    assert lines(events, guarded) == [{"event": "member.joined", "user": eve.id, "by": adam.id}]
    assert people_told(events) == {olga.id, adam.id, eve.id}
    assert role_of(guarded, eve) == "member"
    assert ok(adam.get(f"groups/{guarded}/join-requests")).json()["results"] == []
    with untouched():
        assert olga.post(f"groups/{guarded}/join-requests/{waiting['id']}/approve").status_code == 404
        assert olga.post(f"groups/{guarded}/join-requests/{waiting['id']}/reject").status_code == 404


def test_a_rejected_one_is_told_and_may_ask_again(guarded: int, olga: ApiClient, eve: ApiClient) -> None:
    waiting = ok(eve.post(f"groups/{guarded}/join"), 202).json()
    with told() as events:
        ok(olga.post(f"groups/{guarded}/join-requests/{waiting['id']}/reject"), 204)
    assert frames_to(events, eve.id)[0]["request"]["status"] == "rejected"
    assert role_of(guarded, eve) is None
    assert ok(eve.get(f"groups/{guarded}")).json()["requested"] is False
    ok(eve.post(f"groups/{guarded}/join"), 202)


def test_a_full_group_approves_nobody(
    guarded: int, olga: ApiClient, eve: ApiClient, settings: Settings
) -> None:
    waiting = ok(eve.post(f"groups/{guarded}/join"), 202).json()
    settings.GROUP_MAX_MEMBERS = 3
    with untouched():
        answer = olga.post(f"groups/{guarded}/join-requests/{waiting['id']}/approve")
    assert (answer.status_code, error_code(answer)) == (409, "group_full")


def test_a_request_belongs_to_its_group(guarded: int, olga: ApiClient, eve: ApiClient) -> None:
    waiting = ok(eve.post(f"groups/{guarded}/join"), 202).json()
    other = olga.create_group(name="Another")
    with untouched():
        assert olga.post(f"groups/{other}/join-requests/{waiting['id']}/approve").status_code == 404
        assert olga.post(f"groups/{other}/join-requests/{waiting['id']}/reject").status_code == 404


def test_who_comes_in_another_way_waits_no_more(guarded: int, olga: ApiClient, eve: ApiClient) -> None:
    ok(eve.post(f"groups/{guarded}/join"), 202)
    ok(eve.post(f"groups/{guarded}/join", {"invitation": invite(olga, guarded)["token"]}))
    assert JoinRequest.objects.get().status == JoinRequest.Status.APPROVED
    assert ok(olga.get(f"groups/{guarded}/join-requests")).json()["results"] == []


@pytest.mark.parametrize("ended", ["banned_at", "deleted_at"])
def test_who_is_gone_is_neither_listed_nor_let_in(
    guarded: int, olga: ApiClient, eve: ApiClient, ended: str
) -> None:
    waiting = ok(eve.post(f"groups/{guarded}/join"), 202).json()
    User.objects.filter(pk=eve.id).update(**{ended: timezone.now()})
    assert ok(olga.get(f"groups/{guarded}/join-requests")).json()["results"] == []
    with untouched():
        assert olga.post(f"groups/{guarded}/join-requests/{waiting['id']}/approve").status_code == 404


# -------------------------------------------------------------------- invitations


def test_a_group_by_invitation_lets_nobody_in_without_one(closed: int, eve: ApiClient) -> None:
    with untouched():
        answers = [
            eve.post(f"groups/{closed}/join"),
            eve.post(f"groups/{closed}/join", {"invitation": "guessed"}),
            eve.post(f"groups/{2**62}/join"),
        ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert answers[0].json() == answers[1].json() == answers[2].json()


def test_an_invitation_shows_the_group_and_lets_in(closed: int, adam: ApiClient, eve: ApiClient) -> None:
    made = invite(adam, closed, expires_in=DAY, max_uses=2)
    assert (made["max_uses"], made["uses"], made["created_by"]) == (2, 0, shown(adam))
    shape = ok(eve.get(f"invitations/{made['token']}")).json()
    assert shape["group"]["id"] == closed
    assert (shape["group"]["role"], shape["group"]["owner"]) == (None, None)
    assert shape["expires_at"] == made["expires_at"]
    with told() as events:
        ok(eve.post(f"groups/{closed}/join", {"invitation": made["token"]}))
    assert lines(events, closed) == [{"event": "member.joined", "user": eve.id}]
    assert role_of(closed, eve) == "member"
    assert ok(adam.get(f"groups/{closed}/invitations")).json()["results"][0]["uses"] == 1


def test_an_invitation_passes_by_approval(guarded: int, olga: ApiClient, eve: ApiClient) -> None:
    ok(eve.post(f"groups/{guarded}/join", {"invitation": invite(olga, guarded)["token"]}))
    assert role_of(guarded, eve) == "member"


@pytest.mark.parametrize("how", ["expired", "used", "taken back", "of another group"])
def test_an_invitation_that_does_not_hold_lets_nobody_in(
    closed: int, olga: ApiClient, eve: ApiClient, how: str
) -> None:
    group = olga.create_group(join_policy="invite") if how == "of another group" else closed
    made = invite(olga, group)
    rows = Invitation.objects.filter(pk=made["id"])
    if how == "expired":
        rows.update(expires_at=timezone.now())
    elif how == "used":
        rows.update(uses=1)
    elif how == "taken back":
        ok(olga.delete(f"groups/{closed}/invitations/{made['id']}"), 204)
    with untouched():
        assert eve.post(f"groups/{closed}/join", {"invitation": made["token"]}).status_code == 404
        if how != "of another group":
            assert eve.get(f"invitations/{made['token']}").status_code == 404


def test_a_member_s_attempt_uses_up_no_invitation(closed: int, olga: ApiClient, mia: ApiClient) -> None:
    made = invite(olga, closed)
    with untouched():
        assert mia.post(f"groups/{closed}/join", {"invitation": made["token"]}).status_code == 409


OUT_OF_BOUNDS: list[Any] = [
    [],
    {"expires_in": 59},
    {"expires_in": 30 * DAY + 1},
    {"expires_in": "60"},
    {"expires_in": None},
    {"expires_in": 1e300},
    {"max_uses": 0},
    {"max_uses": 1001},
    {"max_uses": -1},
    {"max_uses": True},
    {"max_uses": None},
]


def test_invitations_have_bounds(group: int, olga: ApiClient) -> None:
    for body in OUT_OF_BOUNDS:
        with untouched():
            assert olga.request("POST", f"groups/{group}/invitations", json=body).status_code == 400, body


def test_the_bounds_themselves_are_taken(group: int, olga: ApiClient) -> None:
    made = invite(olga, group, expires_in=30 * DAY, max_uses=1000)
    assert made["max_uses"] == 1000
    invite(olga, group, expires_in=60, max_uses=1)
    shown_ = ok(olga.get(f"groups/{group}/invitations")).json()["results"]
    assert [row["max_uses"] for row in shown_] == [1, 1000]


@pytest.mark.parametrize("token", ["x", "x" * 65, "%00", "é", "a%20b"])
def test_a_token_that_never_was_is_a_404(eve: ApiClient, token: str) -> None:
    assert eve.get(f"invitations/{token}").status_code == 404


def test_an_invitation_is_taken_back_in_its_own_group(group: int, olga: ApiClient) -> None:
    made = invite(olga, group)
    other = olga.create_group(name="Another")
    with untouched():
        assert olga.delete(f"groups/{other}/invitations/{made['id']}").status_code == 404
        assert olga.delete(f"groups/{group}/invitations/{2**62}").status_code == 404


def test_the_count_of_members_is_right(group: int, olga: ApiClient, mia: ApiClient, eve: ApiClient) -> None:
    ok(eve.post(f"groups/{group}/join"))
    ok(mia.post(f"groups/{group}/leave"), 204)
    ok(olga.delete(f"groups/{group}/members/{eve.id}"), 204)
    assert Group.objects.get().member_count == Membership.objects.count() == 2
