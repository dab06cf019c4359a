"""Finding, paging, reading in context, exporting: bounded, in a constant number of queries."""

import csv
import io
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.audit import Action
from accounts.models import AuditEvent, User
from accounts.recordadmin import harmless
from accounts.services import record
from chatchat import glance
from chatchat.clock import now
from chatchat.landmarks import ids_before
from messaging import moderating
from messaging.models import Conversation, Message
from messaging.services import messages
from tests.admin_client import act, entered, staff
from tests.client import ApiClient, ok
from tests.people import new_user

pytestmark = pytest.mark.django_db


def say(user_id: int, conversation: int, body: str = "hello") -> Message:
    said = messages.send(user_id=user_id, conversation_id=conversation, client_id=uuid.uuid4(), body=body)
    return Message.objects.get(conversation=conversation, seq=said.seq)


def listed(client: Client, path: str, **query: Any) -> str:
    answer = client.get(f"/admin/{path}/" if path else "/admin/", query)
    assert answer.status_code == 200, answer
    return answer.content.decode()


# --- pages of a list


def walked(client: Client, path: str, query: str = "") -> Iterator[Any]:
    """The pages of a list, each found by the link on the one before."""
    url = f"/admin/{path}/{query}"
    while url:
        answer = client.get(url)
        assert answer.status_code == 200
        shown = answer.context["cl"]
        yield shown
        url = f"/admin/{path}/{shown.older}" if shown.older else ""


def test_a_list_is_walked_there_and_back(moderator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site._registry[User], "list_per_page", 7)
    for number in range(20):
        new_user(f"Person {number:02}")
    everybody = list(User.objects.order_by("-pk").values_list("pk", flat=True))
    pages = list(walked(moderator, "accounts/user"))
    assert [row.pk for page in pages for row in page.result_list] == everybody
    assert [len(page.result_list) for page in pages] == [7, 7, 7]
    back = moderator.get(f"/admin/accounts/user/{pages[2].newer}").context["cl"]
    assert [row.pk for row in back.result_list] == [row.pk for row in pages[1].result_list]
    assert pages[0].newer is None


def test_people_of_a_name_are_walked_by_it(moderator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site._registry[User], "list_per_page", 2)
    for name in ("Anna", "Anna", "Anna", "Annabel", "Annette", "Bert", "anneke"):
        new_user(name)
    pages = list(walked(moderator, "accounts/user", "?q=Ann"))
    found = [row.nickname for page in pages for row in page.result_list]
    assert sorted(found, key=str.casefold) == ["Anna", "Anna", "Anna", "Annabel", "anneke", "Annette"]
    assert len({row.pk for page in pages for row in page.result_list}) == 6


def test_people_are_found_by_their_standing(moderator: Client, mona: User) -> None:
    everybody = {name: new_user(name) for name in ("Banned", "Banned later", "Silenced", "Nothing")}
    for number, name in enumerate(("Banned", "Banned later")):
        User.objects.filter(pk=everybody[name].pk).update(banned_at=now() + timedelta(hours=number))
    User.objects.filter(pk=everybody["Silenced"].pk).update(silenced_until=now() + timedelta(hours=1))

    def found(standing: str) -> list[str]:
        answer = moderator.get("/admin/accounts/user/", {"standing": standing})
        assert answer.status_code == 200
        return [row.nickname for row in answer.context["cl"].result_list]

    assert found("banned") == ["Banned later", "Banned"]
    assert found("silenced") == ["Silenced"]
    assert found("staff") == [mona.nickname]
    assert len(found("nonsense")) == 5


@pytest.mark.parametrize(
    "cursor",
    ["x", "[]", "[1,2]", '["x"]', "[null]", "[true]", "[1e400]", "[[1]]", f"[{10**30}]", "{}", "[" * 5000],
)
@pytest.mark.parametrize("path", ["accounts/user", "messaging/message", "accounts/auditevent"])
def test_a_made_up_place_in_a_list_is_refused(moderator: Client, path: str, cursor: str) -> None:
    for name in ("before", "after"):
        assert moderator.get(f"/admin/{path}/", {name: cursor}).status_code in (200, 302)


