"""``@`` and a nickname: resolved to people of the conversation when the message is written."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import ApiClient, ok

pytestmark = pytest.mark.django_db

People = dict[str, ApiClient]


@pytest.fixture
def crowd(api: Callable[..., ApiClient], amy: ApiClient) -> People:
    """Who is in the group, by nickname."""
    names = ("Bob", "Bob Dylan", "Bobby", "小明", "小明同学", "all-in", "x" * 32)
    return {"Amy": amy} | {name: api(name) for name in names}


@pytest.fixture
def room(crowd: People) -> int:
    amy, *others = crowd.values()
    return amy.create_group(*others)


def mentions(client: ApiClient, room: int, body: str) -> Any:
    return client.send_message(room, body)["data"].get("mentions", [])


MEANT: list[tuple[str, list[str]]] = [
    ("@Bob hello", ["Bob"]),
    ("hello @Bob", ["Bob"]),
    ("@Bob Dylan, hello", ["Bob Dylan"]),
    ("@Bobby!", ["Bobby"]),
    ("@Bobb", ["Bob"]),
    ("@小明同学你好", ["小明同学"]),
    ("@小明你好", ["小明"]),
    ("@小明 @Bob @小明", ["小明", "Bob"]),
    ("@" + "x" * 32 + "xx", ["x" * 32]),
    ("a@Bob.example.com", ["Bob"]),
    ("@Nobody", []),
    ("@bob", []),
    ("@ Bob", []),
    ("Bob", []),
    ("@", []),
    ("@@Bob", ["Bob"]),
]


def test_the_longest_nickname_that_fits_is_meant(crowd: People, room: int) -> None:
    for body, names in MEANT:
        assert mentions(crowd["Amy"], room, body) == [crowd[name].id for name in names], body


def test_everybody_can_be_meant(crowd: People, room: int) -> None:
    for body in ("@all lunch?", "@ALL!", "@everyone", "@所有人 开会", "@全体成员", "@all的"):
        assert mentions(crowd["Amy"], room, body) == "all", body
    for body in ("@alligator", "@everyones", "all"):
        assert mentions(crowd["Amy"], room, body) == [], "a word that begins like it is not everybody"


def test_all_of_one_name_are_meant(api: Callable[..., ApiClient], amy: ApiClient) -> None:
    twins = [api("Twin"), api("Twin")]
    room = amy.create_group(*twins)
    assert sorted(mentions(amy, room, "@Twin")) == [twin.id for twin in twins]


def test_only_who_takes_part_is_meant(crowd: People, room: int, eve: ApiClient) -> None:
    amy = crowd["Amy"]
    assert mentions(amy, room, "@Eve") == []
    ok(crowd["Bobby"].post(f"groups/{room}/leave"), 200, 204)
    assert mentions(amy, room, "@Bobby") == [crowd["Bob"].id]


def test_an_edit_resolves_anew(crowd: People, room: int) -> None:
    amy = crowd["Amy"]
    seq = amy.send_message(room, "@Bob")["seq"]
    path = f"conversations/{room}/messages/{seq}"
    assert ok(amy.patch(path, {"body": "@小明"})).json()["data"] == {"mentions": [crowd["小明"].id]}
    assert ok(amy.patch(path, {"body": "nobody"})).json()["data"] == {}


def test_a_thousand_signs_cost_what_a_few_do(
    crowd: People, room: int, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(30):
        assert mentions(crowd["Amy"], room, "@Bob" * 1000) == [crowd["Bob"].id]
