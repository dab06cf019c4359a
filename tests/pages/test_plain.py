"""The chat without scripts: read, answer, send once, and be told why not."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from playwright.sync_api import expect

from accounts.models import User
from chatchat.text import inline_name, plain_name
from messaging import search, transcript, wording
from messaging.models import Message, Participant
from messaging.services import messages
from social import services as social
from tests.accounts.pictures import picture
from tests.client import ApiClient
from tests.pages.conftest import Windows
from tests.pages.test_account import browser_of
from tests.people import new_user


def befriend(one: User, other: User) -> int:
    social.ask(sender_id=one.pk, recipient_id=other.pk)
    asked = social.ask(sender_id=other.pk, recipient_id=one.pk)  # crossing requests befriend
    assert asked.conversation_id is not None
    return asked.conversation_id


def say(user: User, conversation: int, body: str, **fields: Any) -> int:
    """The message's seq."""
    return messages.send(
        user_id=user.pk, conversation_id=conversation, client_id=uuid.uuid4(), body=body, **fields
    ).seq


@pytest.fixture
def pair(db: None) -> tuple[User, User, int]:
    """Amy and Ben, who are friends, and their conversation."""
    amy, ben = new_user("Amy"), new_user("Ben")
    return amy, ben, befriend(amy, ben)


def client_id(page: Any) -> str:
    return str(page.context["form"]["client_id"].value())


# --- what was said somewhere --------------------------------------------------------------------------


def test_what_was_said_is_found_and_led_to(pair: tuple[User, User, int]) -> None:
    amy, ben, chat = pair
    for number in range(60):
        say(ben, chat, f"talk {number}")
    seq = say(amy, chat, "We meet at\nthe <old> bridge, and then we walk up to the ridge together")
    say(ben, chat, "fine")
    page = browser_of(amy).get("/plain/search/", {"q": '"<OLD> bridge"'})
    (one,) = page.context["found"]
    assert (one["place"]["title"], one["sender"]["nickname"], one["seq"]) == ("Ben", "Amy", seq)
    assert "We meet at the &lt;old&gt; bridge" in page.content.decode()
    link = re.search(r'href="(/plain/\d+/\?before=\d+)#m(\d+)"', page.content.decode())
    assert link is not None
    there = browser_of(amy).get(link[1])
    assert f'id="m{link[2]}"' in there.content.decode()