@pytest.mark.parametrize(
    "query",
    ["body__icontains=x", "sender__email__startswith=a", "o=1", "_facets=True", "all=", "p=3", "q=%00"],
)
def test_no_list_is_sorted_counted_or_searched_by_what_no_index_serves(moderator: Client, query: str) -> None:
    for path in ("accounts/user", "messaging/message"):
        assert moderator.get(f"/admin/{path}/?{query}").status_code in (200, 302, 400)


def test_nothing_is_counted(moderator: Client, django_assert_max_num_queries: Any) -> None:
    new_user()
    listed(moderator, "")
    for path in ("accounts/user", "messaging/message", "accounts/auditevent", "groups/group"):
        with django_assert_max_num_queries(12) as queries:
            listed(moderator, path)
        assert not [one for one in queries if "COUNT(" in one["sql"]], path


# --- messages


def test_messages_are_found_by_conversation_sender_text_and_time(
    moderator: Client, amy: ApiClient, ben: ApiClient, direct: int
) -> None:
    group = amy.create_group(ben)
    say(amy.id, direct, "apple pie")
    say(ben.id, direct, "banana split")
    say(amy.id, group, "cherry cake")
    Message.objects.filter(body="apple pie").update(sent_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))

    def bodies(**query: Any) -> list[str]:
        answer = moderator.get("/admin/messaging/message/", query)
        return [row.body for row in answer.context["cl"].result_list if row.body]

    assert bodies(conversation=direct) == ["banana split", "apple pie"]
    assert bodies(sender=amy.id) == ["cherry cake", "apple pie"]
    assert bodies(sender="BEN@example.com") == ["banana split"]
    assert bodies(conversation=direct, sender=amy.id) == ["apple pie"]
    assert bodies(text="AN") == ["banana split"]
    assert bodies(conversation=group, text="an") == []
    assert bodies(conversation=direct, at="2026-01-03T00:00") == ["apple pie"]
    assert bodies(at="2026-01-03T00:00") == ["apple pie"]
    for nothing in ({"sender": "nobody@example.com"}, {"conversation": "x"}, {"sender": "x"}):
        assert bodies(**nothing) == []
    assert len(bodies(at="not a time", far="x")) == 3


def test_text_is_looked_for_in_one_window_after_another(
    moderator: Client, amy: ApiClient, direct: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moderating, "WINDOW", 4)
    for number in range(10):
        say(amy.id, direct, f"needle {number}" if number in (1, 8) else "hay")
    for query in (f"?text=needle&conversation={direct}", f"?text=needle&sender={amy.id}"):
        found, url = [], query
        for _page in range(6):
            answer = moderator.get(f"/admin/messaging/message/{url}")
            found += [row.body for row in answer.context["cl"].result_list]
            url = answer.context["further"]
            if not url:
                break
        assert found == ["needle 8", "needle 1"], query


def test_a_message_is_read_with_what_was_said_around_it(
    moderator: Client, amy: ApiClient, ben: ApiClient, direct: int
) -> None:
    rows = [say(amy.id, direct, f"number {number}.") for number in range(50)]
    ok(amy.patch(f"conversations/{direct}/messages/24", {"body": "number 23, edited."}))
    ok(amy.delete(f"conversations/{direct}/messages/26"), 204)
    page = listed(moderator, f"messaging/message/{rows[24].pk}/change")
    shown = [number for number in range(50) if f"number {number}." in page or f"number {number}," in page]
    assert shown == [number for number in range(4, 45) if number != 25]
    assert "edited" in page
    assert "recalled" in page
    own_line = page[page.index(f'id="m{rows[24].seq}"') : page.index(f'id="m{rows[24].seq + 1}"')]
    assert own_line.count('name="action"') == page.count('name="action" value="recall"') == 1
    group = amy.create_group(ben)
    line = Message.objects.filter(conversation=group).order_by("seq")[0]
    assert "Amy founded the group" in listed(moderator, f"messaging/message/{line.pk}/change")
    assert moderator.get("/admin/messaging/message/99999999/change/").status_code == 404


def test_files_are_for_who_may_read_them(moderator: Client, amy: ApiClient, direct: int) -> None:
    from tests.messaging.attachments import photo

    picture = photo(amy)
    unsent = photo(amy)
    amy.send_message(direct, "look", attachments=[picture["id"]])
    row = Message.objects.get(conversation=direct)
    assert f"/file/{picture['id']}/" in listed(moderator, f"messaging/message/{row.pk}/change")
    for path in (f"file/{picture['id']}/", f"file/{picture['id']}/small/"):
        answer: Any = moderator.get(f"/admin/messaging/message/{path}")
        assert answer.getvalue()  # which closes the file
    assert moderator.get(f"/admin/messaging/message/file/{unsent['id']}/").status_code == 404
    assert entered(staff()).get(f"/admin/messaging/message/file/{picture['id']}/").status_code == 403


