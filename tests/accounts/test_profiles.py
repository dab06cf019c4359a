"""Profiles: one's own, and others'."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from accounts.services import bans, deletion
from chatchat import policies
from tests.client import ApiClient, error_code, ok
from tests.people import new_user


@pytest.fixture
def told() -> Any:
    """Whose profile change was told."""
    people: list[int] = []
    policies.profile_changed.register(people.append)
    yield people
    policies.profile_changed._functions.remove(people.append)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"nickname": " 李 "}, {"nickname": "李"}),
        ({"introduction": "喜欢爬山"}, {"introduction": "喜欢爬山"}),
        ({"introduction": ""}, {"introduction": ""}),
        ({"language": "zh-hans"}, {"language": "zh-hans"}),
        ({}, {}),
        ({"nickname": "N", "introduction": "x" * 200, "language": "en"}, {"introduction": "x" * 200}),
    ],
)
def test_one_changes_what_one_sends(amy: ApiClient, change: dict[str, Any], kept: dict[str, Any]) -> None:
    answer = ok(amy.patch("users/me", change)).json()
    assert answer == amy.user | ({"nickname": "N"} if change.get("nickname") == "N" else {}) | kept
    user = User.objects.get(pk=amy.id)
    assert (user.nickname, user.introduction, user.language) == (
        answer["nickname"],
        answer["introduction"],
        answer["language"],
    )
    assert ok(amy.get("users/me")).json() == answer


@pytest.mark.parametrize(
    "change",
    [
        {"nickname": ""},
        {"nickname": "x" * 33},
        {"nickname": "a\x00b"},
        {"nickname": None},
        {"nickname": 5},
        {"introduction": "x" * 201},
        {"introduction": {"a": 1}},
        {"language": "fr"},
        {"language": None},
        {"language": ["en"]},
        [],
        "text",
        7,
    ],
)
def test_what_is_wrong_changes_nothing(amy: ApiClient, change: Any) -> None:
    assert error_code(ok(amy.patch("users/me", change), 400)) == "invalid"
    assert ok(amy.get("users/me")).json() == amy.user


def test_what_is_not_ones_to_change_stays(amy: ApiClient) -> None:
    ok(amy.patch("users/me", {"is_staff": True, "email": "x@example.com", "id": 1, "banned_at": None}))
    assert ok(amy.get("users/me")).json() == amy.user
    assert not User.objects.get(pk=amy.id).is_staff


def test_a_new_nickname_is_told_a_new_introduction_is_not(amy: ApiClient, told: list[int]) -> None:
    ok(amy.patch("users/me", {"introduction": "hi", "language": "zh-hans"}))
    ok(amy.patch("users/me", {"nickname": amy.user["nickname"]}))
    assert told == []
    ok(amy.patch("users/me", {"nickname": "Amy B."}))
    assert told == [amy.id]


def test_others_see_the_public_part(amy: ApiClient, bob: ApiClient) -> None:
    expected = {"id": bob.id, "nickname": "Bob", "avatar": None, "introduction": ""}
    assert ok(amy.get(f"users/{bob.id}")).json() == expected
    assert ok(bob.get(f"users/{bob.id}")).json() == expected


@pytest.mark.parametrize("how", ["deleted", "banned", "hidden", "missing"])
def test_who_is_gone_or_hidden_looks_as_if_they_never_were(
    amy: ApiClient, bob: ApiClient, how: str, hide: Callable[[int, int], None]
) -> None:
    wanted = bob.id
    if how == "deleted":
        deletion.erase_person(user_id=bob.id)
    elif how == "banned":
        bans.ban_person(user_id=bob.id)
    elif how == "hidden":
        hide(bob.id, amy.id)
    else:
        wanted = 10**12
    answer = ok(amy.get(f"users/{wanted}"), 404)
    assert answer.json() == ok(amy.get("users/987654321"), 404).json()


@pytest.fixture
def hide() -> Any:
    """``hide(person, viewer)``: a policy hides the person from the viewer."""
    hidden: dict[int, int] = {}

    def policy(viewer: int) -> Any:
        return User.objects.filter(pk__in=[person for person, by in hidden.items() if by == viewer]).values(
            "pk"
        )

    policies.hidden_people.register(policy)
    yield hidden.__setitem__
    policies.hidden_people._functions.remove(policy)


# --- search -----------------------------------------------------------------------------------------


def found(client: ApiClient, term: str) -> list[str]:
    return [person["nickname"] for person in ok(client.get("users", search=term)).json()["results"]]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("小", ["小李", "大小王"]),
        ("李", ["小李"]),
        ("CARL", ["Carlotta"]),
        (" lott ", ["Carlotta"]),
        ("%", ["100%"]),
        ("_", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("🍣", ["🍣"]),
        ("li@example.com", ["小李"]),
        ("LI@Example.COM", ["小李"]),
        ("li@example.co", []),
        ("example", []),
        ("Amy", []),
        ("'; DROP TABLE", []),
    ],
)
def test_people_are_found_by_any_part_of_the_name_or_the_whole_address(
    amy: ApiClient, term: str, expected: list[str]
) -> None:
    new_user("小李", email="li@example.com")
    for nickname in ("大小王", "Carlotta", "100%", "a_b", "back\\slash", "🍣"):
        new_user(nickname)
    assert sorted(found(amy, term)) == sorted(expected)


def test_addresses_are_never_shown(amy: ApiClient, bob: ApiClient) -> None:
    answer = ok(amy.get("users", search=bob.email))
    assert answer.json()["results"] == [{"id": bob.id, "nickname": "Bob", "avatar": None, "introduction": ""}]


@pytest.mark.parametrize("how", ["deleted", "banned", "hidden"])
def test_who_is_gone_or_hidden_is_not_found(
    amy: ApiClient, bob: ApiClient, how: str, hide: Callable[[int, int], None]
) -> None:
    if how == "deleted":
        deletion.erase_person(user_id=bob.id)
    elif how == "banned":
        bans.ban_person(user_id=bob.id)
    else:
        hide(bob.id, amy.id)
    for term in ("Bob", "bob@example.com"):
        assert found(amy, term) == []


def test_many_are_found_by_pages(amy: ApiClient, django_assert_num_queries: Callable[..., Any]) -> None:
    for number in range(5):
        new_user(f"Twin {number}")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        with django_assert_num_queries(2):
            page = ok(amy.get("users", search="twin", limit=2, **cursor)).json()
        seen += [person["nickname"] for person in page["results"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(seen) == [f"Twin {number}" for number in range(5)]


@pytest.mark.parametrize("term", ["", "  ", "x" * 255, "a\x00b"])
def test_a_search_without_sense_is_refused(amy: ApiClient, term: str) -> None:
    assert "search" in ok(amy.get("users", search=term), 400).json()["error"]["details"]
    ok(amy.get("users"), 400)


def test_odd_cursors_are_refused_politely(amy: ApiClient) -> None:
    import base64

    for raw in (
        b"p=abc",
        b"p=\x00",
        b"p=1e400",
        b"p=" + b"9" * 400,
        b"r=1&p=x",
        b"o=-1&p=1",
        b"o=x",
        b"\xff",
    ):
        cursor = base64.b64encode(raw).decode()
        assert amy.get("users", search="a", cursor=cursor).status_code in (200, 400)
