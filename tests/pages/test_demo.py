"""The demo: made once, through the services, and only where it may be."""

import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from chatchat import demo
from groups.models import Group
from messaging.models import Conversation, Message, Participant
from social.models import FriendRequest, Friendship

pytestmark = pytest.mark.django_db(transaction=True)


def make() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_the_demo_holds_what_the_readme_says() -> None:
    assert "making the demo" in make()
    assert User.objects.count() == len(demo.PEOPLE)
    assert Group.objects.count() >= 3
    assert Friendship.objects.count() >= 8
    assert FriendRequest.objects.filter(status="pending").count() >= 1
    people_s = Message.objects.filter(sender__isnull=False)
    assert people_s.count() >= 150
    assert people_s.filter(edited_at__isnull=False).exists()
    assert people_s.filter(recalled_at__isnull=False).exists()
    assert people_s.filter(reply_to__isnull=False).count() >= 10
    assert people_s.filter(reactions__isnull=False).exists()
    assert [row for row in people_s if row.data.get("mentions")]
    sent = [one for row in people_s for one in row.data.get("attachments", ())]
    assert {one["type"] for one in sent} == {"image/jpeg", "image/png", "application/octet-stream"}
    assert [row for row in people_s if len(row.data.get("attachments", ())) > 1]


def test_what_the_demo_says_is_whole_in_order_and_in_the_past() -> None:
    make()
    for conversation in Conversation.objects.all():
        messages = list(Message.objects.filter(conversation=conversation).order_by("seq"))
        assert [message.seq for message in messages] == list(range(1, conversation.last_seq + 1))
        times = [message.sent_at for message in messages]
        assert times == sorted(times)
        assert times[-1].timestamp() < time.time()
    said = Message.objects.filter(sender__isnull=False).order_by("pk").values_list("sent_at", flat=True)
    assert list(said) == sorted(said), "over all conversations, too: ids are the order of lists and searches"


def test_unread_counts_are_those_of_the_scripts() -> None:
    make()
    alice = User.objects.get(email="alice@example.com")
    rows = Participant.objects.filter(user=alice).select_related("conversation")
    unread = {row.conversation.title: row.conversation.last_ordinal - row.read_ordinal for row in rows}
    assert unread["周末爬山小队"] == 3
    assert unread["Book club 读书会"] == 0


def test_a_second_start_changes_nothing() -> None:
    make()
    before = (User.objects.count(), Message.objects.count(), Conversation.objects.count())
    assert make() == ""
    User.objects.get(email="admin@example.com").delete()  # as if the first making had been cut short
    make()
    assert (User.objects.count(), Message.objects.count(), Conversation.objects.count()) == before


def test_the_logins_work_and_are_shown_where_one_signs_in() -> None:
    assert demo.table() == ""
    assert b"chatchat-demo" not in Client().get("/login/").content
    make()
    assert [login.email for login in demo.logins() if login.admin] == ["admin@example.com"]
    assert b"chatchat-demo" in Client().get("/login/").content
    for login in demo.logins()[:2]:
        assert login.email in demo.table()
        answer = Client().post("/login/", {"email": login.email, "password": login.password})
        assert answer.status_code == 302


def test_people_whose_password_everybody_knows_are_not_made_where_mail_is_real(settings: object) -> None:
    settings.DEV_MAIL = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError):
        make()
    assert not User.objects.exists()