# --- constant


@pytest.mark.parametrize(
    "path",
    [
        "accounts/user/",
        "accounts/user/?q=Per",
        "accounts/session/",
        "accounts/auditevent/",
        "messaging/conversation/",
        "messaging/message/",
        "messaging/message/?conversation={direct}",
        "messaging/message/?sender={amy}",
        "messaging/message/?text=hello",
        "messaging/message/?conversation={direct}&at=2027-01-01T00:00",
        "messaging/message/{message}/change/",
        "messaging/participant/",
        "groups/group/",
        "groups/membership/",
        "accounts/user/{amy}/change/",
    ],
)
def test_pages_take_the_same_queries_however_much_there_is(
    moderator: Client,
    amy: ApiClient,
    ben: ApiClient,
    direct: int,
    path: str,
    django_assert_max_num_queries: Any,
) -> None:
    def grow() -> None:
        for _ in range(3):
            group = amy.create_group(ben)
            say(ben.id, group)
            say(amy.id, direct)
            record.write(Action.BANNED, by=new_user().pk, subject=new_user().pk, reason="spam")

    grow()
    message = Message.objects.filter(conversation=direct).order_by("seq")[0].pk
    url = f"/admin/{path}".format(direct=direct, amy=amy.id, message=message)
    moderator.get(url)  # whatever is read once a process
    with django_assert_max_num_queries(40) as before:
        cache.delete(glance.KEY)
        assert moderator.get(url).status_code == 200
    taken = len(before)
    grow()
    with django_assert_max_num_queries(taken):
        cache.delete(glance.KEY)
        moderator.get(url)


def test_a_moment_is_found_by_id_in_a_few_queries(
    amy: ApiClient, direct: int, django_assert_num_queries: Any
) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [say(amy.id, direct) for _ in range(200)]
    for number, row in enumerate(rows):
        Message.objects.filter(pk=row.pk).update(sent_at=begin + timedelta(minutes=number))
    Message.objects.filter(pk__in=[row.pk for row in rows[50:60]]).delete()  # a gap
    with django_assert_num_queries(5):
        found = ids_before(
            Message.objects.all(),
            [begin + timedelta(minutes=minutes) for minutes in (0, 1, 55, 100, 500)],
            at="sent_at",
        )
    assert found[0] == rows[0].pk - 1
    assert found[1] == rows[0].pk
    assert rows[49].pk <= found[2] < rows[60].pk
    assert found[3:] == [rows[99].pk, rows[199].pk]
    assert ids_before(Conversation.objects.none(), [now()], at="created_at") == [0]


# --- the record's own page


def test_the_record_is_filtered(moderator: Client, administrator: Client, amy: ApiClient, mona: User) -> None:
    act(moderator, "accounts/user", "ban", amy.id, term="1d", reason="spam")
    record.write(Action.BANNED, subject=new_user("Zoe").pk, reason="another", ip="2001:db8::1")

    def reasons(client: Client, **query: Any) -> list[str]:
        answer = client.get("/admin/accounts/auditevent/", query)
        assert answer.status_code == 200
        return [row.reason for row in answer.context["cl"].result_list if row.reason]

    assert reasons(moderator, whom=amy.id) == ["spam"]
    assert reasons(moderator, who=mona.email, what=Action.BANNED) == ["spam"]
    assert reasons(administrator, ip="2001:DB8::1") == ["another"]
    assert reasons(administrator, ip="nonsense") == []
    tomorrow = f"{now() + timedelta(days=1):%Y-%m-%dT%H:%M}"
    assert reasons(moderator, since=tomorrow) == []
    assert reasons(moderator, till=tomorrow) == ["another", "spam"]
    for nonsense in ({"who": "x"}, {"whom": "9" * 40}, {"where": "x"}):
        assert reasons(moderator, **nonsense) == []


