"""What moderators see of groups, and do about them."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import AuditEvent
from groups.models import Group, Invitation, JoinRequest, Membership
from messaging.models import Conversation
from tests import admin_client
from tests.admin_client import AdminClient
from tests.client import ApiClient, ok
from tests.groups.common import invite, participant, role_of
from tests.people import new_user
from tests.witness import frames_to, lines, revoked, told, untouched


@pytest.fixture
def admin(db: None) -> Client:
    client = AdminClient()
    client.force_login(new_user("Boss", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def reader(db: None) -> Client:
    """Staff who may look at groups and change nothing."""
    user = new_user("Reader", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="groups", codename__startswith="view_")
    )
    client = AdminClient()
    client.force_login(user)
    return client


def act(client: Client, model: str, action: str, *ids: int) -> str:
    return admin_client.act(client, f"groups/{model}", action, *ids)


@pytest.mark.parametrize("model", ["group", "membership", "joinrequest", "invitation"])
@pytest.mark.parametrize("term", ["爬山", "Adam", "Olga"])
def test_every_list_can_be_searched(group: int, admin: Client, model: str, term: str) -> None:
    answer = admin.get(f"/admin/groups/{model}/", {"q": term})
    assert answer.status_code == 200


def test_every_row_can_be_read(group: int, admin: Client, olga: ApiClient, eve: ApiClient) -> None:
    token = invite(olga, group)["token"]
    ok(olga.patch(f"groups/{group}", {"join_policy": "approval"}))
    ok(eve.post(f"groups/{group}/join"), 202)
    for model in (Group, Membership, JoinRequest, Invitation):
        row = model._default_manager.all()[0]
        page = admin.get(f"/admin/groups/{model._meta.model_name}/{row.pk}/change/")
        assert page.status_code == 200
        assert token not in page.content.decode()


def test_a_moderator_dissolves_a_group(group: int, admin: Client, mia: ApiClient) -> None:
    with told() as events:
        page = act(admin, "group", "dissolve", group)
    assert "dissolved" in page
    assert lines(events, group) == [{"event": "group.dissolved"}]
    assert (mia.id, "dissolved") in revoked(events)
    assert not Group.objects.exists()
    assert AuditEvent.objects.get(action="group.dissolved").conversation_id == group


def test_a_moderator_removes_a_member_but_not_the_owner(
    group: int, admin: Client, olga: ApiClient, mia: ApiClient
) -> None:
    rows = Membership.objects.filter(user__in=(olga.id, mia.id)).values_list("pk", flat=True)
    with told() as events:
        act(admin, "membership", "remove", *rows)
    assert lines(events, group) == [{"event": "member.removed", "user": mia.id}]
    assert (role_of(group, mia), role_of(group, olga)) == (None, "owner")
    assert participant(group, mia).left_at is not None


def test_a_moderator_renames_a_group(group: int, admin: Client) -> None:
    page = f"/admin/groups/group/{group}/change/"
    with told() as events:
        answer = admin.post(page, {"name": "Nicer", "introduction": "", "reason": "rude"})
    assert answer.status_code == 302
    assert lines(events, group) == [{"event": "group.renamed", "name": "Nicer"}]
    assert Conversation.objects.get(pk=group).title == Group.objects.get().name == "Nicer"
    with untouched():
        for name in ("", "  ", "x" * 65, "a\nb"):
            admin.post(page, {"name": name, "introduction": "", "reason": "rude"})
        admin.post(page, {"name": "Nicest", "introduction": ""})


def test_a_moderator_rejects_requests_and_takes_invitations_back(
    group: int, admin: Client, olga: ApiClient, eve: ApiClient
) -> None:
    ok(olga.patch(f"groups/{group}", {"join_policy": "approval"}))
    waiting = ok(eve.post(f"groups/{group}/join"), 202).json()["id"]
    with told() as events:
        act(admin, "joinrequest", "reject", waiting)
        act(admin, "invitation", "revoke", invite(olga, group)["id"])
    assert frames_to(events, eve.id)[0]["request"]["status"] == "rejected"
    assert not Invitation.objects.exists()


def test_who_may_only_look_changes_nothing(
    group: int, reader: Client, olga: ApiClient, mia: ApiClient
) -> None:
    member = Membership.objects.get(user=mia.id).pk
    invitation = invite(olga, group)["id"]
    with untouched():
        act(reader, "group", "dissolve", group)
        act(reader, "membership", "remove", member)
        act(reader, "invitation", "revoke", invitation)
        reader.post(f"/admin/groups/group/{group}/change/", {"name": "x", "introduction": ""})


def test_nobody_adds_or_deletes_rows_by_hand(group: int, admin: Client) -> None:
    with untouched():
        for model in ("group", "membership", "joinrequest", "invitation"):
            assert admin.get(f"/admin/groups/{model}/add/").status_code == 403
        assert admin.post(f"/admin/groups/group/{group}/delete/", {"post": "yes"}).status_code == 403
