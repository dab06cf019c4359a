"""Every kind of damage to numbers, markers and rights is found, mended, and found no more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import F

from accounts.models import User
from groups.models import Group, Membership
from messaging.doctor import stretches
from messaging.models import Conversation, Message, Participant
from messaging.recount import LOST, LOST_MAX
from tests.client import ApiClient
from tests.doctor.common import doctor, findings
from tests.doctor.conftest import Town
from tests.messaging.common import state

pytestmark = pytest.mark.django_db

Damage = Callable[[Town], Any]


def conversation(town: Town) -> Any:
    return Conversation.objects.filter(pk=town.group)


def place(town: Town) -> Any:
    """Amy's, who has one unread message."""
    return Participant.objects.filter(conversation=town.group, user=town.amy.id)


def said(town: Town, *seqs: int) -> Any:
    return Message.objects.filter(conversation=town.group, seq__in=seqs)


#: What is done, and what the doctor says of it; the group's seven messages are two lines and five of people.
DAMAGE: dict[str, tuple[Damage, set[str]]] = {
    "last_seq too low": (lambda t: conversation(t).update(last_seq=F("last_seq") - 1), {"last_seq"}),
    "last_seq too high": (lambda t: conversation(t).update(last_seq=F("last_seq") + 3), {"lost messages"}),
    "last_version too low": (lambda t: conversation(t).update(last_version=2), {"last_version"}),
    "last_version too high": (lambda t: conversation(t).update(last_version=99), {"last_version"}),
    "last_ordinal too low": (lambda t: conversation(t).update(last_ordinal=1), {"last_ordinal"}),
    "last_ordinal too high": (lambda t: conversation(t).update(last_ordinal=99), {"last_ordinal"}),
    "last_ordinal below zero": (lambda t: conversation(t).update(last_ordinal=-2), {"last_ordinal"}),
    "another newest message": (lambda t: conversation(t).update(last_message_id=1), {"last_message_id"}),
    "an ordinal": (lambda t: said(t, 5).update(ordinal=40), {"ordinal"}),
    "all ordinals": (lambda t: said(t, *range(8)).update(ordinal=F("ordinal") + 1), {"ordinal"}),
    "the last message is gone": (lambda t: said(t, 7).delete(), {"lost messages"}),
    "the first message is gone": (lambda t: said(t, 1).delete(), {"lost messages"}),
    "two messages are gone": (lambda t: said(t, 3, 5).delete(), {"lost messages", "ordinal"}),
    "all messages are gone": (lambda t: said(t, *range(8)).delete(), {"lost messages"}),
    "read_ordinal too high": (lambda t: place(t).update(read_ordinal=99), {"read_ordinal", "unread"}),
    "read_ordinal too low": (lambda t: place(t).update(read_ordinal=0), {"read_ordinal", "unread"}),
    "read_ordinal below zero": (lambda t: place(t).update(read_ordinal=-1), {"read_ordinal", "unread"}),
    "delivered past the end": (lambda t: place(t).update(delivered_seq=99), {"delivered_seq"}),
    "read past the end": (
        lambda t: place(t).update(delivered_seq=99, read_seq=99),
        {"delivered_seq", "read_seq"},
    ),
    "markers below zero": (
        lambda t: place(t).update(delivered_seq=-2, read_seq=-3),
        {"delivered_seq", "read_seq"},
    ),
    "own messages unread": (
        lambda t: place(t).update(delivered_seq=2, read_seq=2, read_ordinal=0),
        {"read_seq", "delivered_seq", "unread"},
    ),
    "sees from nowhere": (lambda t: place(t).update(visible_from_seq=0), {"visible_from_seq"}),
    "sees from beyond the end": (lambda t: place(t).update(visible_from_seq=99), {"visible_from_seq"}),
}


