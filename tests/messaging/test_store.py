"""The plain SQL of the writing path: several rows at once, and nothing that would have to be escaped."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from chatchat.trips import execute_together
from messaging import store
from messaging.models import Conversation, Message, Participant
from tests.messaging.line import rooms
from tests.people import new_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def amy() -> User:
    return new_user("Amy")


def seqs(amy: User) -> list[tuple[int, int]]:
    found = Participant.objects.filter(user=amy).order_by("conversation_id")
    return [*found.values_list("delivered_seq", "read_seq")]


def test_each_row_becomes_what_is_said_of_it(amy: User) -> None:
    ids = places(amy, 3)
    for some in (ids, ids[:1]):
        columns: dict[str, dict[int, int | str]] = {
            "delivered_seq": {id_: 10 * (at + 1) for at, id_ in enumerate(some)},
            "read_seq": {id_: f"{at} + 1" for at, id_ in enumerate(some)},
        }
        execute_together(store.update("messaging_participant", columns))
        assert seqs(amy) == [(10, 1), (20, 2), (30, 3)]
        Participant.objects.filter(pk__in=ids[:1]).update(delivered_seq=99, read_seq=98)


def test_what_is_higher_already_stays(amy: User) -> None:
    ids = places(amy, 3)
    Participant.objects.filter(pk__in=[ids[0], ids[2]]).update(delivered_seq=20)
    for some, expected in ((ids, [(20, 5), (10, 5), (20, 5)]), (ids[1:2], [(20, 5), (10, 5), (20, 5)])):
        columns: dict[str, dict[int, int | str]] = {
            "delivered_seq": dict.fromkeys(some, 10),
            "read_seq": dict.fromkeys(some, 5),
        }
        execute_together(store.update("messaging_participant", columns, never_back=True))
        assert seqs(amy) == expected


def places(amy: User, count: int) -> list[int]:
    conversations = rooms(count, amy)
    found = Participant.objects.filter(user=amy, conversation_id__in=conversations)
    return [*found.order_by("conversation_id").values_list("pk", flat=True)]


@pytest.mark.parametrize(
    "fields", [{"kind": "te'xt"}, {"client_id": "a' OR 1"}, {"client_id": "é"}, {"content_hash": "\\"}]
)
def test_a_word_that_would_have_to_be_escaped_is_refused(amy: User, fields: dict[str, Any]) -> None:
    (conversation,) = rooms(1, amy)
    before = Message.objects.count()
    row = Conversation.objects.get(pk=conversation)
    head = store.Head(row.pk, row.kind, row.last_seq, row.last_version, row.last_ordinal)
    draft = store.Draft(**{"conversation_id": conversation, "kind": "text", "sender_id": amy.pk, **fields})
    with pytest.raises(ValueError, match="escaped"):
        store.append([draft], {conversation: head})
    assert Message.objects.count() == before
    assert not connection.in_atomic_block
