"""Where one writes: nothing is sent by mistake, nothing typed is lost, and what cannot be done says why."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, WebSocketRoute, expect

from messaging.services.messages import EMOJI_MAX, _looks_like_emoji
from tests.client import ApiClient, ok
from tests.pages.conftest import Windows
from tests.pages.test_chat import Friends, bubbles, cut_off, open_first, write

EMOJI = Path(__file__).resolve().parent.parent.parent / "static/chatchat/emoji/emoji.json"
Person = Callable[..., ApiClient]


def kept(page: Page) -> list[str]:
    """What this browser keeps of anybody's."""
    found: list[str] = page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('chatchat/'))")
    return found


def height(page: Page) -> float:
    box = page.locator("textarea").bounding_box()
    assert box is not None
    return box["height"]


def test_an_input_methods_enter_sends_nothing(windows: Windows, friends: Friends) -> None:
    amy, _, _ = friends
    hers = windows.sign_in(amy)
    open_first(hers)
    hers.focus("textarea")
    keyboard = hers.context.new_cdp_session(hers)
    keyboard.send("Input.imeSetComposition", {"text": "nihao", "selectionStart": 5, "selectionEnd": 5})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})  # while composing
    expect(hers.locator("textarea")).to_have_value("nihao")
    keyboard.send("Input.insertText", {"text": "你好"})
    # Safari: the composition has ended already when the key that ended it comes, as number 229.
    hers.eval_on_selector(
        "textarea",
        "field => field.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))",
    )
    hers.press("textarea", "Shift+Enter")
    hers.type("textarea", "Ben")
    assert bubbles(hers) == []
    hers.press("textarea", "Enter")
    expect(hers.locator("article .text")).to_have_text(["你好\nBen"])


def test_it_grows_with_what_is_in_it_and_counts_as_the_server_does(
    windows: Windows, friends: Friends
) -> None:
    amy, _, _ = friends
    hers = windows.sign_in(amy)
    open_first(hers)
    one = height(hers)
    hers.fill("textarea", "a word " * 40)
    wrapped = height(hers)
    assert wrapped > one
    hers.fill("textarea", "line\n" * 100)
    most = height(hers)
    line = 16 * 1.4
    assert wrapped < most <= 9 * line
    expect(hers.locator(".count")).to_be_hidden()

    hers.fill("textarea", "🍣" * 3990)  # each two of JavaScript's units, one of the server's characters
    expect(hers.locator(".count")).to_have_text("10")
    hers.fill("textarea", "🍣" * 4002)
    expect(hers.locator(".note")).to_contain_text("2 characters too many.")
    expect(hers.locator("textarea")).to_have_attribute("aria-invalid", "true")
    hers.press("textarea", "Enter")
    assert bubbles(hers) == []
    hers.press("textarea", "Backspace")
    hers.press("textarea", "Backspace")
    hers.press("textarea", "Enter")
    expect(hers.locator("article .text")).to_have_text("🍣" * 4000)
    assert height(hers) == one


def test_what_was_typed_is_kept_over_a_reload_in_each_tab_and_till_one_signs_out(
    windows: Windows, friends: Friends, person: Person
) -> None:
    amy, ben, conversation = friends
    amy.befriend(person("Cid"))
    ben.send_message(conversation, "tea or coffee?")
    hers = windows.sign_in(amy)
    open_first(hers)
    hers.locator("article").first.hover()
    hers.click("button[title=Reply]")
    hers.type("textarea", "tea, I thi")
    hers.reload()
    expect(hers.locator("textarea")).to_have_value("tea, I thi")
    expect(hers.locator(".composing")).to_contain_text("Reply to Ben")

    second = hers.context.new_page()
    second.goto("/chat/")
    expect(second.locator(".conversation", has_text="Ben")).to_contain_text("tea, I thi")
    open_first(second)
    expect(second.locator("textarea")).to_have_value("tea, I thi")
    second.type("textarea", "nk")
    expect(hers.locator("textarea")).to_have_value("tea, I think")
    hers.locator(".conversation", has_text="Cid").click()
    expect(hers.locator("textarea")).to_have_value("")
    expect(hers.locator(".conversation", has_text="Ben")).to_contain_text("tea, I think")
    second.press("textarea", "Enter")
    expect(second.locator("article .quote")).to_contain_text("tea or coffee?")
    expect(second.locator(".composing")).to_be_hidden()
    expect(hers.locator(".conversation", has_text="Ben").locator(".draft")).to_have_count(0)

    second.type("textarea", "a secret")
    assert kept(second)
    second.close()
    hers.click("form[action$='/logout/'] button")
    hers.wait_for_url(lambda url: "/chat/" not in url)
    assert kept(hers) == []


