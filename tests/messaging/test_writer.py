"""A batch is written together, and one bad message in it fails alone."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from accounts.services.bans import ban_person
from chatchat.clock import now
from chatchat.errors import ChatError, TooMany
from messaging.models import Message, Participant
from messaging.services import messages
from messaging.writer import Accepted, Mark, Marked, Outcome, Send, write
from tests.client import ApiClient, ok
from tests.messaging.common import changes, check_numbers, head, markers
from tests.messaging.line import join, leave, room, say, set_rights
from tests.people import new_user
from tests.witness import at_once, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def three() -> list[User]:
    return [new_user(name) for name in ("Amy", "Bob", "Cat")]


def send(person: User, conversation: int, body: str = "hello", **fields: int) -> Send:
    return messages.prepare(
        user_id=person.pk,
        conversation_id=conversation,
        client_id=uuid4(),
        kind="text",
        body=body,
        reply_to=fields.get("reply_to"),
    )


def codes(outcomes: list[Outcome]) -> list[object]:
    """What became of each: its seq, or the code of its refusal; a duplicate's seq is negative."""
    return [
        (-outcome.seq if outcome.duplicate else outcome.seq)
        if isinstance(outcome, Accepted)
        else outcome.code
        if isinstance(outcome, ChatError)
        else (outcome.delivered_seq, outcome.read_seq)
        for outcome in outcomes
    ]


def test_a_batch_of_everything(three: list[User]) -> None:
    amy, bob, cat = three
    first, second = room(amy, bob), room(amy, cat)
    set_rights(cat, second, may_send=False)
    before = send(amy, first, "sent before")
    assert codes(write([before])) == [1]
    good = send(amy, first, "good")
    other_body = send(amy, first, "other")
    other_body.client_id = good.client_id
    known_clash = send(amy, first, "clash")
    known_clash.client_id = before.client_id
    limited = send(amy, first, "too fast")
    limited.refusal = TooMany()
    limited_retry = send(amy, first, "sent before")
    limited_retry.client_id, limited_retry.refusal = before.client_id, TooMany()
    batch: list[Send | Mark] = [
        good,
        send(bob, second, "a stranger"),
        send(bob, first, "from Bob"),
        send(cat, second, "no right to"),
        send(amy, second, "elsewhere"),
        send(amy, 2**60, "nowhere"),
        replace(good),
        other_body,
        before,
        known_clash,
        limited,
        limited_retry,
        send(amy, first, "reply", reply_to=1),
        send(amy, first, "reply to nothing", reply_to=99),
        Mark(bob.pk, first, 2, read=True),
        Mark(cat.pk, first, 1, read=True),
        Mark(cat.pk, second, 50, read=False),
    ]
    with told() as events:
        outcomes = write(batch)
    assert codes(outcomes) == [
        2,
        "not_found",
        3,
        "may_not_send",
        1,
        "not_found",
        -2,
        "client_id_conflict",
        -1,
        "client_id_conflict",
        "rate_limited",
        -1,
        4,
        "invalid",
        (3, 3),
        "not_found",
        "invalid",
    ]
    for conversation, said in ((first, ["good", "from Bob", "reply"]), (second, ["elsewhere"])):
        check_numbers(conversation)
        rows = Message.objects.filter(conversation=conversation).order_by("seq")
        assert [row.body for row in rows][-len(said) :] == said
    assert [change["body"] for change in changes(events)] == ["good", "from Bob", "elsewhere", "reply"]
    assert markers(first, amy.pk) == (4, 4)
    assert markers(first, bob.pk) == (3, 3), "one's own message is read, and nothing goes back"


def test_banned_people_and_who_left_are_strangers(three: list[User]) -> None:
    amy, bob, cat = three
    chat = room(amy, bob, cat)
    leave(bob, chat)
    ban_person(user_id=cat.pk)
    last = head(chat)
    assert (
        codes(write([send(bob, chat), send(cat, chat), Mark(bob.pk, chat, 1, read=True)]))
        == ["not_found"] * 3
    )
    assert head(chat) == last


