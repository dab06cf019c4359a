"""Sending over REST: who may, what is answered, who is told, and what a retry is."""

from uuid import uuid4

import pytest

from messaging.models import Message
from tests.client import ApiClient, error_code, ok
from tests.messaging.common import changes, check_numbers, head, markers, post, state
from tests.witness import told, untouched

pytestmark = pytest.mark.django_db


def test_a_message_is_answered_stored_and_told(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    client_id = str(uuid4())
    with told() as events:
        sent = ok(post(amy, direct, "hello 你好", client_id=client_id), 201).json()
    assert sent == {
        "seq": 1,
        "version": 1,
        "sender": {"id": amy.id, "nickname": "Amy", "avatar": None},
        "kind": "text",
        "body": "hello 你好",
        "data": {},
        "reply_to": None,
        "reactions": [],
        "client_id": client_id,
        "sent_at": sent["sent_at"],
        "edited_at": None,
        "recalled_at": None,
    }
    assert changes(events) == [sent], "what is told is what is answered"
    assert bob.history(direct) == [sent]
    row = Message.objects.get(conversation=direct)
    assert (row.seq, row.version, row.ordinal, row.sender_id) == (1, 1, 1, amy.id)
    check_numbers(direct)


def test_times_are_utc_in_milliseconds(amy: ApiClient, direct: int) -> None:
    sent = amy.send_message(direct, "when?")
    assert len(sent["sent_at"]) == len("2026-01-02T03:04:05.678Z")
    assert sent["sent_at"].endswith("Z")
    assert amy.history(direct)[0]["sent_at"] == sent["sent_at"]


def test_sending_reads_up_to_ones_own_message(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    bob.send_message(direct, "one")
    bob.send_message(direct, "two")
    assert state(amy, direct)["unread"] == 2
    amy.send_message(direct, "three")
    assert state(amy, direct)["unread"] == 0
    assert markers(direct, amy.id) == (3, 3)
    assert state(bob, direct)["unread"] == 1, "what one sends is unread by the other alone"


def test_strangers_and_nobody_are_refused(amy: ApiClient, direct: int, eve: ApiClient) -> None:
    with untouched():
        assert post(eve, direct).status_code == 404
        assert post(eve, 2**62).status_code == 404
        assert amy.post(f"conversations/{2**63}/messages", {}).status_code == 404
        eve.token = None
        assert post(eve, direct).status_code == 401


def test_who_may_not_speak_is_told_so(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    amy.send_message(direct, "bye")
    ok(amy.delete(f"friends/{bob.id}"), 204)
    with untouched():
        refused = ok(post(bob, direct), 403)
    assert error_code(refused) == "may_not_send"
    assert not state(bob, direct)["may_send"]


def test_who_left_finds_nothing_any_more(amy: ApiClient, bob: ApiClient, group: int) -> None:
    ok(bob.post(f"groups/{group}/leave"), 200, 204)
    with untouched():
        assert post(bob, group).status_code == 404


# --- retries -----------------------------------------------------------------------------------------


def test_a_retry_answers_with_the_first_result(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    client_id = str(uuid4())
    first = ok(post(amy, direct, "once", client_id=client_id), 201).json()
    bob.send_message(direct, "between")
    with untouched():
        again = ok(post(amy, direct, "once", client_id=client_id), 200).json()
    assert again == first


def test_a_uuid_in_another_form_is_the_same(amy: ApiClient, direct: int) -> None:
    client_id = str(uuid4())
    first = ok(post(amy, direct, client_id=client_id), 201).json()
    for written in (client_id.upper(), client_id.replace("-", ""), "{" + client_id + "}"):
        again = ok(post(amy, direct, client_id=written), 200).json()
        assert again["seq"] == first["seq"]
        assert again["client_id"] == client_id, "kept in its canonical form"


def test_a_retry_is_known_after_an_edit_and_a_recall(amy: ApiClient, direct: int) -> None:
    client_id = str(uuid4())
    seq = ok(post(amy, direct, "first", client_id=client_id), 201).json()["seq"]
    ok(amy.patch(f"conversations/{direct}/messages/{seq}", {"body": "second"}))
    again = ok(post(amy, direct, "first", client_id=client_id), 200).json()
    assert (again["seq"], again["body"]) == (seq, "second"), "in its present state"
    assert error_code(ok(post(amy, direct, "second", client_id=client_id), 409)) == "client_id_conflict"
    ok(amy.delete(f"conversations/{direct}/messages/{seq}"), 204)
    assert ok(post(amy, direct, "first", client_id=client_id), 200).json()["seq"] == seq


def test_a_retry_is_known_after_a_kick(amy: ApiClient, bob: ApiClient, group: int) -> None:
    client_id = str(uuid4())
    first = ok(post(bob, group, "here", client_id=client_id), 201).json()
    ok(amy.delete(f"groups/{group}/members/{bob.id}"), 204)
    with untouched():
        assert ok(post(bob, group, "here", client_id=client_id), 200).json()["seq"] == first["seq"]
        assert post(bob, group, "new").status_code == 404


def test_a_retry_is_known_after_the_end_of_a_friendship(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    client_id = str(uuid4())
    ok(post(bob, direct, "here", client_id=client_id), 201)
    ok(amy.put(f"blocks/{bob.id}"), 200, 201, 204)
    with untouched():
        ok(post(bob, direct, "here", client_id=client_id), 200)


def test_other_content_under_the_same_id_clashes(
    amy: ApiClient, bob: ApiClient, direct: int, group: int
) -> None:
    client_id = str(uuid4())
    ok(post(amy, direct, "one", client_id=client_id), 201)
    amy.send_message(direct, "two")
    with untouched():
        for refused in (
            post(amy, direct, "two", client_id=client_id),
            post(amy, group, "one", client_id=client_id),
            post(amy, direct, "one", client_id=client_id, reply_to=1),
        ):
            assert error_code(ok(refused, 409)) == "client_id_conflict"


def test_ids_are_each_senders_own(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    client_id = str(uuid4())
    assert ok(post(amy, direct, "one", client_id=client_id), 201).json()["seq"] == 1
    assert ok(post(bob, direct, "two", client_id=client_id), 201).json()["seq"] == 2
    assert head(direct) == (2, 2, 2)


# --- what is not a message --------------------------------------------------------------------------


WRONG: list[tuple[dict[str, object], str]] = [
    ({"client_id": "not a uuid"}, "client_id"),
    ({"client_id": None}, "client_id"),
    ({"kind": "system"}, "kind"),
    ({"kind": "picture"}, "kind"),
    ({"body": None}, "body"),
    ({"body": 5}, "body"),
    ({"body": ["hello"]}, "body"),
    ({"reply_to": 0}, "reply_to"),
    ({"reply_to": "1"}, "reply_to"),
    ({"reply_to": True}, "reply_to"),
    ({"reply_to": 2**63}, "reply_to"),
    ({"attachments": [1]}, "attachments"),
    ({"attachments": "x"}, "attachments"),
]


def test_what_is_wrong_is_named(amy: ApiClient, direct: int) -> None:
    with untouched():
        for fields, named in WRONG:
            refused = ok(post(amy, direct, **{"body": "hello", **fields}), 400)
            assert named in refused.json()["error"]["details"], fields


def test_a_message_needs_an_id_and_a_body(amy: ApiClient, direct: int) -> None:
    with untouched():
        refused = ok(amy.post(f"conversations/{direct}/messages", {}), 400)
    assert {"client_id", "body"} <= refused.json()["error"]["details"].keys()
