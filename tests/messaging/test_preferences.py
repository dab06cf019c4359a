"""What somebody wants of a conversation: pinned, and what to be notified of. It is nobody else's business."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from chatchat.clock import now, rfc3339
from messaging import resume
from messaging.models import Participant
from tests.client import ApiClient, ok
from tests.messaging.common import state
from tests.messaging.line import in_one_go, rooms, say
from tests.witness import people_told, restated, revoked, told, untouched

pytestmark = pytest.mark.django_db


def wishes(client: ApiClient, conversation: int) -> tuple[bool, str]:
    shown = state(client, conversation)
    return shown["pinned"], shown["notifications"]


def test_a_conversation_is_pinned_and_quiet_for_who_wants_it(
    amy: ApiClient, bob: ApiClient, direct: int
) -> None:
    assert wishes(amy, direct) == (False, "all")
    with told() as events:
        answer = ok(
            amy.patch(f"conversations/{direct}", {"pinned": True, "notifications": "mentions"})
        ).json()
    assert answer == state(amy, direct)
    assert wishes(amy, direct) == (True, "mentions")
    assert wishes(bob, direct) == (False, "all")
    assert restated(events) == [(direct, amy.id)], "her other devices look at it"
    assert (people_told(events), revoked(events), len(events)) == (set(), [], 1)
    ok(amy.patch(f"conversations/{direct}", {"notifications": "none"}))
    assert wishes(amy, direct) == (True, "none")
    ok(amy.patch(f"conversations/{direct}", {"pinned": False, "notifications": "all"}))
    assert wishes(amy, direct) == (False, "all")


def test_what_changes_nothing_is_told_to_nobody(amy: ApiClient, direct: int) -> None:
    ok(amy.patch(f"conversations/{direct}", {"pinned": True}))
    for body in ({}, {"pinned": True}, {"notifications": "all"}, {"pinned": True, "notifications": "all"}):
        with untouched():
            assert ok(amy.patch(f"conversations/{direct}", body)).json()["pinned"] is True


@pytest.mark.parametrize(
    "body",
    [
        {"pinned": 1},
        {"pinned": "true"},
        {"pinned": None},
        {"pinned": []},
        {"notifications": "some"},
        {"notifications": "All"},
        {"notifications": None},
        {"notifications": True},
        {"notifications": ["all"]},
        {"notifications": ""},
        {"pinned": True, "notifications": "some"},
    ],
    ids=str,
)
def test_what_is_no_wish_is_refused(amy: ApiClient, direct: int, body: dict[str, Any]) -> None:
    with untouched():
        refused = ok(amy.patch(f"conversations/{direct}", body), 400).json()["error"]
    assert refused["code"] == "invalid"
    assert set(refused["details"]) <= set(body)


def test_strangers_and_former_members_wish_for_nothing(
    amy: ApiClient, bob: ApiClient, eve: ApiClient, group: int
) -> None:
    ok(bob.post(f"groups/{group}/leave"), 200, 204)
    with untouched():
        for client in (bob, eve):
            ok(client.patch(f"conversations/{group}", {"pinned": True}), 404)


def test_who_comes_back_begins_with_the_defaults(bob: ApiClient, group: int) -> None:
    ok(bob.patch(f"conversations/{group}", {"pinned": True, "notifications": "none"}))
    ok(bob.post(f"groups/{group}/leave"), 200, 204)
    ok(bob.post(f"groups/{group}/join"), 200, 201, 204)
    assert wishes(bob, group) == (False, "all")


def test_a_mute_says_until_when_and_a_moderator_that_they_are_one(
    amy: ApiClient, bob: ApiClient, group: int
) -> None:
    assert (state(amy, group)["may_moderate"], state(bob, group)["may_moderate"]) == (True, False)
    until = now() + timedelta(hours=1)
    ok(amy.patch(f"groups/{group}/members/{bob.id}", {"muted_until": rfc3339(until)}))
    shown = state(bob, group)
    assert (shown["muted"], shown["muted_until"], shown["may_send"]) == (True, rfc3339(until), False)
    Participant.objects.filter(conversation=group, user=bob.id).update(muted_until=now() - timedelta(1))
    shown = state(bob, group)
    assert (shown["muted"], shown["muted_until"], shown["may_send"]) == (False, None, True)


def test_what_is_pinned_is_among_the_first_however_long_it_was_silent(
    amy: ApiClient, bob: ApiClient, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(resume, "LIST_LIMIT", 5)
    writer, reader = User.objects.get(pk=amy.id), User.objects.get(pk=bob.id)
    with in_one_go():
        chats = rooms(9, writer, reader)
        for chat in chats:
            say(writer, chat)

    def listed(queries: int) -> list[int]:
        with django_assert_num_queries(queries):
            [start] = resume.starts([(bob.id, {})])
            return [chats.index(shown["id"]) for shown in start.conversations]

    def pin(*numbers: int) -> None:
        mine = Participant.objects.filter(user=bob.id)
        mine.update(pinned=False)
        mine.filter(conversation__in=[chats[number] for number in numbers]).update(pinned=True)

    assert listed(2) == [8, 7, 6, 5, 4]
    pin(0, 2)
    assert listed(2) == [8, 7, 6, 2, 0], "by activity still: a client puts the pinned ones first"
    pin(8, 1)
    assert listed(2) == [8, 7, 6, 5, 1]
    pin(*range(7))
    assert listed(2) == [6, 5, 4, 3, 2], "never more than the limit"


def test_wishing_costs_the_same_however_many_take_part(
    amy: ApiClient, bob: ApiClient, group: int, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for pinned, more in ((True, 0), (False, 50)):
        User.objects.bulk_create(User(email=f"{more}-{n}@example.com", nickname=f"{n}") for n in range(more))
        Participant.objects.bulk_create(
            Participant(conversation_id=group, user=user)
            for user in User.objects.filter(email__startswith=f"{more}-")
        )
        with django_assert_max_num_queries(20) as used:
            ok(bob.patch(f"conversations/{group}", {"pinned": pinned}))
        counts.append(len(used))
    assert counts[0] == counts[1] <= 11, used.captured_queries
