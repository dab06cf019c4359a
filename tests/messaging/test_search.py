"""Finding messages by what they say: what is found, by whom, in which order, how far a request looks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chatchat.db import on_mysql
from messaging import search
from messaging.models import Message
from tests.client import ApiClient, error_code, ok
from tests.messaging.line import in_one_go, room, rooms, say

pytestmark = pytest.mark.django_db


def find(client: ApiClient, q: str, **filters: Any) -> list[tuple[int, str]]:
    """(conversation, text) of what is found, page by page."""
    found: list[tuple[int, str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = ok(client.get("messages/search", q=q, **filters, **cursor)).json()
        found += [(row["conversation"], row["message"]["body"]) for row in page["results"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


def texts(client: ApiClient, q: str, **filters: Any) -> list[str]:
    return [text for _conversation, text in find(client, q, **filters)]


def everywhere_and(conversation: int) -> list[dict[str, int]]:
    """The two ways in which messages are walked."""
    return [{}, {"conversation": conversation}]


@pytest.fixture
def said(amy: ApiClient, direct: int) -> Callable[..., None]:
    """Let Amy say these, in order."""

    def say_all(*bodies: str) -> None:
        for body in bodies:
            amy.send_message(direct, body)

    return say_all


@pytest.mark.parametrize(
    ("bodies", "q", "found"),
    [
        (("See you tomorrow", "nothing"), "tomorrow", ["See you tomorrow"]),
        (("See you tomorrow",), "TOMOR", ["See you tomorrow"]),
        (("one two", "two three", "two one"), "one two", ["two one", "one two"]),
        (("one two", "two three", "two one"), '"one two"', ["one two"]),
        (("we said so", 'we said "so"'), "said so", ['we said "so"', "we said so"]),
        (("明天见，老地方", "今天见"), "明天", ["明天见，老地方"]),
        (("明天见，老地方", "今天见"), "见", ["今天见", "明天见，老地方"]),
        (("🍣 tonight?", "🍺 tonight?"), "🍣", ["🍣 tonight?"]),
        (("👨‍👩‍👧 here", "👨 here"), "👨‍👩‍👧", ["👨‍👩‍👧 here"]),
        (("Привет, мир", "пока"), "привет", ["Привет, мир"]),
        (("100% sure", "100 sure"), "100%", ["100% sure"]),
        (("a_b", "axb"), "a_b", ["a_b"]),
        (("C:\\temp", "C:temp"), "C:\\temp", ["C:\\temp"]),
        (("it's", "its"), "it's", ["it's"]),
        (("first line\nsecond line",), "second", ["first line\nsecond line"]),
        (("ﷺ مرحبا",), "مرحبا", ["ﷺ مرحبا"]),
    ],
)
def test_every_word_is_held_in_whatever_writing(
    bob: ApiClient, said: Callable[..., None], bodies: tuple[str, ...], q: str, found: list[str]
) -> None:
    said(*bodies)
    assert texts(bob, q) == found


def test_accents_make_no_difference_to_a_server(bob: ApiClient, said: Callable[..., None]) -> None:
    said("At the café", "ÉCOLE")
    assert texts(bob, "café") == ["At the café"]
    assert texts(bob, "école") == ["ÉCOLE"], "another case is found everywhere"
    assert texts(bob, "cafe") == (["At the café"] if on_mysql() else [])


def test_what_it_says_now_is_what_is_found(
    amy: ApiClient, bob: ApiClient, said: Callable[..., None], direct: int
) -> None:
    said("the old words", "taken back", "stays")
    ok(amy.patch(f"conversations/{direct}/messages/1", {"body": "the new words"}))
    ok(amy.delete(f"conversations/{direct}/messages/2"), 204)
    assert texts(bob, "old") == []
    assert texts(bob, "words") == ["the new words"]
    assert texts(bob, "taken") == []
    results = ok(bob.get("messages/search", q="s")).json()["results"]
    assert [row["message"] for row in results] == [bob.history(direct)[2], bob.history(direct)[0]]


def test_the_system_s_lines_are_not_what_people_say(amy: ApiClient, group: int) -> None:
    assert any(line["kind"] == "system" for line in amy.history(group))
    for word in ("joined", "member", "event", str(amy.id)):
        assert texts(amy, word) == []


def test_only_what_one_may_see_is_found(amy: ApiClient, bob: ApiClient, eve: ApiClient, group: int) -> None:
    since = amy.create_group(history="since_joined")
    hidden = amy.create_group()
    for place in (since, hidden, group):
        amy.send_message(place, f"secret {place}")
    ok(bob.post(f"groups/{since}/join"), 200, 201, 204)
    amy.send_message(since, "secret, later")
    assert find(bob, "secret") == [(since, "secret, later"), (group, f"secret {group}")]
    assert find(bob, "secret", conversation=since) == [(since, "secret, later")]
    assert error_code(ok(bob.get("messages/search", q="x", conversation=hidden), 404)) == "not_found"
    assert find(eve, "secret") == []
    ok(bob.post(f"groups/{group}/leave"), 204)
    assert find(bob, "secret") == [(since, "secret, later")]
    ok(bob.get("messages/search", q="x", conversation=group), 404)


def test_by_place_sender_and_time(amy: ApiClient, bob: ApiClient, direct: int, group: int) -> None:
    for client, place, body in ((amy, direct, "tea 1"), (bob, direct, "tea 2"), (amy, group, "tea 3")):
        client.send_message(place, body)
    for days, body in ((3, "tea 1"), (2, "tea 2")):
        row = Message.objects.get(body=body)
        Message.objects.filter(pk=row.pk).update(sent_at=row.sent_at - timedelta(days=days))
    assert texts(bob, "tea") == ["tea 3", "tea 2", "tea 1"]
    assert texts(bob, "tea", conversation=direct) == ["tea 2", "tea 1"]
    assert texts(bob, "tea", sender=amy.id) == ["tea 3", "tea 1"]
    assert texts(bob, "tea", sender=amy.id, conversation=direct) == ["tea 1"]
    assert texts(bob, "tea", sender=2**62) == []
    second = Message.objects.get(body="tea 2").sent_at
    then, later = second.isoformat(), (second + timedelta(hours=1)).isoformat()
    for filters in everywhere_and(direct):
        assert texts(bob, "tea", before=then, **filters) == ["tea 1"]
        assert texts(bob, "tea", after=then, **filters)[-1:] == ["tea 2"], "a bound is within, as a beginning"
        assert texts(bob, "tea", after=then, before=later, **filters) == ["tea 2"]
    tomorrow = (second + timedelta(days=4)).date().isoformat()
    assert texts(bob, "tea", before=tomorrow) == ["tea 3", "tea 2", "tea 1"]
    assert texts(bob, "tea", after=tomorrow) == []


def test_pages_go_on_where_they_ended_whatever_is_said_meanwhile(
    amy: ApiClient, bob: ApiClient, said: Callable[..., None], direct: int
) -> None:
    said(*[f"tea {number}" for number in range(7)])
    for filters in everywhere_and(direct):
        first = ok(bob.get("messages/search", q="tea", limit=3, **filters)).json()
        late = amy.send_message(direct, "tea, once more")
        rest = ok(bob.get("messages/search", q="tea", limit=100, cursor=first["next"], **filters)).json()
        found = [row["message"]["body"] for page in (first, rest) for row in page["results"]]
        assert found == [f"tea {number}" for number in (6, 5, 4, 3, 2, 1, 0)]
        assert rest["next"] is None
        ok(amy.delete(f"conversations/{direct}/messages/{late['seq']}"), 204)


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_request_looks_for_a_while_and_the_next_goes_on(
    amy: ApiClient, bob: ApiClient, direct: int, monkeypatch: pytest.MonkeyPatch, everywhere: bool
) -> None:
    """With the time up at once, each request looks through one stretch."""
    monkeypatch.setattr(search, "SECONDS", 0)
    monkeypatch.setattr(search, "FEW", 5)
    writer = User.objects.get(pk=amy.id)
    with in_one_go():
        say(writer, direct, "the needle")
        for number in range(17):
            say(writer, direct, f"hay {number}")
    # Seqs begin at 1; ids are those after all that other tests have written.
    there = Message.objects.latest("pk").pk if everywhere else 18
    monkeypatch.setattr(search, "STRETCH", there // 4)
    place: dict[str, Any] = {} if everywhere else {"conversation": direct}
    pages = [ok(bob.get("messages/search", q="needle", **place)).json()]
    while pages[-1]["next"] is not None:
        pages.append(ok(bob.get("messages/search", q="needle", **place, cursor=pages[-1]["next"])).json())
    found = [row["message"]["body"] for page in pages for row in page["results"]]
    assert found == ["the needle"]
    assert 4 <= len(pages) <= 6


def test_who_has_many_messages_is_found_the_same(
    amy: ApiClient, bob: ApiClient, eve: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether everything is looked through by conversation or by the primary key."""
    writer, reader, other = (User.objects.get(pk=client.id) for client in (amy, bob, eve))
    with in_one_go():
        chats = [*rooms(3, writer, reader), *rooms(2, writer, other), room(writer, other)]
        for number in range(40):
            say(writer, chats[number % len(chats)], f"number {number}")
    expected = find(bob, "number 1")
    assert len(expected) > 3
    monkeypatch.setattr(search, "STRETCH", 7)
    monkeypatch.setattr(search, "FEW", 7)
    monkeypatch.setattr(search, "AT_ONCE", 2)
    assert find(bob, "number 1") == expected
    assert find(bob, "number 1", limit=2) == expected