def test_a_mute_that_is_over_no_longer_counts(three: list[User]) -> None:
    amy, bob, _ = three
    chat = room(amy, bob)
    set_rights(amy, chat, muted_until=now() + timedelta(minutes=1))
    set_rights(bob, chat, muted_until=now() - timedelta(milliseconds=1))
    assert codes(write([send(amy, chat), send(bob, chat)])) == ["may_not_send", 1]


def test_a_batch_costs_a_constant_number_of_queries(
    three: list[User], django_assert_max_num_queries: Any
) -> None:
    amy, bob, cat = three
    rooms = [room(amy, bob, cat) for _ in range(10)]
    for size in (1, 100):
        batch: list[Send | Mark] = [send(three[n % 3], rooms[n % 10], f"{n}") for n in range(size)]
        with django_assert_max_num_queries(7):
            outcomes = write(batch)
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    for chat in rooms:
        check_numbers(chat)


def test_a_batch_of_markers_moves_each_to_its_highest(three: list[User]) -> None:
    amy, bob, cat = three
    chat = room(amy, bob, cat)
    for _ in range(9):
        say(amy, chat)
    outcomes = write(
        [
            Mark(bob.pk, chat, 5, read=False),
            Mark(bob.pk, chat, 3, read=True),
            Mark(bob.pk, chat, 7, read=False),
            Mark(bob.pk, chat, 4, read=True),
            Mark(cat.pk, chat, 9, read=True),
            Mark(bob.pk, chat, 2, read=True),
        ]
    )
    assert codes(outcomes) == [(5, 0), (5, 3), (7, 3), (7, 4), (9, 9), (7, 4)]
    assert [outcome.moved for outcome in outcomes if isinstance(outcome, Marked)] == [True] * 5 + [False]
    row = Participant.objects.get(conversation=chat, user=bob)
    assert (row.delivered_seq, row.read_seq, row.read_ordinal) == (7, 4, 4)


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_leave_no_hole(three: list[User]) -> None:
    amy, _, cat = three
    rooms = [room(*three), room(*three)]
    sent = [[send(person, rooms[n % 2], f"{person.nickname} {n}") for n in range(20)] for person in three]

    def several(items: list[Send]) -> list[Outcome]:
        return [outcome for start in range(0, 20, 4) for outcome in write(items[start : start + 4])]

    def others() -> list[Outcome]:
        for number in range(10):
            join(cat, rooms[number % 2])
            messages.react(
                user_id=amy.pk, conversation_id=rooms[0], seq=1, emoji="👍", present=number % 2 == 0
            )
        return []

    say(amy, rooms[0])
    outcomes = at_once(*[partial(several, items) for items in sent], others)
    assert all(isinstance(outcome, Accepted) for each in outcomes for outcome in each)
    for chat in rooms:
        check_numbers(chat)
    assert Message.objects.filter(sender__isnull=False).count() == 61


@pytest.mark.django_db(transaction=True)
def test_one_id_at_once_in_two_conversations_is_one_message(three: list[User]) -> None:
    """No lock is shared between the two: the database's own constraint decides."""
    amy = three[0]
    for _ in range(5):
        rooms = [room(*three), room(*three)]
        pair = [send(amy, chat, "hello") for chat in rooms]
        pair[1].client_id = pair[0].client_id
        others = [send(three[1], chat, "beside it") for chat in rooms]
        outcomes = at_once(*[partial(write, [others[n], pair[n]]) for n in (0, 1)])
        results = sorted(str(codes(outcome)[1]) for outcome in outcomes)
        assert results[1] == "client_id_conflict", results
        assert all(isinstance(outcome[0], Accepted) for outcome in outcomes), (
            "what was beside it went through"
        )
        assert Message.objects.filter(client_id=pair[0].client_id).count() == 1
        for chat in rooms:
            check_numbers(chat)


def test_a_direct_conversation_closed_in_between_takes_nothing(amy: ApiClient, bob: ApiClient) -> None:
    chat = amy.befriend(bob)
    ok(amy.delete(f"friends/{bob.id}"), 204)
    assert codes(write([send(User.objects.get(pk=bob.id), chat)])) == ["may_not_send"]
