"""What owner and admins announce to the members."""

from typing import Any

import pytest

from groups.models import Group
from tests.client import ApiClient, error_code, ok
from tests.witness import lines, told, untouched


def test_members_read_it_and_are_told_that_there_is_one(
    group: int, adam: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    with told() as events:
        changed = ok(adam.patch(f"groups/{group}", {"announcement": "  周六八点\r\nBring water. \n"})).json()
    assert changed["announcement"] == "周六八点\nBring water."
    # Not the text: nobody could take it back.
    assert lines(events, group) == [{"event": "group.announced", "by": adam.id}]
    assert ok(mia.get(f"groups/{group}")).json()["announcement"] == "周六八点\nBring water."
    assert ok(eve.get(f"groups/{group}")).json()["announcement"] is None
    assert ok(eve.get("groups", search="周末")).json()["results"][0]["announcement"] is None
    with untouched():
        ok(adam.patch(f"groups/{group}", {"announcement": "周六八点\nBring water."}))


def test_it_is_taken_down(group: int, olga: ApiClient, mia: ApiClient) -> None:
    ok(olga.patch(f"groups/{group}", {"announcement": "Soon"}))
    with told() as events:
        ok(olga.patch(f"groups/{group}", {"announcement": " \n "}))
    assert lines(events, group) == [{"event": "group.changed", "fields": ["announcement"], "by": olga.id}]
    assert ok(mia.get(f"groups/{group}")).json()["announcement"] == ""


WRONG: list[Any] = [None, 5, ["x"], "x" * 1001, "a\x00b", "a\x07b"]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_text_is_refused(group: int, olga: ApiClient, text: Any) -> None:
    with untouched():
        answer = olga.patch(f"groups/{group}", {"announcement": text})
    assert (answer.status_code, error_code(answer)) == (400, "invalid")
    assert "announcement" in answer.json()["error"]["details"]


def test_a_thousand_characters_of_any_plane_fit(group: int, olga: ApiClient) -> None:
    ok(olga.patch(f"groups/{group}", {"announcement": "𠮷" * 1000}))
    assert Group.objects.get().announcement == "𠮷" * 1000