def test_what_was_written_before_an_edit_comes_back_after_it(windows: Windows, friends: Friends) -> None:
    amy, _, conversation = friends
    amy.send_message(conversation, "frist")
    hers = windows.sign_in(amy)
    open_first(hers)
    expect(hers.locator("article")).to_have_count(1)
    hers.press("textarea", "ArrowUp")
    expect(hers.locator("textarea")).to_have_value("frist")
    hers.press("textarea", "Escape")
    expect(hers.locator("textarea")).to_have_value("")
    hers.fill("textarea", "half a thou")
    hers.locator("article").first.click(button="right")
    hers.click("[role=menuitem]:has-text('Edit')")
    hers.fill("textarea", "first")
    hers.reload()
    expect(hers.locator("textarea")).to_have_value("first")
    expect(hers.locator(".composing")).to_contain_text("Editing")
    windows.listening = False
    cut_off(hers)
    hers.press("textarea", "Enter")
    expect(hers.locator(".note")).to_contain_text("connection")  # and it is still there
    expect(hers.locator("#offline")).to_be_visible()
    hers.context.set_offline(False)
    expect(hers.locator("#offline")).to_be_hidden()
    windows.listening = True
    expect(hers.locator("textarea")).to_have_value("first")
    hers.press("textarea", "Enter")
    expect(hers.locator("article .text")).to_have_text("first")
    expect(hers.locator("textarea")).to_have_value("half a thou")
    expect(hers.locator(".composing")).to_be_hidden()


def test_what_is_unsent_when_its_tab_is_closed_goes_out_from_the_next_one_once(
    windows: Windows, friends: Friends
) -> None:
    amy, ben, conversation = friends
    hers = windows.sign_in(amy)
    open_first(hers)
    windows.listening = False
    cut_off(hers)
    for number in range(3):
        write(hers, f"message {number}")
    expect(hers.locator("article.sending")).to_have_count(3)
    context = hers.context
    hers.close()
    context.set_offline(False)
    windows.listening = True
    pages = [context.new_page(), context.new_page()]
    for page in pages:
        page.goto(f"/chat/{conversation}/")
    expected = [f"message {number}" for number in range(3)]
    for page in pages:
        expect(page.locator("article:not(.sending) .text")).to_have_text(expected)
        expect(page.locator("article")).to_have_count(3)
    assert [message["body"] for message in ben.history(conversation)] == expected
    assert not [key for key in kept(pages[0]) if "/out/" in key]


def test_what_is_refused_says_why_and_is_kept_until_it_is_sent_or_discarded(
    windows: Windows, friends: Friends
) -> None:
    amy, ben, conversation = friends
    his = windows.sign_in(ben)
    open_first(his)
    windows.listening = False
    cut_off(his)
    write(his, "are you there?")
    write(his, "anybody?")
    amy.delete(f"friends/{ben.id}")
    his.context.set_offline(False)
    expect(his.locator("#offline")).to_be_hidden()
    windows.listening = True
    expect(his.locator(".failure")).to_have_count(2)
    expect(his.locator(".closed")).to_contain_text("not friends")
    his.reload()
    expect(his.locator(".failure")).to_have_count(2)
    amy.befriend(ben)
    expect(his.locator("textarea")).to_be_visible()
    his.locator("article", has_text="anybody?").locator("button:has-text('Discard')").click()
    his.click("button:has-text('Try again')")
    expect(his.locator(".failure")).to_have_count(0)
    expect(his.locator("article:not(.sending) .text").last).to_have_text("are you there?")
    assert [message["body"] for message in amy.history(conversation)] == ["are you there?"]


