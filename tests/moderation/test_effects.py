"""What each action does, by the public doors, and that it is undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.audit import Action
from accounts.models import AuditEvent, User
from accounts.services.silences import silence
from chatchat import policies
from chatchat.clock import now
from chatchat.trips import execute_together
from groups.models import Dissolved, Group, Membership
from messaging import store
from messaging.models import Message, Withheld
from tests.admin_client import act, staff
from tests.client import PASSWORD, ApiClient, Frame, error_code, ok
from tests.messaging.attachments import check_usage, photo
from tests.witness import frames_to, lines, revoked, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_files")]
REASON = "said <b>things</b>"


def entry(action: Action) -> AuditEvent:
    """The one line of this action."""
    return AuditEvent.objects.get(action=action)


def message(client: ApiClient, conversation: int, seq: int) -> Frame:
    return next(one for one in client.history(conversation) if one["seq"] == seq)


def state(client: ApiClient, conversation: int) -> Frame:
    found: Frame = ok(client.get(f"conversations/{conversation}")).json()
    return found


# --- messages


def test_a_message_is_recalled_and_restored(
    moderator: Client, mona: User, amy: ApiClient, ben: ApiClient, direct: int
) -> None:
    picture = photo(amy)
    amy.send_message(direct, "rude", attachments=[picture["id"]])
    ok(ben.put(f"conversations/{direct}/messages/1/reactions/👍"), 200, 204)
    before = message(ben, direct, 1)
    row = Message.objects.get(conversation=direct)
    with told() as events:
        act(moderator, "messaging/message", "recall", row, reason=REASON)
    gone = message(ben, direct, 1)
    assert (gone["body"], gone["data"], gone["reactions"]) == ("", {}, [])
    assert gone["recalled_at"] is not None
    for client in (amy, ben):
        ok(client.get(picture["url"]), 404)
    [notice] = [frame for frame in frames_to(events, amy.id) if frame["type"] == "notice"]
    assert (notice["action"], notice["reason"]) == ("message.recalled", REASON)
    assert notice["conversation"] == direct
    done = entry(Action.MESSAGE_RECALLED)
    assert (done.actor, done.subject_id, done.conversation_id, done.seq) == (mona, amy.id, direct, 1)
    assert "rude" not in repr(list(AuditEvent.objects.values()))
    with told():
        act(moderator, "messaging/message", "restore", row)
    back = message(ben, direct, 1)
    assert {**back, "version": before["version"]} == before
    ok(ben.get(picture["url"]))
    check_usage()


def test_what_people_recall_themselves_stays_gone(moderator: Client, amy: ApiClient, direct: int) -> None:
    amy.send_message(direct, "oops")
    ok(amy.delete(f"conversations/{direct}/messages/1"), 204)
    page = act(moderator, "messaging/message", "restore", Message.objects.get(conversation=direct))
    assert "cannot be restored" in page
    assert message(amy, direct, 1)["body"] == ""


def test_what_is_withheld_is_let_go_after_its_term(moderator: Client, amy: ApiClient, direct: int) -> None:
    picture = photo(amy)
    amy.send_message(direct, "rude", attachments=[picture["id"]])
    row = Message.objects.get(conversation=direct)
    with told():
        act(moderator, "messaging/message", "recall", row)
    policies.tidy()
    assert Withheld.objects.exists()
    Withheld.objects.update(until=now())
    with told():
        policies.tidy()
    assert not Withheld.objects.exists()
    check_usage()
    assert "cannot be restored" in act(moderator, "messaging/message", "restore", row)


def test_all_of_the_last_hour_is_recalled(
    moderator: Client, amy: ApiClient, ben: ApiClient, direct: int
) -> None:
    for body in ("long ago", "buy", "this"):
        amy.send_message(direct, body)
    ben.send_message(direct, "no")
    group = amy.create_group(ben)
    amy.send_message(group, "buy!")
    Message.objects.filter(conversation=direct, seq=1).update(sent_at=now() - timedelta(hours=2))
    with told() as events:
        act(moderator, "accounts/user", "recall_recent", amy.id, reason="spam")
    assert [one["body"] for one in ben.history(direct)] == ["long ago", "", "", "no"]
    assert ben.history(group)[-1]["recalled_at"] is not None
    assert len([frame for frame in frames_to(events, amy.id) if frame["type"] == "notice"]) == 1
    assert AuditEvent.objects.filter(action=Action.MESSAGE_RECALLED, subject_id=amy.id).count() == 3
    rows = Message.objects.filter(sender=amy.id, recalled_at__isnull=False)
    with told():
        act(moderator, "messaging/message", "restore", *rows)
    assert [one["body"] for one in ben.history(direct)] == ["long ago", "buy", "this", "no"]
    assert "Nothing was written" in act(moderator, "accounts/user", "recall_recent", staff())


# --- writing


def test_who_is_silenced_writes_nowhere_and_reads_everything(
    moderator: Client, amy: ApiClient, ben: ApiClient, direct: int, api: Callable[..., ApiClient]
) -> None:
    amy.send_message(direct, "before")
    group = amy.create_group(ben)
    stranger = api("Eve")
    with told() as events:
        act(moderator, "accounts/user", "silence", amy.id, term="1d", reason=REASON)
    assert (amy.id, "") in revoked(events)
    until = User.objects.get(pk=amy.id).silenced_until
    assert until is not None
    assert timedelta(hours=23) < until - now() < timedelta(hours=25)
    shown = state(amy, direct)
    assert (shown["may_send"], shown["silenced"]["reason"]) == (False, REASON)
    said = {"client_id": "61a24422-f7c1-4bca-a4b7-4106c2e5462b", "kind": "text", "body": "x"}
    for method, path, body in (
        ("POST", f"conversations/{direct}/messages", said),
        ("POST", f"conversations/{group}/messages", said),
        ("PATCH", f"conversations/{direct}/messages/1", {"body": "after"}),
        ("PUT", f"conversations/{direct}/messages/1/reactions/👍", None),
        ("POST", "friend-requests", {"user": stranger.id, "greeting": "buy this"}),
        ("POST", "groups", {"name": "buy this"}),
        ("PATCH", f"groups/{group}", {"name": "buy this"}),
    ):
        refused = ok(amy.request(method, path, json=body), 403)
        assert error_code(refused) == "silenced", path
        assert refused.json()["error"]["details"]["reason"] == REASON
    assert [one["body"] for one in amy.history(direct)] == ["before"]
    assert state(ben, direct)["silenced"] is None
    act(moderator, "accounts/user", "unsilence", amy.id)
    amy.send_message(direct, "after")
    assert state(amy, direct)["silenced"] is None
    assert entry(Action.SILENCED).until == until
    assert entry(Action.UNSILENCED).reason == "because"


def test_a_silence_ends_by_itself(amy: ApiClient, direct: int, mona: User) -> None:
    silence(user_id=amy.id, by=mona, reason="spam", until=now() + timedelta(days=1))
    User.objects.filter(pk=amy.id).update(silenced_until=now())
    amy.send_message(direct, "again")
    assert state(amy, direct)["may_send"]
    policies.tidy()
    assert User.objects.get(pk=amy.id).silenced_until is None


def test_the_permission_to_write_costs_no_query_of_its_own(
    amy: ApiClient, direct: int, mona: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    def speaks() -> bool:
        (rows,) = execute_together(store.places_query([(direct, amy.id)]))
        return store.places_in(rows)[direct, amy.id].speaks

    with django_assert_num_queries(1):
        assert speaks()
    silence(user_id=amy.id, by=mona, reason="spam", until=now() + timedelta(days=1))
    with django_assert_num_queries(1):
        assert not speaks()


def test_a_member_is_muted_in_a_group_and_only_there(
    moderator: Client, amy: ApiClient, ben: ApiClient, direct: int
) -> None:
    group = ben.create_group(amy)
    member = Membership.objects.get(group=group, user=amy.id)
    with told() as events:
        act(moderator, "groups/membership", "mute", member, term="1h", reason="spam")
    assert [line["event"] for line in lines(events, group)] == ["member.muted"]
    assert "spam" not in repr(lines(events, group)), "the reason is for the person"
    [notice] = [frame for frame in frames_to(events, amy.id) if frame["type"] == "notice"]
    assert (notice["action"], notice["reason"], notice["title"]) == ("member.muted", "spam", "A group")
    assert state(amy, group)["muted"]
    amy.send_message(direct, "still here")
    with told():
        act(moderator, "groups/membership", "unmute", member)
    assert state(amy, group)["may_send"]
    assert entry(Action.MUTED).conversation_id == entry(Action.UNMUTED).conversation_id == group


# --- coming in


def test_who_is_banned_is_out_and_back_with_everything(
    moderator: Client, amy: ApiClient, ben: ApiClient, direct: int
) -> None:
    amy.send_message(direct, "hello")
    before = ben.history(direct)
    with told() as events:
        act(moderator, "accounts/user", "ban", amy.id, term="7d", reason=REASON)
    assert (amy.id, "banned") in revoked(events)
    refused = ok(amy.post("auth/token", {"email": amy.email, "password": PASSWORD}), 403).json()["error"]
    assert (refused["code"], refused["details"]["reason"]) == ("banned", REASON)
    ok(amy.get("users/me"), 403)
    with told():
        act(moderator, "accounts/user", "unban", amy.id)
    amy.login()
    assert ben.history(direct) == amy.history(direct) == before
    amy.send_message(direct, "back")
    assert entry(Action.BANNED).until is not None
    mails = [mail["text"] for mail in amy.mails("amy@example.com")]
    assert any(REASON in text for text in mails), "who is shut out is told by mail"


def test_all_sessions_are_ended(moderator: Client, amy: ApiClient) -> None:
    other = amy.another_device()
    with told() as events:
        act(moderator, "accounts/user", "sign_out", amy.id, reason="a stolen phone")
    [notice] = frames_to(events, amy.id)
    assert (notice["action"], notice["reason"]) == ("person.sessions_ended", "a stolen phone")
    for client in (amy, other):
        ok(client.get("users/me"), 401)
    amy.login()


# --- groups


def test_a_group_is_dissolved_and_restored(moderator: Client, amy: ApiClient, ben: ApiClient) -> None:
    group = amy.create_group(ben, name="Market")
    ok(amy.patch(f"groups/{group}/members/{ben.id}", {"role": "admin"}))
    amy.send_message(group, "buy")
    before = ok(amy.get(f"groups/{group}/members")).json()["results"]
    shown = ok(amy.get(f"groups/{group}")).json()
    with told() as events:
        act(moderator, "groups/group", "dissolve", group, reason="a market")
    assert (ben.id, "dissolved") in revoked(events)
    ok(amy.get(f"groups/{group}"), 404)
    ok(ben.get(f"conversations/{group}/messages"), 404)
    assert not Group.objects.exists()
    with told() as events:
        act(moderator, "groups/dissolved", "restore", group)
    assert [line["event"] for line in lines(events, group)] == ["group.restored"]
    assert ok(amy.get(f"groups/{group}")).json() == shown
    assert ok(amy.get(f"groups/{group}/members")).json()["results"] == before
    ben.send_message(group, "sold")
    assert not Dissolved.objects.exists()
    assert entry(Action.DISSOLVED).subject_id == entry(Action.GROUP_RESTORED).subject_id == amy.id


def test_a_dissolved_group_is_let_go_after_its_term(moderator: Client, amy: ApiClient) -> None:
    group = amy.create_group()
    with told():
        act(moderator, "groups/group", "dissolve", group)
    policies.tidy()
    assert Dissolved.objects.exists()
    Dissolved.objects.update(until=now())
    policies.tidy()
    assert not Dissolved.objects.exists()