def test_a_search_goes_on_and_says_when_there_is_nothing(
    pair: tuple[User, User, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    amy, ben, chat = pair
    say(ben, chat, "the needle")
    for number in range(9):
        say(ben, chat, f"hay {number}")
    browser = browser_of(amy)
    assert "No message found." in browser.get("/plain/search/", {"q": "nothing like it"}).content.decode()
    monkeypatch.setattr(search, "SECONDS", 0)
    monkeypatch.setattr(search, "STRETCH", 4)
    monkeypatch.setattr(search, "FEW", 4)
    page = browser.get("/plain/search/", {"q": "needle"})
    for _request in range(4):
        assert "Nothing found so far." in page.content.decode()
        page = browser.get("/plain/search/", {"q": "needle", "cursor": page.context["further"]})
        if page.context["found"]:
            break
    assert [one["text"] for one in page.context["found"]] == ["the needle"]


def test_a_search_without_words_is_refused_at_its_field(pair: tuple[User, User, int]) -> None:
    browser = browser_of(pair[0])
    assert browser.get("/plain/search/").status_code == 200
    for q in ("", "   ", "x" * 101, "a\x00b"):
        page = browser.get("/plain/search/", {"q": q})
        assert page.status_code == 400
        assert page.context["form"].errors
    assert browser.get("/plain/search/", {"q": "x", "cursor": "y"}).status_code == 400


# --- who may ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_signs_in_first_and_is_led_back() -> None:
    answer = Client().get("/plain/7/")
    assert answer["Location"] == "/login/?next=/plain/7/"
    user = new_user("Amy")
    assert browser_of(user).get("/login/?next=/plain/")["Location"] == "/plain/"


def test_a_conversation_of_others_is_not_there(pair: tuple[User, User, int]) -> None:
    _amy, _ben, conversation = pair
    stranger = browser_of(new_user("Mallory"))
    before = Message.objects.count()
    for path in (f"/plain/{conversation}/", "/plain/999999999/"):
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, {"client_id": uuid.uuid4(), "body": "let me in"}).status_code == 404
    assert stranger.get("/plain/").context["conversations"] == []
    assert Message.objects.count() == before


# --- reading ------------------------------------------------------------------------------------------


def test_the_list_shows_who_what_when_and_how_many_unread(pair: tuple[User, User, int]) -> None:
    amy, ben, conversation = pair
    say(ben, conversation, "Good morning\n<b>Amy</b>")
    say(ben, conversation, "Are you there?")
    page = browser_of(amy).get("/plain/")
    [shown] = page.context["conversations"]
    assert (shown["title"], shown["preview"], shown["unread"]) == ("Ben", "Are you there?", 2)
    assert f'href="/plain/{conversation}/#newest"' in page.content.decode()
    assert "<b>Amy" not in page.content.decode()


def test_what_was_shown_counts_as_read(pair: tuple[User, User, int]) -> None:
    amy, ben, conversation = pair
    for number in range(60):
        last = say(ben, conversation, f"number {number}")
    browser = browser_of(amy)
    page = browser.get(f"/plain/{conversation}/")
    assert [line["body"] for line in page.context["lines"]] == [f"number {n}" for n in range(10, 60)]
    me = Participant.objects.get(user=amy, conversation=conversation)
    assert (me.read_seq, me.delivered_seq) == (last, last)
    older = browser.get(f"/plain/{conversation}/?before={page.context['older']}")
    assert [line["body"] for line in older.context["lines"]] == [f"number {n}" for n in range(10)]
    assert older.context["older"] is None
    me.refresh_from_db()
    assert me.read_seq == last
    for odd in ("0", "-1", "x", "9" * 30, "１"):
        assert browser.get(f"/plain/{conversation}/", {"before": odd, "reply": odd}).status_code == 200


def test_lists_and_pages_take_a_constant_number_of_queries(
    pair: tuple[User, User, int], django_assert_num_queries: Callable[..., Any]
) -> None:
    amy, ben, conversation = pair
    browser = browser_of(amy)
    first = say(ben, conversation, "the very first")
    for count in (1, 8):
        for number in range(count):
            friend = new_user(f"Friend {count} {number}", password="!")
            say(friend, befriend(amy, friend), "hello")
            say(ben, conversation, f"hello {number}", reply_to=first)
        # The cookie's row and the session; one's place, the last messages, the peers.
        with django_assert_num_queries(5):
            browser.get("/plain/")
        browser.get(f"/plain/{conversation}/")
        # The cookie's row and the session; one's place; messages and reactions; the state's two.
        with django_assert_num_queries(7):
            browser.get(f"/plain/{conversation}/")


def test_an_answer_shows_what_it_answers_also_from_long_ago(pair: tuple[User, User, int]) -> None:
    amy, ben, conversation = pair
    first = say(amy, conversation, "Shall we walk?")
    for number in range(55):
        say(ben, conversation, f"number {number}")
    say(ben, conversation, "Yes, let us", reply_to=first)
    page = browser_of(amy).get(f"/plain/{conversation}/").content.decode()
    assert re.search(rf'href="\?before={first + 1}#m{first}".*Amy.*Shall we walk\?', page, re.DOTALL)


def test_recalled_and_edited_messages_and_links(pair: tuple[User, User, int]) -> None:
    amy, ben, conversation = pair
    secret = say(ben, conversation, "a secret")
    messages.recall(user_id=ben.pk, conversation_id=conversation, seq=secret)
    typo = say(ben, conversation, "see htp")
    messages.edit(
        user_id=ben.pk, conversation_id=conversation, seq=typo, body="see https://example.com/a?b=1&c=2."
    )
    page = browser_of(amy).get(f"/plain/{conversation}/").content.decode()
    assert "a secret" not in page
    assert "Message recalled" in page
    assert "edited" in page
    assert '<a href="https://example.com/a?b=1&amp;c=2" rel="noopener noreferrer nofollow"' in page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_systems_lines_are_worded(language: str) -> None:
    data = {"by": 1, "user": 2, "name": "River", "role": "admin"}
    with translation.override(language):
        for event in wording.SYSTEM:
            line = wording.system({"event": event, **data}, {1: "Amy", 2: "Ben"})
            assert "%(" not in line
            assert event == "message.lost" or "Amy" in line or "Ben" in line
        assert wording.system({"event": "of.tomorrow"}, {}) == "of.tomorrow"
        assert "#1" in wording.system({"event": "group.created", "by": 1}, {})
        assert wording.system({"event": "group.muted_all"}, {})


def test_the_server_words_what_the_scripts_word() -> None:
    from django.conf import settings

    script = (settings.BASE_DIR / "static/chatchat/js/format.js").read_text()
    events = set(re.findall(r'^  "([a-z]+\.[a-z_]+)": \(\) =>', script, re.MULTILINE))
    assert events
    assert events <= set(wording.SYSTEM)
    words = dict(re.findall(r'^  "([a-z]+\.[a-z_]+)": \(\) => gettext\("(.+)"\),$', script, re.MULTILINE))
    with translation.override("en"):
        assert words == {event: wording.SYSTEM[event]() for event in events}


@pytest.mark.parametrize("name", ["\u200b\u200d", "\u3164\ufe0f", "\u202e", "\u2800 \u00a0", ""])
def test_a_name_that_cannot_be_seen_is_said_to_be_so(name: str) -> None:
    assert plain_name(name) == "(no visible name)"


def test_a_name_turns_nothing_around() -> None:
    assert plain_name("\u202egnp.exe\u2066") == "gnp.exe"
    assert inline_name("\u202e\u05e9\u05dc") == "\u2068\u05e9\u05dc\u2069"
    assert inline_name("小明 🍵") == plain_name("小明 🍵") == "小明 🍵"
    line = wording.system({"event": "member.removed", "by": 1, "user": 2}, {1: "\u202eAmy", 2: "\u05e9"})
    assert line == "Amy removed \u2068\u05e9\u2069"


def test_what_is_attached_stands_for_a_message_without_text() -> None:
    photo = {"type": "image/png", "width": 5, "height": 5, "name": "a.png"}
    file = {"type": "text/plain", "width": None, "height": None, "name": "\u202etxt.notes"}
    message = {"recalled_at": None, "kind": "text", "body": "", "sender": {"id": 5}}
    for attached, words in (
        ([photo], "1 picture"),
        ([photo] * 2, "2 pictures"),
        ([photo, file], "txt.notes"),
    ):
        shown = wording.preview({**message, "data": {"attachments": attached}}, {}, reader=5)
        assert shown == words
    gone = {**message, "recalled_at": "2026-01-02T03:04:05.678Z", "data": {}}
    assert wording.preview(gone, {}, reader=5) == "You recalled a message"
    assert wording.preview(gone, {}, reader=6) == "Message recalled"


def test_attachments_are_links_and_pictures_with_their_size(
    api: Callable[..., ApiClient],
) -> None:
    amy, ben = api("Amy"), api("Ben")
    conversation = amy.befriend(ben)
    kept = []
    for name, data in (("a.png", picture(size=(600, 400))), ("<b>.txt", b"hello")):
        answer = ben.post("attachments", files={"file": (name, data)})
        assert answer.status_code == 201, answer.text
        kept.append(answer.json())
    ben.send_message(conversation, "", attachments=[one["id"] for one in kept])
    browser = browser_of(User.objects.get(pk=amy.id))
    page = browser.get(f"/plain/{conversation}/").content.decode()
    for one in kept:
        assert f'href="{one["url"]}"' in page
    thumbnail = kept[0]["thumbnail"]
    assert thumbnail["url"] in page
    assert f'width="{thumbnail["width"]}"' in page
    assert "<b>.txt" not in page


# --- writing ------------------------------------------------------------------------------------------


def test_a_message_is_sent_once_however_often_the_button_is_pressed(pair: tuple[User, User, int]) -> None:
    amy, _ben, conversation = pair
    browser, path = browser_of(amy), f"/plain/{conversation}/"
    form = {"client_id": client_id(browser.get(path)), "body": "two\r\nlines"}
    for _ in range(3):
        answer = browser.post(path, form)
        assert (answer.status_code, answer["Location"]) == (302, f"{path}#newest")
    [sent] = Message.objects.filter(sender=amy)
    assert (sent.body, sent.client_id) == ("two\nlines", form["client_id"])
    # Going back and writing something else is another message, which is asked about.
    other = browser.post(path, {**form, "body": "something else"})
    assert other.status_code == 409
    assert "something else" in other.content.decode()
    again = {"client_id": client_id(other), "body": "something else"}
    assert again["client_id"] != form["client_id"]
    assert browser.post(path, again).status_code == 302
    assert Message.objects.filter(sender=amy).count() == 2


def test_an_answer_is_written(pair: tuple[User, User, int]) -> None:
    amy, ben, conversation = pair
    asked = say(ben, conversation, "Tea?")
    browser, path = browser_of(amy), f"/plain/{conversation}/"
    page = browser.get(f"{path}?reply={asked}")
    assert page.context["reply"]["text"] == "Tea?"
    browser.post(path, {"client_id": client_id(page), "reply_to": asked, "body": "Yes"})
    assert Message.objects.get(sender=amy).reply_to == asked


@pytest.mark.parametrize(("body", "status"), [("", 400), (" \r\n", 400), ("x" * 4001, 400), ("\x00", 400)])
def test_what_cannot_be_sent_stays_typed(pair: tuple[User, User, int], body: str, status: int) -> None:
    amy, _ben, conversation = pair
    browser, path = browser_of(amy), f"/plain/{conversation}/"
    given = client_id(browser.get(path))
    answer = browser.post(path, {"client_id": given, "body": body})
    assert answer.status_code == status
    assert answer.context["form"].errors["body"]
    assert client_id(answer) == given
    assert not Message.objects.filter(sender=amy).exists()


def test_who_is_no_friend_any_more_is_told_and_keeps_what_was_typed(pair: tuple[User, User, int]) -> None:
    amy, ben, conversation = pair
    browser, path = browser_of(amy), f"/plain/{conversation}/"
    given = client_id(browser.get(path))
    social.unfriend(user_id=ben.pk, friend_id=amy.pk)
    answer = browser.post(path, {"client_id": given, "body": "All that I wanted to say"})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "You cannot write in this conversation at the moment." in text
    assert "All that I wanted to say" in text
    page = browser.get(path).content.decode()
    assert "You cannot write in this conversation at the moment." in page
    assert "<textarea" not in page


def test_the_form_needs_the_pages_token(pair: tuple[User, User, int]) -> None:
    amy, _ben, conversation = pair
    browser = browser_of(amy, enforce_csrf_checks=True)
    form = {"client_id": uuid.uuid4(), "body": "not mine"}
    assert browser.post(f"/plain/{conversation}/", form).status_code == 403
    assert not Message.objects.filter(sender=amy).exists()


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "javascript:alert(1)",
        'https://example.com/"onmouseover="alert(1)',
        "\u202egnp.exe",
        "e" + "\u0301" * 3999,
        "https://例え.example/" + "a" * 3900,
    ],
)
def test_hostile_text_is_text(pair: tuple[User, User, int], body: str) -> None:
    amy, ben, conversation = pair
    say(ben, conversation, body)
    browser = browser_of(amy)
    for path in ("/plain/", f"/plain/{conversation}/"):
        page = browser.get(path).content.decode()
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
        assert "onmouseover=" not in re.sub(r">[^<]*<", "><", page)
    assert str(transcript.linked(body)).count("<a ") == body.startswith("https")


# --- in a browser -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [390, 1280])
def test_without_javascript_one_signs_in_reads_and_writes(
    windows: Windows, friends: tuple[ApiClient, ApiClient, int], width: int
) -> None:
    amy, ben, conversation = friends
    ben.send_message(conversation, "Can you read me? " + "e" + "\u0301" * 3900)
    page = windows.open("/", width=width, javascript=False)
    page.goto("/chat/")
    page.fill("[name=email]", amy.email)
    page.fill("[name=password]", amy.password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/plain/")
    link = page.locator(".plain-list a")
    expect(link).to_contain_text("Can you read me?")
    expect(link.locator(".plain-unread")).to_contain_text("1")
    link.click()
    expect(page.locator(".plain-text")).to_contain_text("Can you read me?")
    page.get_by_label("Message", exact=True).fill("Loud and clear")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".plain-line.mine .plain-text")).to_have_text("Loud and clear")
    assert ben.history(conversation)[-1]["body"] == "Loud and clear"
    page.reload()
    expect(page.locator(".plain-line.mine")).to_have_count(1)
    page.get_by_role("link", name="All conversations").click()
    expect(page.locator(".plain-list a")).to_contain_text("Loud and clear")
    expect(page.locator(".plain-unread")).to_have_count(0)