@contextmanager
def undone() -> Iterator[None]:
    """What happens within never happened: the next damage is done to the same healthy town."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_damage_is_found_and_mended(town: Town) -> None:
    for name, (harm, codes) in DAMAGE.items():
        with undone():
            harm(town)
            found = findings("counters")
            assert codes <= {finding["code"] for finding in found}, name
            assert {finding["conversation"] for finding in found} == {town.group}, name
            mended = findings("counters", "--fix")
            assert [{**finding, "mended": True} for finding in found] == mended, f"{name}: as was announced"
            assert findings("counters") == [], name
    assert findings("counters") == []


def test_after_mending_people_write_read_and_count_as_ever(town: Town) -> None:
    said(town, 4).delete()
    conversation(town).update(last_ordinal=77)
    findings("counters", "--fix")
    history = town.amy.history(town.group)
    assert [message["seq"] for message in history] == [1, 2, 3, 4, 5, 6, 7]
    assert history[3]["data"] == {"event": LOST}
    assert town.bob.send_message(town.group, "on we go")["seq"] == 8
    assert state(town.amy, town.group)["unread"] == 2
    assert findings("counters") == []


def test_whoever_resumes_gets_the_line_that_stands_for_what_is_lost(town: Town) -> None:
    head = state(town.bob, town.group)["last_version"]
    said(town, 4).delete()
    findings("counters", "--fix")
    page = town.bob.get(f"conversations/{town.group}/sync", after=head).json()
    assert [(message["seq"], message["data"]) for message in page["messages"]] == [(4, {"event": LOST})]


def test_numbers_that_were_given_are_not_given_again(town: Town) -> None:
    said(town, 7).delete()
    version = state(town.bob, town.group)["last_version"]
    findings("counters", "--fix")
    sent = town.bob.send_message(town.group, "next")
    assert sent["seq"] == 8
    assert sent["version"] > version


def test_where_too_much_is_gone_the_doctor_says_so_and_leaves_it(town: Town) -> None:
    conversation(town).update(last_seq=LOST_MAX + 100)
    (lost,) = [finding for finding in findings("counters", "--fix") if not finding["mended"]]
    assert lost["code"] == "lost messages"
    assert "restore a backup" in lost["note"]
    assert said(town, *range(1, 2000)).count() == 7


def test_one_broken_conversation_does_not_keep_the_others_from_being_mended(town: Town) -> None:
    # A line for the lost message would take the version after the highest that a column can hold.
    Conversation.objects.filter(pk=town.direct).update(last_version=2**63 - 1)
    Message.objects.filter(conversation=town.direct, seq=2).delete()
    conversation(town).update(last_ordinal=99)
    found = findings("counters", "--fix")
    assert [(finding["conversation"], finding["code"], finding["mended"]) for finding in found] == [
        (town.direct, "unreadable", False),
        (town.group, "last_ordinal", True),
    ]


def test_every_conversation_is_in_one_stretch(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [town.direct, town.group, *(town.amy.create_group(town.bob) for _ in range(5))]
    for limit in (1, 3, 12, 10**9):
        monkeypatch.setattr("messaging.doctor.STRETCH", limit)
        monkeypatch.setattr("messaging.doctor.AT_ONCE", 3)
        found = list(stretches())
        assert sum(count for _low, _high, count, _length in found) == len(ids)
        within = [id_ for low, high, _count, _length in found for id_ in ids if low <= id_ <= high]
        assert sorted(within) == sorted(ids)


# ------------------------------------------------------------------ rights


def right(town: Town, kind: str, who: ApiClient) -> Any:
    where = town.direct if kind == "direct" else town.group
    return Participant.objects.filter(conversation=where, user=who.id)


RIGHTS: dict[str, tuple[str, Damage, list[tuple[str, Any, Any]]]] = {
    "a friend may not write": (
        "friends",
        lambda t: right(t, "direct", t.amy).update(may_send=False),
        [("may_send", False, True)],
    ),
    "a member may not write": (
        "members",
        lambda t: right(t, "group", t.bob).update(may_send=False),
        [("may_send", False, True)],
    ),
    "a member moderates": (
        "members",
        lambda t: right(t, "group", t.bob).update(may_moderate=True),
        [("may_moderate", True, False)],
    ),
    "a member has no place": (
        "members",
        lambda t: right(t, "group", t.bob).delete(),
        [("takes part", False, True)],
    ),
    "a stranger has a place": (
        "members",
        lambda t: Membership.objects.filter(group=t.group, user=t.bob.id).delete(),
        [("takes part", True, False), ("member_count", 2, 1)],
    ),
    "members are counted wrong": (
        "members",
        lambda t: Group.objects.filter(pk=t.group).update(member_count=7),
        [("member_count", 7, 2)],
    ),
    "all are muted and one is not": (
        "members",
        lambda t: Group.objects.filter(pk=t.group).update(muted_all=True),
        [("may_send", True, False)],
    ),
}


def test_wrong_rights_are_found_and_mended(town: Town) -> None:
    for name, (check, harm, expected) in RIGHTS.items():
        with undone():
            harm(town)
            found = findings(check)
            shown = [(finding["code"], finding["found"], finding["right"]) for finding in found]
            assert shown == expected, name
            assert all(finding["mended"] for finding in findings(check, "--fix")), name
            assert findings(check) == [], name


@pytest.mark.parametrize("end", ["friendship", "block"])
def test_who_may_not_write_any_more_and_could_is_found(town: Town, end: str) -> None:
    if end == "friendship":
        town.amy.delete(f"friends/{town.bob.id}")
    else:
        town.bob.put(f"blocks/{town.amy.id}")
    assert findings("friends") == []
    right(town, "direct", town.amy).update(may_send=True)
    (finding,) = findings("friends", "--fix")
    assert (finding["user"], finding["found"], finding["right"]) == (town.amy.id, True, False)
    assert findings("friends") == []
    assert not state(town.amy, town.direct)["may_send"]


# ------------------------------------------------------------------ a healthy site


def test_a_site_on_which_everything_happened_is_healthy(town: Town) -> None:
    call_command("demo", verbosity=0)
    assert User.objects.count() > 5
    code, words = doctor("--only", "counters", "--only", "friends", "--only", "members")
    assert code == 0, words
    assert words.splitlines()[-1] == "healthy"


def test_what_is_found_is_bounded(town: Town) -> None:
    from chatchat.doctor import KEPT, Finding, Report

    report = Report("counters")
    for number in range(KEPT + 5):
        report.differ(Finding("last_seq", {"conversation": number}, 1, 2))
    assert (len(report.findings), report.found) == (KEPT, KEPT + 5)


def test_looking_takes_as_many_queries_for_many_conversations_as_for_few(
    town: Town, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        town.amy.create_group(town.bob)
    with django_assert_max_num_queries(5):  # whose conversations there are, and three statements about them
        assert findings("counters") == []
