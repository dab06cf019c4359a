"""Lists and search: complete, in order, by a number of queries that does not grow."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from groups.models import Invitation, JoinRequest, Membership, Role
from groups.services import lifecycle
from tests.client import ApiClient, ok
from tests.groups.common import members
from tests.people import new_user


def pages(client: ApiClient, path: str, **params: Any) -> list[Any]:
    """Everything in the list, by pages of three."""
    seen: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = ok(client.get(path, limit=3, **params, **cursor)).json()
        assert len(page["results"]) <= 3
        seen += page["results"]
        if page["next"] is None:
            return seen
        cursor = {"cursor": page["next"]}


def fill_members(olga: ApiClient, group: int, count: int) -> None:
    for _ in range(count):
        Membership.objects.create(group_id=group, user=new_user())


def fill_requests(olga: ApiClient, group: int, count: int) -> None:
    for _ in range(count):
        JoinRequest.objects.create(group_id=group, user=new_user(), pending_key=new_user().email)


def fill_invitations(olga: ApiClient, group: int, count: int) -> None:
    for _ in range(count):
        ok(olga.post(f"groups/{group}/invitations", {}), 201)
    Invitation.objects.filter(created_by=olga.id).exclude(created_by__nickname="Olga").delete()


def fill_groups(olga: ApiClient, group: int, count: int) -> None:
    for number in range(count):
        owner = new_user()
        made = lifecycle.create(owner_id=owner.pk, name=f"周末 {number}")
        Membership.objects.create(group=made, user_id=olga.id)


LISTS: list[tuple[str, Callable[[ApiClient, int, int], None]]] = [
    ("groups/{group}/members", fill_members),
    ("groups/{group}/join-requests", fill_requests),
    ("groups/{group}/invitations", fill_invitations),
    ("groups", fill_groups),
    ("groups?search=周", fill_groups),
]


@pytest.mark.parametrize(("path", "fill"), LISTS)
def test_pages_hold_everything_once_and_longer_lists_take_no_more_queries(
    group: int, olga: ApiClient, path: str, fill: Callable[[ApiClient, int, int], None]
) -> None:
    path, _, search = path.format(group=group).partition("?search=")
    params = {"search": search} if search else {}
    fill(olga, group, 2)
    ok(olga.get(path, **params))
    with CaptureQueriesContext(connection) as few:
        ok(olga.get(path, **params))
    fill(olga, group, 8)
    with CaptureQueriesContext(connection) as many:
        whole = ok(olga.get(path, **params)).json()["results"]
    assert len(whole) >= 10
    assert len(many) == len(few)
    assert pages(olga, path, **params) == whole


def test_members_come_by_rank_and_then_as_they_joined(
    group: int, olga: ApiClient, adam: ApiClient, mia: ApiClient
) -> None:
    fill_members(olga, group, 4)
    late = new_user()
    Membership.objects.create(group_id=group, user=late, role=Role.ADMIN)
    found = [row["user"]["id"] for row in pages(mia, f"groups/{group}/members")]
    assert found[:4] == [olga.id, adam.id, late.pk, mia.id]
    assert found[4:] == sorted(found[4:])
    assert len(found) == 8


def test_a_page_of_members_goes_on_where_it_ended_whoever_left(group: int, olga: ApiClient) -> None:
    fill_members(olga, group, 6)
    first = ok(olga.get(f"groups/{group}/members", limit=5)).json()
    Membership.objects.filter(user=first["results"][4]["user"]["id"]).delete()
    second = ok(olga.get(f"groups/{group}/members", limit=5, cursor=first["next"])).json()
    assert len(second["results"]) == 4
    assert second["next"] is None


@pytest.mark.parametrize(
    "cursor", ["x", "é", "MTox", "Mg==", "MjotMQ==", "OTk6MQ==", "Mjo5OTk5OTk5OTk5OTk5OTk5OTk5"]
)
def test_a_foreign_cursor_is_a_400_or_a_place(group: int, olga: ApiClient, cursor: str) -> None:
    assert olga.get(f"groups/{group}/members", cursor=cursor).status_code in {200, 400}


@pytest.mark.parametrize(
    ("name", "search"),
    [
        ("周末爬山", "爬"),
        ("周末爬山", "末爬"),
        ("Hikers United", "kers un"),
        ("Hikers United", "HIKERS"),
        ("ＡＢＣ group", "abc"),
        ("STRASSE", "straße"),
        ("100% sure", "0%"),
        ("a_b", "a_b"),
        ("back\\slash", "k\\s"),
        ("𠮷野家", "𠮷"),
        ("sushi 🍣", "🍣"),
    ],
)
def test_a_group_is_found_by_any_part_of_its_name(
    olga: ApiClient, eve: ApiClient, name: str, search: str
) -> None:
    group = olga.create_group(name=name)
    assert [row["id"] for row in ok(eve.get("groups", search=search)).json()["results"]] == [group]


@pytest.mark.parametrize(
    ("name", "search"),
    [
        ("100 sure", "0%"),
        ("axb", "a_b"),
        ("xyz", "%"),
        ("xyz", "_"),
        ("xyz", "\\"),
        ("sushi 🍣", "🍺"),
        ("吉野家", "𠮷"),
        ("xyz", "' OR 1=1 --"),
    ],
)
def test_a_search_takes_every_character_for_itself(
    olga: ApiClient, eve: ApiClient, name: str, search: str
) -> None:
    olga.create_group(name=name)
    assert ok(eve.get("groups", search=search)).json()["results"] == []


def test_groups_by_invitation_are_found_by_their_members_alone(
    group: int, olga: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    ok(olga.patch(f"groups/{group}", {"join_policy": "invite"}))
    assert ok(eve.get("groups", search="周末")).json()["results"] == []
    assert [row["id"] for row in ok(mia.get("groups", search="周末")).json()["results"]] == [group]


@pytest.mark.parametrize("search", ["", "   ", "x" * 65, "a\x00b"])
def test_a_wrong_search_is_a_400(eve: ApiClient, search: str) -> None:
    answer = eve.get("groups", search=search)
    assert answer.status_code == 400
    assert "search" in answer.json()["error"]["details"]


def test_one_s_own_groups_are_one_s_own(group: int, mia: ApiClient, eve: ApiClient) -> None:
    assert [(row["id"], row["role"]) for row in ok(mia.get("groups")).json()["results"]] == [
        (group, "member")
    ]
    assert ok(eve.get("groups")).json()["results"] == []
    assert len(members(mia, group)) == 3


def test_searches_and_joins_are_limited(eve: ApiClient, settings: Settings) -> None:
    settings.COST_RATE = "5/d"
    for _ in range(5):
        ok(eve.get("groups", search="x"))
    assert eve.get("groups", search="x").status_code == 429
    for _ in range(5):
        ok(eve.post(f"groups/{2**62}/join"), 404)
    answer = eve.post(f"groups/{2**62}/join")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
