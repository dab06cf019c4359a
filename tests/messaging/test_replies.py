"""A reply names a seq of its conversation that its writer may see."""

import pytest

from tests.client import ApiClient, ok
from tests.messaging.common import message, post
from tests.witness import untouched

pytestmark = pytest.mark.django_db


def test_a_reply_names_what_it_answers(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    first = amy.send_message(direct, "question")
    reply = bob.send_message(direct, "answer", reply_to=first["seq"])
    assert reply["reply_to"] == first["seq"]
    assert message(amy, direct, reply["seq"])["reply_to"] == first["seq"]


def test_what_is_not_there_cannot_be_answered(amy: ApiClient, direct: int) -> None:
    amy.send_message(direct, "one")
    with untouched():
        for seq in (2, 2**63 - 1):
            refused = ok(post(amy, direct, "two", reply_to=seq), 400)
            assert "reply_to" in refused.json()["error"]["details"]


def test_what_was_recalled_and_what_the_system_said_can_be_answered(amy: ApiClient, group: int) -> None:
    first = amy.send_message(group, "oops")
    ok(amy.delete(f"conversations/{group}/messages/{first['seq']}"), 204)
    for seq in (1, first["seq"]):
        assert amy.send_message(group, "well", reply_to=seq)["reply_to"] == seq


def test_what_one_may_not_see_cannot_be_answered(amy: ApiClient, bob: ApiClient) -> None:
    group = amy.create_group(history="since_joined")
    old = amy.send_message(group, "before Bob")
    ok(bob.post(f"groups/{group}/join"), 200, 201, 204)
    with untouched():
        assert post(bob, group, "what?", reply_to=old["seq"]).status_code == 400
    mine = bob.send_message(group, "hello")
    assert bob.send_message(group, "again", reply_to=mine["seq"])["reply_to"] == mine["seq"]
