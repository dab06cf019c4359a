"""Who may do what: every route of groups for the stranger, the former member, the one who was removed,
the member, the muted one, the admin, the owner, the banned one and who is not signed in.

A refused call changes nothing and tells nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chatchat.clock import now, rfc3339
from tests.client import ApiClient, ok
from tests.groups.common import invite, promote
from tests.witness import untouched


@dataclass
class Scene:
    """A group by approval with everybody who can stand in a relation to it."""

    group: int
    people: dict[str, ApiClient]
    waiting: int
    invitation: int


@pytest.fixture
def scene(api: Callable[..., ApiClient]) -> Scene:
    names = ("owner", "admin", "member", "muted", "former", "removed", "stranger", "banned", "other", "asker")
    people = {name: api(name) for name in names}
    owner = people["owner"]
    inside = [people[name] for name in names if name not in {"owner", "stranger", "asker"}]
    group = owner.create_group(*inside)
    promote(owner, group, people["admin"])
    until = rfc3339(now() + timedelta(hours=1))
    ok(owner.patch(f"groups/{group}/members/{people['muted'].id}", {"muted_until": until}))
    ok(owner.patch(f"groups/{group}", {"join_policy": "approval"}))
    ok(people["former"].post(f"groups/{group}/leave"), 204)
    ok(owner.delete(f"groups/{group}/members/{people['removed'].id}"), 204)
    waiting = ok(people["asker"].post(f"groups/{group}/join"), 202).json()["id"]
    invitation = invite(owner, group)["id"]
    User.objects.filter(pk=people["banned"].id).update(banned_at=timezone.now())
    people["anonymous"] = api()
    return Scene(group, people, waiting, invitation)


OUTSIDE = {"stranger": 404, "former": 404, "removed": 404, "anonymous": 401, "banned": 401}
NOBODY_BELOW_ADMIN = OUTSIDE | {"member": 403, "muted": 403}
NOBODY_BELOW_OWNER = NOBODY_BELOW_ADMIN | {"admin": 403}

#: (method, path, body, {who: the refusal}); everybody else among the actors gets the success.
ROUTES: list[tuple[str, str, Any, int, dict[str, int]]] = [
    ("GET", "groups/{group}", None, 200, {"anonymous": 401, "banned": 401}),
    ("PATCH", "groups/{group}", {"name": "New"}, 200, NOBODY_BELOW_ADMIN),
    ("PATCH", "groups/{group}", {"muted_all": True}, 200, NOBODY_BELOW_ADMIN),
    ("DELETE", "groups/{group}", None, 204, NOBODY_BELOW_OWNER),
    ("POST", "groups/{group}/leave", None, 204, OUTSIDE | {"owner": 409}),
    ("POST", "groups/{group}/transfer", {"user": "other"}, 200, NOBODY_BELOW_OWNER),
    (
        "POST",
        "groups/{group}/join",
        None,
        202,
        {"anonymous": 401, "banned": 401} | dict.fromkeys(("owner", "admin", "member", "muted"), 409),
    ),
    ("GET", "groups/{group}/members", None, 200, OUTSIDE),
    ("PATCH", "groups/{group}/members/{other}", {"role": "admin"}, 200, NOBODY_BELOW_OWNER),
    (
        "PATCH",
        "groups/{group}/members/{other}",
        {"muted_until": "2100-01-01T00:00:00Z"},
        200,
        NOBODY_BELOW_ADMIN,
    ),
    (
        "PATCH",
        "groups/{group}/members/{admin}",
        {"muted_until": "2100-01-01T00:00:00Z"},
        200,
        NOBODY_BELOW_OWNER,
    ),
    ("PATCH", "groups/{group}/members/{owner}", {"role": "member"}, 200, NOBODY_BELOW_OWNER | {"owner": 403}),
    (
        "PATCH",
        "groups/{group}/members/{stranger}",
        {"role": "admin"},
        200,
        NOBODY_BELOW_ADMIN | {"admin": 404, "owner": 404},
    ),
    ("DELETE", "groups/{group}/members/{other}", None, 204, NOBODY_BELOW_ADMIN),
    ("DELETE", "groups/{group}/members/{admin}", None, 204, NOBODY_BELOW_OWNER),
    ("DELETE", "groups/{group}/members/{owner}", None, 204, NOBODY_BELOW_OWNER | {"owner": 403}),
    (
        "DELETE",
        "groups/{group}/members/{stranger}",
        None,
        204,
        NOBODY_BELOW_ADMIN | {"admin": 404, "owner": 404},
    ),
    ("GET", "groups/{group}/join-requests", None, 200, NOBODY_BELOW_ADMIN),
    ("POST", "groups/{group}/join-requests/{waiting}/approve", None, 200, NOBODY_BELOW_ADMIN),
    ("POST", "groups/{group}/join-requests/{waiting}/reject", None, 204, NOBODY_BELOW_ADMIN),
    ("GET", "groups/{group}/invitations", None, 200, NOBODY_BELOW_ADMIN),
    ("POST", "groups/{group}/invitations", {}, 201, NOBODY_BELOW_ADMIN),
    ("DELETE", "groups/{group}/invitations/{invitation}", None, 204, NOBODY_BELOW_ADMIN),
]
ACTORS = ("anonymous", "banned", "stranger", "former", "removed", "muted", "member", "admin", "owner")


def test_the_matrix(scene: Scene) -> None:
    """What changes something is tried here by those who may not; by those who may, in the other files."""
    ids = {name: client.id for name, client in scene.people.items() if client.user}
    for method, path, body, success, refusals in ROUTES:
        where = path.format(group=scene.group, waiting=scene.waiting, invitation=scene.invitation, **ids)
        sent = {} if body is None else {"json": {"user": ids["other"]} if "user" in body else body}
        for name in refusals:
            with untouched():
                answer = scene.people[name].request(method, where, **sent)
            allowed = {401, 403} if name == "banned" else {refusals[name]}
            assert answer.status_code in allowed, f"{name}: {method} {where}: {answer.text}"
        for name in set(ACTORS) - refusals.keys() if method == "GET" else ():
            answer = scene.people[name].request(method, where)
            assert answer.status_code == success, f"{name}: {method} {where}: {answer.text}"


def test_a_removed_member_knows_no_more_of_a_group_by_invitation_than_a_stranger(scene: Scene) -> None:
    ok(scene.people["owner"].patch(f"groups/{scene.group}", {"join_policy": "invite"}))
    for name in ("stranger", "former", "removed", "asker"):
        with untouched():
            assert scene.people[name].get(f"groups/{scene.group}").status_code == 404
            assert scene.people[name].post(f"groups/{scene.group}/join").status_code == 404
