"""Taking a message back: it keeps its place and loses what it said."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from messaging.models import Message, Reaction
from tests.client import ApiClient, error_code, ok
from tests.messaging.common import changes, check_numbers, message, state
from tests.messaging.test_edit import age
from tests.witness import told, untouched

pytestmark = pytest.mark.django_db


def recall(client: ApiClient, conversation: int, seq: int):  # type: ignore[no-untyped-def]
    return client.delete(f"conversations/{conversation}/messages/{seq}")


def test_it_keeps_its_place_and_loses_what_it_said(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    first = amy.send_message(direct, "a secret @Bob")
    reply = bob.send_message(direct, "what?", reply_to=1)
    ok(bob.put(f"conversations/{direct}/messages/1/reactions/👀"), 204)
    with told() as events:
        ok(recall(amy, direct, 1), 204)
    taken = message(bob, direct, 1)
    assert changes(events) == [taken]
    assert (taken["seq"], taken["version"], taken["body"], taken["data"]) == (1, 4, "", {})
    assert taken["reactions"] == []
    assert taken["recalled_at"] is not None
    assert taken["sender"] == first["sender"]
    assert not Reaction.objects.exists()
    assert "secret" not in str(list(Message.objects.values())), "nothing of it is kept"
    assert message(bob, direct, 2) == reply
    check_numbers(direct)


def test_once_more_changes_nothing(amy: ApiClient, direct: int) -> None:
    amy.send_message(direct, "oops")
    ok(recall(amy, direct, 1), 204)
    with untouched():
        ok(recall(amy, direct, 1), 204)


def test_a_recall_changes_no_unread_count(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    for body in ("one", "two", "three"):
        amy.send_message(direct, body)
    ok(recall(amy, direct, 2), 204)
    assert state(bob, direct)["unread"] == 3
    ok(bob.put(f"conversations/{direct}/read", {"seq": 2}))
    assert state(bob, direct)["unread"] == 1


def test_ones_own_for_two_minutes_and_nobody_elses(
    amy: ApiClient, bob: ApiClient, eve: ApiClient, direct: int, settings: Settings
) -> None:
    amy.send_message(direct, "mine")
    age(direct, 1, timedelta(seconds=110))
    with untouched():
        assert error_code(ok(recall(bob, direct, 1), 403)) == "not_yours"
        ok(recall(eve, direct, 1), 404)
        ok(recall(amy, direct, 2), 404)
        settings.RECALL_WINDOW = timedelta(seconds=100)
        assert error_code(ok(recall(amy, direct, 1), 403)) == "too_late"
    settings.RECALL_WINDOW = timedelta(seconds=120)
    ok(recall(amy, direct, 1), 204)


def test_owners_and_admins_recall_at_any_time(
    amy: ApiClient, bob: ApiClient, eve: ApiClient, group: int
) -> None:
    ok(eve.post(f"groups/{group}/join"), 200, 201, 204)
    seqs = [eve.send_message(group, "rude")["seq"] for _ in range(3)]
    for seq in seqs:
        age(group, seq, timedelta(days=30))
    with untouched():
        ok(recall(bob, group, seqs[0]), 403)
        ok(recall(eve, group, seqs[0]), 403)
    ok(recall(amy, group, seqs[0]), 204)
    ok(amy.patch(f"groups/{group}/members/{bob.id}", {"role": "admin"}))
    ok(recall(bob, group, seqs[1]), 204)
    ok(amy.patch(f"groups/{group}/members/{bob.id}", {"role": "member"}))
    with untouched():
        ok(recall(bob, group, seqs[2]), 403)


def test_the_systems_lines_stay(amy: ApiClient, group: int) -> None:
    with untouched():
        ok(recall(amy, group, 1), 403)