def test_a_search_costs_as_many_queries_however_much_there_is(
    amy: ApiClient, bob: ApiClient, direct: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    writer, reader = User.objects.get(pk=amy.id), User.objects.get(pk=bob.id)
    wanted = search.Wanted(["hay"])
    for many in (1, 30):
        with in_one_go():
            for chat in [*rooms(many, writer, reader), direct]:
                say(writer, chat, "hay")
        with django_assert_num_queries(4):  # places, the newest, the search, the messages
            search.page(user_id=bob.id, wanted=wanted, cursor=None, limit=50)
        with django_assert_num_queries(3):  # one's place, the search, the messages
            search.page(
                user_id=bob.id, wanted=search.Wanted(["hay"], conversation=direct), cursor=None, limit=50
            )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("q", ""), ("q", "  "), ("q", '""'), ("q", "\u200b\u200d"), ("q", "a\x00b"), ("q", "x" * 101),
        ("q", " ".join("abcdefghijk")), ("conversation", "0"), ("conversation", "x"), ("sender", "-1"),
        ("sender", str(2**63)), ("limit", "0"), ("limit", "101"), ("cursor", "x"), ("cursor", "1" * 30),
        ("cursor", "٣"), ("before", "yesterday"), ("before", "2026-13-01"), ("after", "2026-03-01T25:00:00Z"),
        ("after", "0001-01-01"), ("before", "9999-12-31T23:59:59Z"), ("before", ""),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_its_name(bob: ApiClient, field: str, value: str) -> None:
    refused = ok(bob.get("messages/search", **({"q": "x"} | {field: value})), 400)
    assert error_code(refused) == "invalid"
    assert [*refused.json()["error"]["details"]] == [field]


def test_searches_are_limited(bob: ApiClient, settings: Settings) -> None:
    settings.COST_RATE = "3/d"
    for _ in range(3):
        assert texts(bob, "x") == []
    refused = ok(bob.get("messages/search", q="x"), 429)
    assert int(refused.headers["Retry-After"]) >= 1
