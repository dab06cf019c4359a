"""An emoji on a message: once a person, and what is so already takes no version."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from messaging.models import Reaction
from tests.client import ApiClient, error_code, ok
from tests.messaging.common import changes, check_numbers, head, message
from tests.witness import told, untouched

pytestmark = pytest.mark.django_db


def put(client: ApiClient, conversation: int, seq: int, emoji: str):  # type: ignore[no-untyped-def]
    return client.put(f"conversations/{conversation}/messages/{seq}/reactions/{quote(emoji, safe='')}")


def take(client: ApiClient, conversation: int, seq: int, emoji: str):  # type: ignore[no-untyped-def]
    return client.delete(f"conversations/{conversation}/messages/{seq}/reactions/{quote(emoji, safe='')}")


def test_reactions_are_counted_by_emoji_in_the_order_given(
    amy: ApiClient, bob: ApiClient, direct: int
) -> None:
    amy.send_message(direct, "lunch?")
    with told() as events:
        ok(put(bob, direct, 1, "🍣"), 204)
        ok(put(amy, direct, 1, "🍺"), 204)
        ok(put(amy, direct, 1, "🍣"), 204)
    expected = [
        {"emoji": "🍣", "count": 2, "users": [bob.id, amy.id]},
        {"emoji": "🍺", "count": 1, "users": [amy.id]},
    ]
    told_of = changes(events)
    assert [change["version"] for change in told_of] == [2, 3, 4]
    assert told_of[-1]["reactions"] == expected
    assert message(bob, direct, 1)["reactions"] == expected
    ok(take(bob, direct, 1, "🍣"), 204)
    assert message(bob, direct, 1)["reactions"][-1] == {"emoji": "🍣", "count": 1, "users": [amy.id]}
    check_numbers(direct)


def test_what_is_so_already_takes_no_version(amy: ApiClient, direct: int) -> None:
    amy.send_message(direct, "hello")
    ok(put(amy, direct, 1, "👍"), 204)
    with untouched():
        ok(put(amy, direct, 1, "👍"), 204)
        ok(take(amy, direct, 1, "👎"), 204)
    assert head(direct) == (1, 2, 1)


def test_emoji_that_look_alike_are_different(amy: ApiClient, direct: int) -> None:
    amy.send_message(direct, "hello")
    several = ["🍣", "🍺", "👍", "👍🏽", "❤", "❤️", "👨‍👩‍👧", "👩‍👩‍👧", "🇨🇳", "🇯🇵", "1️⃣", "#️⃣", "ℹ️", "™️"]
    for emoji in several:
        ok(put(amy, direct, 1, emoji), 204)
    assert [reaction["emoji"] for reaction in message(amy, direct, 1)["reactions"]] == several
    for emoji in several:
        ok(take(amy, direct, 1, emoji), 204)
    assert not Reaction.objects.exists()


def test_what_is_no_emoji_is_refused(amy: ApiClient, direct: int) -> None:
    amy.send_message(direct, "hello")
    with untouched():
        for text in ("ok", "字", " ", "👍 ", "👍👍" * 20, "1", "\x00", "<b>", "é"):
            assert put(amy, direct, 1, text).status_code == 400, text


def test_a_message_bears_twenty_different_ones(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    amy.send_message(direct, "hello")
    several = [chr(0x1F600 + number) for number in range(21)]
    for emoji in several[:20]:
        ok(put(amy, direct, 1, emoji), 204)
    with untouched():
        assert error_code(ok(put(bob, direct, 1, several[20]), 409)) == "too_many_reactions"
    ok(put(bob, direct, 1, several[0]), 204)


def test_twenty_people_are_named_and_all_are_counted(api: Callable[..., ApiClient], amy: ApiClient) -> None:
    others = [api(f"P{number}") for number in range(21)]
    group = amy.create_group(*others)
    seq = amy.send_message(group, "hello")["seq"]
    for other in others:
        ok(put(other, group, seq, "👍"), 204)
    (reaction,) = message(amy, group, seq)["reactions"]
    assert reaction["count"] == 21
    assert reaction["users"] == [other.id for other in others[:20]]


def test_who_may_not_is_refused(amy: ApiClient, bob: ApiClient, eve: ApiClient, group: int) -> None:
    seq = amy.send_message(group, "hello")["seq"]
    gone = amy.send_message(group, "oops")["seq"]
    ok(amy.delete(f"conversations/{group}/messages/{gone}"), 204)
    ok(amy.patch(f"groups/{group}/members/{bob.id}", {"muted_until": "2099-01-01T00:00:00Z"}))
    last = head(group)[0]
    with untouched():
        ok(put(eve, group, seq, "👍"), 404)
        ok(put(amy, group, last + 1, "👍"), 404)
        assert error_code(ok(put(amy, group, gone, "👍"), 409)) == "recalled"
        assert error_code(ok(put(bob, group, seq, "👍"), 403)) == "may_not_send"
