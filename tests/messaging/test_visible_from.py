"""A newcomer to a group whose history begins with their joining: nothing earlier is ever seen."""

import pytest

from tests.client import ApiClient, ok
from tests.messaging.common import state
from tests.messaging.test_reactions import put
from tests.witness import untouched

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(amy: ApiClient, eve: ApiClient) -> int:
    """Amy and Eve talked before Bob came."""
    group = amy.create_group(eve, history="since_joined")
    for number in range(3):
        amy.send_message(group, f"secret {number}")
    return group


@pytest.fixture
def first(amy: ApiClient, bob: ApiClient, group: int) -> int:
    """The first seq that Bob sees."""
    last = state(amy, group)["last_seq"]
    ok(bob.post(f"groups/{group}/join"), 200, 201, 204)
    return int(last) + 1


def test_no_way_of_reading_goes_behind_it(amy: ApiClient, bob: ApiClient, group: int, first: int) -> None:
    assert state(bob, group)["first_seq"] == first
    amy.send_message(group, "for all")
    ok(amy.patch(f"conversations/{group}/messages/{first - 1}", {"body": "secret changed"}))
    path = f"conversations/{group}"
    for address in (
        f"{path}/messages", f"{path}/messages?after=0", f"{path}/messages?before=100",
        f"{path}/messages?before={first}", f"{path}/sync", f"{path}/sync?after=1", "offline", "conversations",
    ):  # fmt: skip
        assert "secret" not in ok(bob.get(address)).text, address
    page = ok(bob.get(f"{path}/messages?before=100")).json()
    assert [message["seq"] for message in page["results"]] == [first, first + 1]
    assert page["has_more"] is False, "nor is it told that there is more"
    assert ok(bob.get(f"{path}/messages?before={first}")).json() == {"results": [], "has_more": False}
    assert ok(bob.get(f"{path}/sync")).json()["next"] == state(amy, group)["last_version"]


def test_no_way_of_writing_reaches_behind_it(amy: ApiClient, bob: ApiClient, group: int, first: int) -> None:
    path = f"conversations/{group}/messages/{first - 1}"
    with untouched():
        ok(put(bob, group, first - 1, "👍"), 404)
        ok(bob.patch(path, {"body": "x"}), 404)
        ok(bob.delete(path), 404)
    ok(amy.patch(f"groups/{group}/members/{bob.id}", {"role": "admin"}))
    with untouched():
        ok(bob.delete(path), 404)


def test_a_last_message_from_before_is_not_shown(bob: ApiClient, amy: ApiClient, group: int) -> None:
    ok(bob.post(f"groups/{group}/join"), 200, 201, 204)
    for shown in (state(bob, group), ok(bob.get("conversations")).json()["results"][0]):
        assert "secret" not in str(shown)
        assert shown["unread"] == 0
    amy.send_message(group, "hello")
    assert state(bob, group)["unread"] == 1


def test_who_comes_back_begins_anew(amy: ApiClient, bob: ApiClient, group: int, first: int) -> None:
    amy.send_message(group, "while Bob is here")
    ok(bob.post(f"groups/{group}/leave"), 200, 204)
    amy.send_message(group, "while Bob is away")
    ok(bob.post(f"groups/{group}/join"), 200, 201, 204)
    seen = ok(bob.get(f"conversations/{group}/messages")).text
    assert "while Bob" not in seen


def test_the_others_see_it_all(amy: ApiClient, eve: ApiClient, group: int, first: int) -> None:
    assert len([m for m in eve.history(group) if m["body"].startswith("secret")]) == 3