def test_mentions_are_completed_by_keyboard_and_mouse(windows: Windows, person: Person) -> None:
    amy = person("Amy")
    group = amy.create_group(person("Ben of the north"), person("韩梅梅"), person("Bernadette"))
    hers = windows.sign_in(amy, path=f"/chat/{group}/")
    options, field = hers.locator("#options [role=option]"), hers.locator("textarea")
    expect(field).to_be_visible()
    hers.type("textarea", "me@be")
    expect(options).to_have_count(0)
    hers.fill("textarea", "")
    hers.type("textarea", "@be")
    expect(options.locator("bdi")).to_have_text(["Ben of the north", "Bernadette"])
    expect(field).to_have_attribute("aria-activedescendant", "option-0")
    hers.press("textarea", "ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "option-1")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    hers.press("textarea", "Tab")
    expect(field).to_have_value("@Bernadette ")
    expect(options.first).to_be_hidden()
    hers.type("textarea", "和@韩")
    expect(options.locator("bdi")).to_have_text(["韩梅梅"])
    hers.press("textarea", "Escape")
    expect(options.first).to_be_hidden()
    expect(field).to_be_focused()
    hers.type("textarea", "梅梅 @north")
    options.first.click()
    expect(field).to_have_value("@Bernadette 和@韩梅梅 @Ben of the north ")
    hers.type("textarea", "@every")
    expect(options).to_contain_text(["everybody in this group"])
    hers.press("textarea", "Enter")
    hers.press("textarea", "Enter")
    expect(hers.locator("article:not(.sending) .text")).to_contain_text("@Ben of the north @everyone")
    assert amy.history(group)[-1]["data"]["mentions"] == "all"


def test_an_emoji_is_found_in_both_languages_and_by_arrow_keys(windows: Windows, friends: Friends) -> None:
    amy, _, _ = friends
    hers = windows.sign_in(amy)
    open_first(hers)
    hers.type("textarea", "ab")
    hers.press("textarea", "ArrowLeft")
    hers.click(".smile")
    hers.fill(".picker input", "party pop")
    expect(hers.locator(".picker .cells button")).to_have_text(["🎉"])
    hers.fill(".picker input", "地球")
    expect(hers.locator(".picker .cells button").first).to_have_text("🌍")
    hers.press(".picker input", "ArrowDown")
    hers.keyboard.press("ArrowRight")
    hers.keyboard.press("Enter")
    expect(hers.locator(".picker")).to_have_count(0)
    expect(hers.locator("textarea")).to_have_value("a🌎b")
    expect(hers.locator("textarea")).to_be_focused()
    hers.click(".smile")
    first = hers.locator(".picker [data-group=recent] button").first
    expect(first).to_have_text("🌎")
    hers.select_option(".picker .tone", "4")
    expect(hers.locator(".picker [data-group=people] button").first).to_have_text("👋🏾")
    hers.press(".picker input", "Escape")
    expect(hers.locator(".picker")).to_have_count(0)
    expect(hers.locator(".smile")).to_be_focused()
    hers.fill("textarea", "")
    hers.type("textarea", "at 10:30 :wav")
    expect(hers.locator("#options [role=option]").first).to_contain_text("waving hand")
    hers.press("textarea", "Enter")
    expect(hers.locator("textarea")).to_have_value("at 10:30 👋🏾")


@pytest.mark.embedded
def test_the_server_takes_each_emoji_that_is_offered() -> None:
    text = EMOJI.read_text(encoding="utf-8")
    rows = [row for group in json.loads(text)["groups"].values() for row in group]
    assert len(rows) > 1500
    assert len(text.encode()) < 150_000
    for emoji, *_ in rows:
        assert _looks_like_emoji(emoji)
        assert len(emoji) < EMOJI_MAX, emoji  # one is left for a tone


def test_who_is_muted_reads_until_when_and_keeps_what_was_typed(windows: Windows, person: Person) -> None:
    amy, ben = person("Amy"), person("Ben")
    group = amy.create_group(ben)
    his = windows.sign_in(ben, path=f"/chat/{group}/")
    expect(his.locator("textarea")).to_be_visible()
    his.type("textarea", "but I")
    until = datetime.now(UTC) + timedelta(days=3)
    ok(amy.patch(f"groups/{group}/members/{ben.id}", {"muted_until": until.isoformat()}))
    expect(his.locator(".closed")).to_contain_text(re.compile(r"muted until \w+ \d+, 20\d\d"))
    expect(his.locator("textarea")).to_have_value("but I")
    expect(his.locator("textarea")).not_to_be_editable()
    ok(amy.patch(f"groups/{group}/members/{ben.id}", {"muted_until": None}))
    expect(his.locator(".closed")).to_be_hidden()
    ok(amy.patch(f"groups/{group}", {"muted_all": True}))
    expect(his.locator(".closed")).to_contain_text("everybody is muted")
    ok(amy.patch(f"groups/{group}", {"muted_all": False}))
    expect(his.locator("textarea")).to_be_editable()
    his.type("textarea", " only said")
    expect(his.locator("textarea")).to_have_value("but I only said")


def test_typing_is_told_seldom_and_its_end_at_once(windows: Windows, friends: Friends) -> None:
    amy, _, _ = friends
    told: list[bool] = []

    def heard(frame: str | bytes) -> None:
        content = json.loads(frame)
        if content["type"] == "typing":
            told.append(content["active"])

    def opened(socket: WebSocket) -> None:
        socket.on("framesent", heard)

    hers = windows.open("/login/?next=/chat/")
    hers.on("websocket", opened)
    hers.fill("[name=email]", amy.email)
    hers.fill("[name=password]", amy.password)
    hers.click("main button[type=submit]")
    open_first(hers)
    hers.type("textarea", "Hm")
    hers.fill("textarea", "")
    hers.type("textarea", "Hello")
    hers.press("textarea", "Enter")
    expect(hers.locator("article:not(.sending)")).to_have_count(1)
    assert told == [True, False, True, False]


def test_who_deletes_the_account_leaves_nothing_in_the_browser(windows: Windows, friends: Friends) -> None:
    amy, _, _ = friends
    hers = windows.sign_in(amy)
    open_first(hers)
    hers.type("textarea", "a secret")
    assert kept(hers)
    hers.goto("/account/delete/")
    hers.fill("[name=current_password]", amy.password)
    for box in hers.locator("[type=checkbox]").all():
        box.check()
    hers.click("main form button.danger")
    expect(hers.locator("[data-tags=left]")).to_be_visible()
    assert kept(hers) == []


def test_who_writes_elsewhere_while_the_page_comes_up_keeps_the_focus(
    windows: Windows, friends: Friends
) -> None:
    amy, _, chat = friends
    page = windows.sign_in(amy, path="/account/")
    held: list[Callable[[], None]] = []  # what the server says

    def slow(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        server.on_message(lambda message: held.append(lambda: line.send(message)))

    page.route_web_socket("**/ws/chat/", slow)
    page.goto(f"/chat/{chat}/")
    page.focus("#search")
    page.keyboard.type("be")
    while len(held) < 2:  # `ready` and `synced`
        page.wait_for_timeout(20)
    for say in held:
        say()
    expect(page.locator("#composer textarea")).to_be_visible()
    expect(page.locator("#heading .title")).to_have_text("Ben")
    page.keyboard.type("n")
    expect(page.locator("#search")).to_have_value("ben")
