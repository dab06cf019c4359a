"""Changing the text of one's own message, for a day."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from messaging.models import Message
from tests.client import ApiClient, error_code, ok
from tests.messaging.common import changes, check_numbers, head, message
from tests.witness import told, untouched

pytestmark = pytest.mark.django_db


def edit(client: ApiClient, conversation: int, seq: int, body: str = "changed"):  # type: ignore[no-untyped-def]
    return client.patch(f"conversations/{conversation}/messages/{seq}", {"body": body})


def age(conversation: int, seq: int, by: timedelta) -> None:
    row = Message.objects.get(conversation=conversation, seq=seq)
    Message.objects.filter(pk=row.pk).update(sent_at=row.sent_at - by)


def test_an_edit_keeps_the_place_and_takes_a_version(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    first = amy.send_message(direct, "helo")
    amy.send_message(direct, "next")
    with told() as events:
        edited = ok(edit(amy, direct, first["seq"], "hello")).json()
    assert (edited["seq"], edited["version"], edited["body"]) == (1, 3, "hello")
    assert edited["edited_at"] is not None
    assert edited["sent_at"] == first["sent_at"]
    assert changes(events) == [edited]
    assert message(bob, direct, 1) == edited
    check_numbers(direct)


def test_the_same_text_changes_nothing(amy: ApiClient, direct: int) -> None:
    first = amy.send_message(direct, "hello")
    with untouched():
        assert ok(edit(amy, direct, 1, "hello")).json() == first


def test_only_ones_own_and_only_a_day_long(
    amy: ApiClient, bob: ApiClient, eve: ApiClient, direct: int, settings: Settings
) -> None:
    amy.send_message(direct, "mine")
    with untouched():
        assert error_code(ok(edit(bob, direct, 1), 403)) == "not_yours"
        ok(edit(eve, direct, 1), 404)
        ok(edit(amy, direct, 2), 404)
    age(direct, 1, settings.EDIT_WINDOW - timedelta(minutes=1))
    ok(edit(amy, direct, 1, "just in time"))
    age(direct, 1, timedelta(minutes=2))
    with untouched():
        assert error_code(ok(edit(amy, direct, 1, "too late"), 403)) == "too_late"


def test_the_window_is_a_setting(amy: ApiClient, direct: int, settings: Settings) -> None:
    amy.send_message(direct, "mine")
    settings.EDIT_WINDOW = timedelta(seconds=60)
    age(direct, 1, timedelta(seconds=61))
    with untouched():
        ok(edit(amy, direct, 1), 403)


def test_what_was_recalled_and_what_the_system_said_stays(amy: ApiClient, group: int) -> None:
    seq = amy.send_message(group, "oops")["seq"]
    ok(amy.delete(f"conversations/{group}/messages/{seq}"), 204)
    with untouched():
        assert error_code(ok(edit(amy, group, seq), 409)) == "recalled"
        ok(edit(amy, group, 1), 403)


def test_who_may_not_speak_may_not_edit(amy: ApiClient, bob: ApiClient, direct: int, group: int) -> None:
    amy.send_message(direct, "friends")
    seq = bob.send_message(group, "a member")["seq"]
    ok(bob.delete(f"friends/{amy.id}"), 204)
    ok(amy.delete(f"groups/{group}/members/{bob.id}"), 204)
    with untouched():
        assert error_code(ok(edit(amy, direct, 1), 403)) == "may_not_send"
        ok(edit(bob, group, seq), 404)


def test_an_edit_moves_no_counter(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    amy.send_message(direct, "one")
    before = head(direct)
    ok(edit(amy, direct, 1))
    assert head(direct) == (before[0], before[1] + 1, before[2])
    offline = ok(bob.get("offline")).json()["results"]
    assert [row["message"]["body"] for row in offline] == ["changed"]
