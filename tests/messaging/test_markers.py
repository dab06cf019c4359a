"""How far somebody has received and read: two markers that never go back, and the unread count."""

import pytest

from messaging.models import Participant
from tests.client import ApiClient, ok
from tests.messaging.common import markers, receipts, state
from tests.witness import people_told, restated, told, untouched

pytestmark = pytest.mark.django_db


def read(client: ApiClient, conversation: int, seq: int):  # type: ignore[no-untyped-def]
    return client.put(f"conversations/{conversation}/read", {"seq": seq})


def ack(client: ApiClient, conversation: int, seq: int):  # type: ignore[no-untyped-def]
    return client.post("offline/ack", {"conversation": conversation, "seq": seq})


def test_read_implies_delivered_and_both_are_answered(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    for body in ("one", "two", "three"):
        amy.send_message(direct, body)
    answer = ok(read(bob, direct, 2)).json()
    assert answer == {"delivered_seq": 2, "read_seq": 2, "unread": 1}
    assert markers(direct, bob.id) == (2, 2)
    assert state(bob, direct)["unread"] == 1


def test_markers_never_go_back(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    for body in ("one", "two", "three"):
        amy.send_message(direct, body)
    ok(read(bob, direct, 2))
    ok(ack(bob, direct, 3), 204)
    with untouched():
        assert ok(read(bob, direct, 1)).json()["read_seq"] == 2
        ok(ack(bob, direct, 1), 204)
        ok(ack(bob, direct, 3), 204)
    assert markers(direct, bob.id) == (3, 2)


def test_markers_never_pass_the_last_message(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    amy.send_message(direct, "one")
    with untouched():
        for call in (read, ack):
            for seq in (2, 2**63 - 1):
                refused = ok(call(bob, direct, seq), 400)
                assert "seq" in refused.json()["error"]["details"]
            for seq in (0, -1, 2**63):
                ok(call(bob, direct, seq), 400)


def test_strangers_and_former_members_have_no_markers(
    amy: ApiClient, bob: ApiClient, eve: ApiClient, group: int
) -> None:
    ok(bob.post(f"groups/{group}/leave"), 200, 204)
    amy.send_message(group, "hello")
    with untouched():
        for client in (bob, eve):
            for call in (read, ack):
                ok(call(client, group, 1), 404)


def test_the_systems_lines_and_ones_own_are_never_unread(
    amy: ApiClient, bob: ApiClient, eve: ApiClient, group: int
) -> None:
    assert state(bob, group)["unread"] == 0
    ok(eve.post(f"groups/{group}/join"), 200, 201, 204)
    assert state(bob, group)["unread"] == 0, "joining is told by the system"
    amy.send_message(group, "one")
    ok(amy.patch(f"groups/{group}", {"name": "Another name"}))
    amy.send_message(group, "two")
    assert state(bob, group)["unread"] == 2
    assert state(amy, group)["unread"] == 0
    assert state(eve, group)["unread"] == 2
    bob.send_message(group, "three")
    assert [state(client, group)["unread"] for client in (amy, bob, eve)] == [1, 0, 3]


def test_unread_is_counted_by_ordinals_wherever_one_stops(amy: ApiClient, bob: ApiClient, group: int) -> None:
    expected = []
    for number in range(6):
        sent = amy.send_message(group, f"{number}")
        expected.append((sent["seq"], 5 - number))
        ok(amy.patch(f"groups/{group}", {"name": f"Name {number}"}))
    for seq, unread in expected:
        assert ok(read(bob, group, seq)).json()["unread"] == unread
        assert ok(read(bob, group, seq + 1)).json()["unread"] == unread, "the system's line counts nothing"


def test_a_member_who_comes_back_begins_at_the_end(amy: ApiClient, bob: ApiClient, group: int) -> None:
    amy.send_message(group, "one")
    ok(bob.post(f"groups/{group}/leave"), 200, 204)
    amy.send_message(group, "two")
    ok(bob.post(f"groups/{group}/join"), 200, 201, 204)
    assert state(bob, group)["unread"] == 0
    delivered, seen = markers(group, bob.id)
    assert seen <= delivered <= state(bob, group)["last_seq"]
    amy.send_message(group, "three")
    assert state(bob, group)["unread"] == 1


# --- who is told -----------------------------------------------------------------------------------


def test_the_other_gets_a_receipt_and_ones_own_devices_the_state(
    amy: ApiClient, bob: ApiClient, direct: int
) -> None:
    amy.send_message(direct, "one")
    with told() as events:
        ok(read(bob, direct, 1))
    assert receipts(events) == [(bob.id, 1, 1)]
    assert restated(events) == [(direct, bob.id)]
    assert people_told(events) == set(), "no state is carried: it could be an old one when it comes"
    assert (state(bob, direct)["read_seq"], state(bob, direct)["unread"]) == (1, 0)
    assert state(amy, direct)["receipts"] == [{"user": bob.id, "delivered_seq": 1, "read_seq": 1}]


def test_a_delivery_is_told_to_the_others_alone(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    amy.send_message(direct, "one")
    with told() as events:
        ok(ack(bob, direct, 1), 204)
    assert receipts(events) == [(bob.id, 1, 0)]
    assert restated(events) == []


def test_a_closed_conversation_tells_nothing_of_the_other(
    amy: ApiClient, bob: ApiClient, direct: int
) -> None:
    amy.send_message(direct, "one")
    ok(amy.put(f"blocks/{bob.id}"), 200, 201, 204)
    with told() as events:
        ok(read(bob, direct, 1))
    assert receipts(events) == []
    assert markers(direct, bob.id) == (1, 1)
    assert state(amy, direct)["receipts"] == []
    assert state(bob, direct)["receipts"] == []


def test_a_group_shows_its_markers_to_its_members(amy: ApiClient, bob: ApiClient, group: int) -> None:
    seq = amy.send_message(group, "one")["seq"]
    ok(read(bob, group, seq))
    assert state(amy, group)["receipts"] == [{"user": bob.id, "delivered_seq": seq, "read_seq": seq}]
    rows = Participant.objects.filter(conversation=group)
    assert all(row.read_seq <= row.delivered_seq <= seq for row in rows)
