"""What moderators see of friends and blocks, and do about them."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from social.models import Block, FriendRequest, Friendship, Pair
from tests import admin_client
from tests.admin_client import AdminClient
from tests.client import ApiClient, ok
from tests.people import new_user
from tests.social.common import ask, friends, may_send, pending
from tests.witness import frames_to, told, untouched


def staff(*codenames: str, superuser: bool = False) -> Client:
    user = new_user("Staff", is_staff=True, is_superuser=superuser)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="social", codename__in=codenames)
    )
    client = AdminClient()
    client.force_login(user)
    return client


def act(client: Client, model: str, action: str, row: int) -> None:
    admin_client.act(client, f"social/{model}", action, row)


def test_every_list_is_searched_and_every_row_read(amy: ApiClient, bob: ApiClient, eve: ApiClient) -> None:
    admin = staff(superuser=True)
    amy.befriend(bob)
    ok(eve.put(f"blocks/{bob.id}"), 204)
    for model in (FriendRequest, Friendship, Block, Pair):
        name = model._meta.model_name
        assert admin.get(f"/admin/social/{name}/", {"q": "Amy"}).status_code == 200
        row = model._default_manager.all()[0]
        assert admin.get(f"/admin/social/{name}/{str(row.pk).replace(':', '_3A')}/change/").status_code == 200
        assert admin.get(f"/admin/social/{name}/add/").status_code == 403


def test_a_moderator_cancels_a_request(amy: ApiClient, bob: ApiClient) -> None:
    request = ask(amy, bob, "rude words")
    with told() as events:
        act(staff(superuser=True), "friendrequest", "cancel", request["id"])
    assert frames_to(events, bob.id)[0]["request"]["status"] == "cancelled"
    assert pending(bob) == []


def test_a_moderator_ends_a_friendship(amy: ApiClient, bob: ApiClient) -> None:
    amy.befriend(bob)
    act(staff(superuser=True), "friendship", "end", Friendship.objects.all()[0].pk)
    assert friends(amy) == friends(bob) == []
    assert may_send(amy, bob) == (False, False)


@pytest.mark.parametrize("codenames", [(), ("view_friendrequest", "view_friendship")])
def test_who_may_not_changes_nothing(amy: ApiClient, bob: ApiClient, codenames: tuple[str, ...]) -> None:
    amy.befriend(bob)
    client = staff(*codenames)
    row = Friendship.objects.all()[0].pk
    with untouched():
        client.post(
            "/admin/social/friendship/",
            {"action": "end", "_selected_action": [row], "confirmed": "1", "reason": "because"},
        )
