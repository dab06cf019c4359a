"""The messages themselves: what they show, and what can be done with them by mouse, keyboard and finger."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from tests.client import ApiClient, ok
from tests.messaging.attachments import photo, uploaded
from tests.pages.conftest import Windows
from tests.pages.test_chat import write
from tests.people import orm

Friends = tuple[ApiClient, ApiClient, int]


def item(page: Page, name: str) -> Locator:
    return page.get_by_role("menuitem", name=name)


def test_the_menu_opens_by_mouse_and_by_keyboard(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    ben.send_message(conversation, "mine")
    amy.send_message(conversation, "hers")
    his = windows.sign_in(ben, path=f"/chat/{conversation}/")
    mine, hers = his.locator("article.mine"), his.locator("article:not(.mine)")
    # By the button that comes with the pointer; others' messages are not one's own to change.
    hers.hover()
    his.click(".tools [title=More]")
    expect(item(his, "Reply")).to_be_visible()
    expect(item(his, "Edit")).to_have_count(0)
    expect(item(his, "Recall")).to_have_count(0)
    his.keyboard.press("Escape")
    expect(his.locator(".menu")).to_be_hidden()
    expect(hers).to_be_focused()
    # By the right button.
    mine.locator(".text").click(button="right")
    item(his, "👍").click()
    expect(mine.locator(".reaction")).to_have_text("👍 1")
    expect(mine.locator(".reaction")).to_have_attribute("aria-pressed", "true")
    mine.locator(".reaction").hover()
    expect(mine.locator(".reaction")).to_have_attribute("title", "Ben")
    mine.locator(".reaction").click()
    expect(mine.locator(".reaction")).to_have_count(0)
    # By keyboard: the message that Tab leads to, then the one above it, its menu, and back to writing.
    his.locator("#composer textarea").focus()
    hers.focus()
    his.keyboard.press("ArrowUp")
    expect(mine).to_be_focused()
    his.keyboard.press("Enter")
    expect(item(his, "👍")).to_be_focused()
    his.keyboard.press("ArrowUp")
    expect(item(his, "Recall")).to_be_focused()
    his.keyboard.press("ArrowUp")
    his.keyboard.press("Enter")
    expect(his.locator("#composer textarea")).to_have_value("mine")
    his.keyboard.press("Escape")
    hers.focus()
    his.keyboard.press("r")
    expect(his.locator("#composer textarea")).to_be_focused()
    expect(his.locator("#composer .composing")).to_contain_text("Amy")
    hers.focus()
    his.keyboard.press("Escape")
    expect(his.locator("#composer textarea")).to_be_focused()
    assert his.locator("article[tabindex='0']").count() == 1


def test_the_menu_opens_by_a_long_press(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    amy.send_message(conversation, "press me")
    his = windows.sign_in(ben, path=f"/chat/{conversation}/", width=390)
    text = his.locator("article .text")
    expect(text).to_be_visible()
    finger = his.context.new_cdp_session(his)
    finger.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    box = text.bounding_box()
    assert box
    point = {"x": box["x"] + 5, "y": box["y"] + 5}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(item(his, "Reply")).to_be_visible()
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    menu = his.locator(".menu").bounding_box()
    assert menu
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= 390
    item(his, "Reply").click()
    expect(his.locator("#composer .composing")).to_contain_text("Amy")


def test_ticks_tell_how_far_a_message_has_come(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    hers = windows.sign_in(amy, path=f"/chat/{conversation}/")
    write(hers, "are you there?")
    expect(hers.locator(".tick.sent")).to_be_visible()
    his = windows.sign_in(ben)
    expect(hers.locator(".tick.delivered")).to_be_visible()
    article = hers.locator("article").element_handle()
    his.locator(".conversation").click()
    expect(hers.locator(".tick.read")).to_be_visible()
    # Only the tick is another one.
    assert article.evaluate("(node) => node.isConnected")
    # What comes is told to who does not see it, once.
    write(hers, "good")
    expect(his.locator(".announcer")).to_have_text("Amy: good")


def test_what_one_recalled_oneself_can_be_written_again(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    amy.send_message(conversation, "first")
    hers, his = (windows.sign_in(one, path=f"/chat/{conversation}/") for one in (amy, ben))
    expect(his.locator("article .text")).to_have_text("first")
    hers.locator("article .text").click(button="right")
    item(hers, "Recall").click()
    expect(his.locator("article .text")).to_have_text("Message recalled")
    expect(hers.locator("article .text")).to_have_text("You recalled a message")
    hers.click("article button:has-text('Edit again')")
    expect(hers.locator("#composer textarea")).to_have_value("first")
    # Whoever may moderate takes back others' messages, at any time; nobody else.
    group = amy.create_group(ben)
    ben.send_message(group, "out of place")
    hers.goto(f"/chat/{group}/")
    hers.locator("article .text").click(button="right")
    item(hers, "Recall").click()
    expect(hers.locator("article .text")).to_have_text("Message recalled")
    assert ben.history(group)[-1]["recalled_at"]


def test_who_has_read_a_message_in_a_group_is_said_in_its_menu(
    windows: Windows, person: Callable[..., ApiClient]
) -> None:
    amy, ben, cem = person("Amy"), person("Ben"), person("Cem")
    group = amy.create_group(ben, cem)
    sent = amy.send_message(group, "read me")
    ok(ben.put(f"conversations/{group}/read", {"seq": sent["seq"]}))
    hers = windows.sign_in(amy, path=f"/chat/{group}/")
    hers.locator("article .text").click(button="right")
    item(hers, "Read by 1 of 2").click()
    expect(item(hers, "Ben")).to_be_focused()
    expect(item(hers, "Cem")).to_have_count(0)


ATTACKS = {
    "<img src=x onerror=alert(1)><script>alert(2)</script>": [],
    "javascript:alert(3) and https://example.com/?q=<b>": ["https://example.com/?q="],
    "look: https://аррӏе.com/login": ["https://xn--80ak6aa92e.com/login"],
    "https://example.com@evil.test/x (https://en.wikipedia.org/wiki/A_(b)).": [
        "https://example.com@evil.test/x",
        "https://en.wikipedia.org/wiki/A_(b)",
    ],
    "\u202eexe.txt \u2069\u2069 and \u2067more": [],
    "Z" + "\u0301\u0323" * 1999: [],
    "x" * 4000: [],
    "`<b>` and\n```\n<script>alert(4)</script>\n    kept\n```": [],
}


def test_text_that_attacks_is_only_text(windows: Windows, person: Callable[..., ApiClient]) -> None:
    amy, ben = person("\u202e\u200b\u2066ymA"), person("Ben")
    conversation = amy.befriend(ben)
    for text in ATTACKS:
        amy.send_message(conversation, text)
    his = windows.sign_in(ben, path=f"/chat/{conversation}/", width=390)
    his.on("dialog", lambda dialog: windows.complaints.append(dialog.message))
    articles = his.locator("article")
    expect(articles).to_have_count(len(ATTACKS))
    for number, (text, links) in enumerate(ATTACKS.items()):
        article = articles.nth(number)
        found = article.locator("a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
        assert found == links, text
        assert article.locator("script, img").count() == 0
    assert articles.nth(0).locator(".text").inner_text() == next(iter(ATTACKS))
    assert his.locator(".host").all_inner_texts() == [" [xn--80ak6aa92e.com]", " [evil.test]"]
    assert articles.last.locator("pre").inner_text() == "<script>alert(4)</script>\n    kept"
    # No text is drawn beyond its bubble, and none makes the page wider.
    assert his.evaluate("document.documentElement.scrollWidth <= innerWidth")
    clipped = his.locator(".bubble").evaluate_all(
        "(all) => all.every((one) => getComputedStyle(one).overflowX === 'clip' && one.clientHeight < 4000)"
    )
    assert clipped
    marks = his.locator(".bubble").nth(5).bounding_box()
    assert marks
    assert marks["height"] < 60
    # What begins another direction ends with its message, and ends nothing that is around it.
    said = articles.nth(4).locator(".text").evaluate("(node) => node.textContent")
    assert said == "\u202eexe.txt  and \u2067more\u2069\u202c"
    label = his.locator("article[aria-label]").get_attribute("aria-label") or ""
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", label.split(":")[0])


def test_a_name_that_cannot_be_seen_is_said_to_be_so(
    windows: Windows, person: Callable[..., ApiClient]
) -> None:
    amy, ben = person("Amy"), person("Ben")
    group = amy.create_group(ben)
    amy.send_message(group, "who am I?")
    orm(lambda: User.objects.filter(pk=amy.id).update(nickname="\u200b\u2060\u3164"))
    his = windows.sign_in(ben, path=f"/chat/{group}/")
    expect(his.locator(".sender")).to_have_text("(no visible name)")


def test_what_follows_stands_below_what_it_follows_for_fingers_too(
    windows: Windows, friends: Friends
) -> None:
    _, ben, conversation = friends
    amy = friends[0]
    for text in ("first", "second"):
        ben.send_message(conversation, text)
    page = windows.sign_in(amy, path=f"/chat/{conversation}/", width=390, touch=True)
    bubbles = page.locator("#stream .bubble")
    expect(bubbles).to_have_count(2)
    first, second = bubbles.evaluate_all("all => all.map(one => one.getBoundingClientRect().left)")
    assert first == second


def test_pictures_have_their_place_before_they_come(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    pictures = [photo(amy, (600, 400), f"picture {number}.png") for number in range(3)]
    note = uploaded(amy, b"hello" * 400, "notes \u202efdp.txt")
    ids = [one["id"] for one in (*pictures[:2], note)]
    amy.send_message(conversation, "", attachments=ids)
    amy.send_message(conversation, "a single one", attachments=[pictures[2]["id"]])
    his = windows.sign_in(ben)
    held: list[Callable[[], None]] = []
    his.route("**/thumbnail", lambda route: held.append(route.continue_))
    his.locator(".conversation").click()
    images = his.locator(".picture img")
    expect(images).to_have_count(3)
    places = [image.bounding_box() for image in images.all()]
    while len(held) < 3:
        his.wait_for_timeout(20)
    for go_on in held:
        go_on()
    images.evaluate_all("(all) => Promise.all(all.map((image) => image.decode()))")
    assert [image.bounding_box() for image in images.all()] == places
    width, height = his.locator(".picture").last.evaluate("(one) => [one.clientWidth, one.clientHeight]")
    assert abs(width / height - 1.5) < 0.05
    # A file is a card, whose name cannot turn around.
    card = his.locator("a.file")
    expect(card.locator(".file-name")).to_have_text("notes fdp.txt")
    expect(card).to_contain_text("2 kB")
    with his.expect_download() as download:
        card.click()
    assert download.value.suggested_filename.startswith("notes")
    # Large, one after the other, and back.
    images.nth(1).click()
    large = his.locator(".lightbox-image")
    expect(large).to_have_attribute("alt", "picture 1.png")
    his.keyboard.press("ArrowRight")
    expect(large).to_have_attribute("alt", "picture 2.png")
    expect(his.locator(".lightbox .right")).to_be_hidden()
    his.keyboard.press("Escape")
    expect(his.locator(".lightbox")).to_be_hidden()
    expect(his.locator("[data-picture='1']")).to_be_focused()
    # Recalled, they are gone.
    ok(amy.delete(f"conversations/{conversation}/messages/2"), 204)
    expect(images).to_have_count(2)