def test_moderators_see_no_security_events_and_no_addresses(
    moderator: Client, administrator: Client, amy: ApiClient
) -> None:
    amy.another_device()
    record.write(Action.BANNED, subject=amy.id, reason="spam", ip="192.0.2.7")
    assert "192.0.2.7" not in listed(moderator, "accounts/auditevent")
    assert "192.0.2.7" in listed(administrator, "accounts/auditevent")
    login = AuditEvent.objects.filter(action=Action.LOGIN).order_by("pk")[0].pk
    assert moderator.get(f"/admin/accounts/auditevent/{login}/change/").status_code == 302
    assert administrator.get(f"/admin/accounts/auditevent/{login}/change/").status_code == 200
    assert moderator.post("/admin/accounts/auditevent/export/").status_code == 403


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "＝1", " =1+1", '"; DROP', "a,b\nc", "<script>"]


def test_an_export_is_text_to_every_spreadsheet(administrator: Client) -> None:
    zoe = new_user("=cmd|' /C calc'!A0")
    for text in HOSTILE:
        AuditEvent(action=Action.BANNED, subject=zoe, reason=text).save()
    answer: Any = administrator.post("/admin/accounts/auditevent/export/?what=person.banned")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["reason"].removeprefix("'") for row in rows] == HOSTILE[::-1]
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert cell.lstrip(" ")[:1] not in set("=+-@\t\r＝"), cell
    assert harmless(None) == ""
    exported = AuditEvent.objects.get(action=Action.EXPORTED)
    assert exported.details == {"filters": ["what"]}
    assert administrator.get("/admin/accounts/auditevent/export/").status_code == 403


def test_an_export_is_streamed_by_keyset(
    administrator: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    from accounts import recordadmin

    for number in range(25):
        AuditEvent(action=Action.BANNED, reason=f"number {number}").save()
    monkeypatch.setattr(recordadmin, "CHUNK", 10)
    monkeypatch.setattr(recordadmin, "EXPORT_MOST", 22)
    answer: Any = administrator.post("/admin/accounts/auditevent/export/?what=person.banned")
    with django_assert_num_queries(3):
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert [row["reason"] for row in csv.DictReader(io.StringIO(text))] == [
        f"number {number}" for number in range(24, 2, -1)
    ]


# --- hostile reasons


@pytest.mark.parametrize(
    ("reason", "taken"),
    [
        ("<script>hacked()</script>", True),
        ("x" * 300, True),
        ("x" * 301, False),
        ("a" + "\u0301" * 4000, False),
        ("a\x00b", False),
        ("a\nb", False),
        ("\u200b\u2060", False),
        ("   ", False),
        ("\u202e‮nope", True),
        ("{{7*7}} %s %(by)s {0}", True),
    ],
)
def test_a_reason_is_one_line_of_text(moderator: Client, amy: ApiClient, reason: str, taken: bool) -> None:
    page = act(moderator, "accounts/user", "ban", amy.id, term="1d", reason=reason)
    assert (User.objects.get(pk=amy.id).banned_at is not None) == taken
    for shown in (page, listed(moderator, ""), listed(moderator, f"accounts/user/{amy.id}/change")):
        assert "<script>hacked" not in shown
    refused = amy.get("users/me")
    assert refused.status_code == (403 if taken else 200)
    if taken:
        assert refused.json()["error"]["details"]["reason"] == reason.strip()


# --- the start page


def test_the_start_page_shows_what_goes_on(
    moderator: Client,
    amy: ApiClient,
    ben: ApiClient,
    direct: int,
    api: Callable[..., ApiClient],
    settings: Settings,
) -> None:
    settings.RATELIMIT_ENABLE = False
    api().register("zoe@example.com")
    for body in ("one", "two", "three"):
        amy.send_message(direct, body)
    ok(api().post("auth/token", {"email": amy.email, "password": "wrong, quite wrong"}), 401)
    act(moderator, "accounts/user", "ban", ben.id, term="1d", reason="three strikes")
    cache.delete(glance.KEY)
    seen = glance.glance()
    assert seen["hours"][-1][1] == 3
    assert (seen["registrations"], seen["failed_logins"], seen["slow_readers"]) == (1, 1, 0)
    assert seen["database_bytes"]
    page = listed(moderator, "")
    for text in ("three strikes", "<svg", "3 in 24 hours", "free on the disk"):
        assert text in page
    assert "style=" not in page
    assert "three strikes" not in listed(entered(staff()), ""), "it is for who may read the record"
