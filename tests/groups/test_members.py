"""Members leave, are removed, get roles, are muted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import User
from chatchat.clock import now, rfc3339
from groups.models import Group, Invitation
from tests.client import ApiClient, error_code, ok
from tests.groups.common import invite, members, participant, promote, role_of
from tests.witness import lines, revoked, told, untouched


def later(**delta: float) -> str:
    return rfc3339(now() + timedelta(**delta))


def test_who_leaves_has_no_access_and_the_others_read_of_it(
    group: int, olga: ApiClient, mia: ApiClient
) -> None:
    with told() as events:
        ok(mia.post(f"groups/{group}/leave"), 204)
    assert lines(events, group) == [{"event": "member.left", "user": mia.id}]
    assert (mia.id, "left") in revoked(events)
    gone = participant(group, mia)
    assert gone.left_at is not None
    assert not gone.may_send
    assert mia.get(f"groups/{group}/members").status_code == 404
    assert ok(mia.get("groups")).json()["results"] == []
    assert mia.id not in dict(members(olga, group))
    with untouched():
        assert mia.post(f"groups/{group}/leave").status_code == 404


def test_the_owner_cannot_just_leave(group: int, olga: ApiClient) -> None:
    with untouched():
        answer = olga.post(f"groups/{group}/leave")
    assert (answer.status_code, error_code(answer)) == (409, "owner_must_transfer")


def test_who_is_removed_has_no_access_and_may_come_back_openly(
    group: int, adam: ApiClient, mia: ApiClient
) -> None:
    with told() as events:
        ok(adam.delete(f"groups/{group}/members/{mia.id}"), 204)
    assert lines(events, group) == [{"event": "member.removed", "user": mia.id, "by": adam.id}]
    assert (mia.id, "kicked") in revoked(events)
    assert participant(group, mia).left_at is not None
    assert mia.get(f"groups/{group}/members").status_code == 404
    ok(mia.post(f"groups/{group}/join"))
    assert role_of(group, mia) == "member"


def test_the_invitations_of_a_removed_admin_end(group: int, olga: ApiClient, adam: ApiClient) -> None:
    invite(adam, group)
    kept = invite(olga, group)
    ok(olga.delete(f"groups/{group}/members/{adam.id}"), 204)
    assert Invitation.objects.get().pk == kept["id"]


def test_who_comes_back_is_a_plain_member(group: int, olga: ApiClient, adam: ApiClient) -> None:
    ok(adam.post(f"groups/{group}/leave"), 204)
    ok(adam.post(f"groups/{group}/join"))
    assert role_of(group, adam) == "member"
    assert not participant(group, adam).may_moderate


def test_the_owner_makes_and_unmakes_admins(group: int, olga: ApiClient, mia: ApiClient) -> None:
    with told() as events:
        changed = ok(olga.patch(f"groups/{group}/members/{mia.id}", {"role": "admin"})).json()
    assert (changed["role"], changed["user"]["id"]) == ("admin", mia.id)
    assert lines(events, group) == [{"event": "role.changed", "user": mia.id, "role": "admin", "by": olga.id}]
    assert revoked(events) == [(mia.id, "rights")]
    assert participant(group, mia).may_moderate
    ok(olga.patch(f"groups/{group}/members/{mia.id}", {"role": "member"}))
    assert not participant(group, mia).may_moderate
    assert role_of(group, mia) == "member"


def test_an_admin_mutes_and_unmutes_a_member(group: int, adam: ApiClient, mia: ApiClient) -> None:
    until = later(hours=1)
    with told() as events:
        changed = ok(adam.patch(f"groups/{group}/members/{mia.id}", {"muted_until": until})).json()
    assert changed["muted_until"] == until
    assert lines(events, group) == [{"event": "member.muted", "user": mia.id, "until": until, "by": adam.id}]
    assert participant(group, mia).muted_until == datetime.fromisoformat(until)
    with told() as events:
        ok(adam.patch(f"groups/{group}/members/{mia.id}", {"muted_until": None}))
    assert lines(events, group) == [{"event": "member.unmuted", "user": mia.id, "by": adam.id}]
    assert participant(group, mia).muted_until is None


def test_a_new_admin_is_muted_no_more(group: int, olga: ApiClient, mia: ApiClient) -> None:
    ok(olga.patch(f"groups/{group}/members/{mia.id}", {"muted_until": later(hours=1)}))
    promote(olga, group, mia)
    assert participant(group, mia).muted_until is None


def test_a_change_that_changes_nothing_tells_nobody(group: int, olga: ApiClient, adam: ApiClient) -> None:
    with untouched():
        ok(olga.patch(f"groups/{group}/members/{adam.id}", {"role": "admin"}))
        ok(olga.patch(f"groups/{group}/members/{adam.id}", {"muted_until": None}))
        ok(olga.patch(f"groups/{group}/members/{adam.id}", {}))


WRONG_CHANGES: list[Any] = [
    [],
    {"role": "owner"},
    {"role": "king"},
    {"role": 1},
    {"role": None},
    {"role": {}},
    {"muted_until": "yesterday"},
    {"muted_until": "2020-01-01T00:00:00Z"},
    {"muted_until": 5},
    {"muted_until": True},
    {"muted_until": "0001-01-01T00:00:00+14:00"},
    {"muted_until": "9999-12-31T23:59:59-14:00"},
]


def test_wrong_changes_are_refused(group: int, olga: ApiClient, mia: ApiClient) -> None:
    for body in WRONG_CHANGES:
        with untouched():
            answer = olga.request("PATCH", f"groups/{group}/members/{mia.id}", json=body)
        assert (answer.status_code, error_code(answer)) == (400, "invalid"), body


def test_a_mute_may_last_to_the_end_of_time(group: int, olga: ApiClient, mia: ApiClient) -> None:
    ok(olga.patch(f"groups/{group}/members/{mia.id}", {"muted_until": "9999-12-31T23:59:59Z"}))
    assert participant(group, mia).muted_until == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


# -------------------------------------------------------------------- accounts that end


def test_a_deleted_owner_s_group_passes_to_the_first_admin(
    group: int, olga: ApiClient, adam: ApiClient, mia: ApiClient
) -> None:
    with told() as events:
        ok(olga.delete("users/me", {"current_password": olga.password}), 204)
    assert members(mia, group) == [(adam.id, "owner"), (mia.id, "member")]
    assert Group.objects.get().owner_id == adam.id
    assert lines(events, group) == [
        {"event": "group.transferred", "user": adam.id},
        {"event": "member.left", "user": olga.id},
    ]
    assert Group.objects.get().member_count == 2


def test_or_to_the_first_member_who_is_still_there(olga: ApiClient, adam: ApiClient, mia: ApiClient) -> None:
    group = olga.create_group(adam, mia)
    User.objects.filter(pk=adam.id).update(banned_at=now())
    ok(olga.delete("users/me", {"current_password": olga.password}), 204)
    assert role_of(group, mia) == "owner"
    assert participant(group, mia).may_moderate


def test_or_the_group_ends(olga: ApiClient, eve: ApiClient) -> None:
    group = olga.create_group()
    waiting = ok(eve.post("groups", {"name": "Eve's", "join_policy": "approval"}), 201).json()["id"]
    ok(olga.post(f"groups/{waiting}/join"), 202)
    ok(olga.delete("users/me", {"current_password": olga.password}), 204)
    assert eve.get(f"groups/{group}").status_code == 404
    assert ok(eve.get(f"groups/{waiting}/join-requests")).json()["results"] == []


def test_a_deleted_member_leaves_their_groups(group: int, olga: ApiClient, mia: ApiClient) -> None:
    with told() as events:
        ok(mia.delete("users/me", {"current_password": mia.password}), 204)
    assert lines(events, group) == [{"event": "member.left", "user": mia.id}]
    assert mia.id not in dict(members(olga, group))
