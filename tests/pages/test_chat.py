"""The chat page: two people in two windows."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, WebSocket, expect

from tests.client import ApiClient
from tests.pages.conftest import Windows
from tests.stack.server import Server

Friends = tuple[ApiClient, ApiClient, int]


def write(page: Page, text: str) -> None:
    """Write a message and send it with Enter."""
    page.fill("textarea", text)
    page.press("textarea", "Enter")


def open_first(page: Page) -> None:
    """Open the conversation at the top of the list."""
    page.locator(".conversation").first.click()
    expect(page.locator("textarea")).to_be_visible()


def cut_off(page: Page) -> None:
    """Take the network away, for good: a connection that slipped through meanwhile is cut, too."""
    page.context.set_offline(True)
    page.wait_for_function("fetch('/healthz').then(() => false, () => true)")
    page.evaluate("dispatchEvent(new Event('offline'))")


def bubbles(page: Page) -> list[str]:
    return page.locator("article .text").all_inner_texts()


def test_two_people_talk_in_two_windows(windows: Windows, friends: Friends) -> None:
    amy, ben, _ = friends
    hers, his = windows.sign_in(amy), windows.sign_in(ben)
    open_first(hers)
    write(hers, "Hello Ben 🍣")
    expect(his.locator(".conversation .badge")).to_have_text("1")
    expect(his.locator(".conversation .last")).to_have_text("Hello Ben 🍣")
    expect(his).to_have_title("(1) chatchat")
    open_first(his)
    expect(his.locator("article .text")).to_have_text("Hello Ben 🍣")
    expect(his.locator(".conversation .badge")).to_have_count(0)
    expect(hers.locator(".tick.read")).to_be_visible()
    write(his, "你好，Amy！")
    expect(hers.locator("article:not(.mine) .text")).to_have_text("你好，Amy！")
    assert bubbles(hers) == bubbles(his) == ["Hello Ben 🍣", "你好，Amy！"]


def test_typing_shows_and_goes(windows: Windows, friends: Friends) -> None:
    amy, ben, _ = friends
    hers, his = windows.sign_in(amy), windows.sign_in(ben)
    open_first(hers)
    open_first(his)
    hers.type("textarea", "Hm")
    expect(his.locator("#typing")).to_have_text("Amy is typing …")
    hers.press("textarea", "Enter")
    expect(his.locator("#typing")).to_have_text("")


def test_messages_are_edited_recalled_answered_and_reacted_to(windows: Windows, friends: Friends) -> None:
    amy, ben, _ = friends
    hers, his = windows.sign_in(amy), windows.sign_in(ben)
    open_first(hers)
    open_first(his)
    write(hers, "Tea at fuor?")
    hers.locator("article.mine:not(.sending)").click(button="right")
    hers.click("[role=menuitem]:has-text('Edit')")
    expect(hers.locator("textarea")).to_have_value("Tea at fuor?")
    write(hers, "Tea at four?")
    expect(his.locator("article .text")).to_have_text("Tea at four?")
    expect(his.locator("article .meta")).to_contain_text("edited")

    his.locator("article").first.hover()
    his.click("button[title=Reply]")
    write(his, "At five!")
    expect(hers.locator(".quote")).to_contain_text("Tea at four?")
    his.locator("article").first.hover()
    his.click(".tools [title=React]")
    his.click("[role=menuitem]:has-text('🎉')")
    expect(hers.locator(".reaction")).to_have_text("🎉 1")

    write(hers, "Wrong window")
    expect(his.locator("article .text").last).to_have_text("Wrong window")
    hers.locator("article.mine:not(.sending)", has_text="Wrong window").click(button="right")
    hers.click("[role=menuitem]:has-text('Recall')")
    expect(his.locator("article .text").last).to_have_text("Message recalled")
    assert "Wrong window" not in his.content()


def test_what_was_written_offline_goes_out_and_what_was_missed_comes(
    windows: Windows, friends: Friends
) -> None:
    amy, ben, conversation = friends
    hers, his = windows.sign_in(amy), windows.sign_in(ben)
    open_first(hers)
    open_first(his)
    write(hers, "before")
    expect(his.locator("article .text")).to_have_text("before")
    windows.listening = False  # a browser complains about each attempt to reach a server that is away
    cut_off(his)
    expect(his.locator("#offline")).to_be_visible()
    for number in range(5):
        ben_missed = f"missed {number}"
        amy.send_message(conversation, ben_missed)
    write(his, "written offline")
    expect(his.locator("article.sending")).to_have_count(1)
    his.context.set_offline(False)
    expect(his.locator("#offline")).to_be_hidden()
    windows.listening = True
    expect(hers.locator("article .text").last).to_have_text("written offline")
    expected = ["before", *(f"missed {number}" for number in range(5)), "written offline"]
    expect(his.locator("article .text")).to_have_text(expected)
    assert bubbles(hers) == expected


def test_coming_back_opens_one_connection_whatever_is_still_being_asked(
    windows: Windows, friends: Friends
) -> None:
    amy, _, _ = friends
    page = windows.sign_in(amy)
    open_first(page)
    asked: list[Route] = []
    page.route("**/auth/session", lambda route: asked.append(route))
    windows.listening = False
    cut_off(page)
    while not asked:
        page.wait_for_timeout(50)
    connections: list[WebSocket] = []
    page.on("websocket", lambda socket: connections.append(socket))
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    # The answer comes when there is a connection already.
    for one in asked:
        one.fulfill(json={})
    page.wait_for_timeout(2000)
    windows.listening = True
    assert len(connections) == 1
    write(page, "over the one")
    expect(page.locator("article.mine:not(.sending) .text")).to_have_text("over the one")


def test_a_restart_of_the_server_loses_nothing(
    windows: Windows, friends: Friends, start_server: Callable[..., Server]
) -> None:
    amy, ben, _ = friends
    own = start_server()
    windows.server = own
    hers, his = windows.open(own.url + "/login/"), windows.open(own.url + "/login/")
    for page, person in ((hers, amy), (his, ben)):
        page.fill("[name=email]", person.email)
        page.fill("[name=password]", person.password)
        page.click("main button[type=submit]")
        page.wait_for_url("**/chat/")
        open_first(page)
    write(hers, "one")
    expect(his.locator("article .text")).to_have_text("one")
    windows.listening = False
    own.stop()
    write(hers, "two")
    own.start()
    expect(his.locator("article .text")).to_have_text(["one", "two"], timeout=20_000)
    # The windows are not listened to again: complaints about the server's being away may come late.
    assert bubbles(hers) == ["one", "two"]


def test_strangers_become_friends_and_talk(windows: Windows, person: Callable[..., ApiClient]) -> None:
    amy, ben = person("Amy"), person("Ben of the north")
    hers, his = windows.sign_in(amy), windows.sign_in(ben)
    hers.click("#show-people")
    hers.click("#people [role=tab]:has-text('Find')")
    hers.fill("#people [name=search]", "of the north")
    hers.press("#people [name=search]", "Enter")
    hers.click(".found-people button:has-text('Add')")
    hers.fill(".question [name=greeting]", "We met at the summit.")
    hers.click(".question [type=submit]")
    expect(hers.locator(".found-people")).to_contain_text("Asked")
    expect(his.locator("#show-people .badge")).to_have_text("1")
    his.click("#show-people")
    expect(his.locator(".incoming")).to_contain_text("We met at the summit.")
    his.click(".incoming button:has-text('Accept')")
    expect(his.locator("#heading .title")).to_have_text("Amy")
    write(his, "So we did.")
    expect(hers.locator(".conversation .last")).to_have_text("So we did.")


def test_a_group_is_founded_found_joined_and_left(windows: Windows, person: Callable[..., ApiClient]) -> None:
    amy, ben = person("Amy"), person("Ben")
    hers, his = windows.sign_in(amy), windows.sign_in(ben)
    hers.click("#show-groups")
    hers.click("#groups [role=tab]:has-text('New')")
    hers.fill("#groups [name=name]", "周末爬山")
    hers.click("#groups .found button")
    expect(hers.locator("#heading .title")).to_have_text("周末爬山")
    expect(hers.locator(".system")).to_have_text("Amy founded the group")
    his.click("#show-groups")
    his.click("#groups [role=tab]:has-text('Find')")
    his.fill("#groups [name=search]", "爬山")
    his.press("#groups [name=search]", "Enter")
    his.click(".found-groups button:has-text('Join')")
    expect(his.locator("#heading .title")).to_have_text("周末爬山")
    expect(hers.locator(".system").last).to_have_text("Ben joined")
    write(his, "@Amy 周日？")
    expect(hers.locator(".mention.mine")).to_have_text("@Amy")
    his.click("#heading button[title=Members]")
    expect(his.locator("#group .members li")).to_have_count(2)
    his.click("#group [role=tab]:has-text('About')")
    his.click("#group .leave")
    his.click(".question [type=submit]")
    expect(his.locator(".toast")).to_have_text("You are not in this conversation any more.")
    expect(his.locator(".conversation")).to_have_count(0)
    expect(hers.locator(".system").last).to_have_text("Ben left")


def test_who_is_not_a_friend_any_more_is_told_why_writing_is_closed(
    windows: Windows, friends: Friends
) -> None:
    amy, ben, conversation = friends
    amy.send_message(conversation, "still here")
    his = windows.sign_in(ben)
    open_first(his)
    amy.delete(f"friends/{ben.id}")
    expect(his.locator(".closed")).to_contain_text("not friends")
    expect(his.locator("textarea")).to_be_hidden()
    expect(his.locator("article .text")).to_have_text("still here")


def test_a_conversation_opens_though_a_message_comes_between_press_and_release(
    windows: Windows, friends: Friends
) -> None:
    amy, ben, conversation = friends
    his = windows.sign_in(ben)
    his.locator(".conversation").first.hover()
    his.mouse.down()
    amy.send_message(conversation, "in the middle of it")
    expect(his).to_have_title("(1) chatchat")
    his.wait_for_timeout(100)  # a few frames, in which the list would be drawn
    his.mouse.up()
    expect(his.locator("article .text")).to_have_text("in the middle of it")
    expect(his.locator(".conversation .last")).to_have_text("in the middle of it")


def test_a_session_that_ends_elsewhere_leads_to_the_login_page(windows: Windows, friends: Friends) -> None:
    windows.expected = {401}
    _, ben, _ = friends
    his = windows.sign_in(ben)
    expect(his.locator(".conversation")).to_have_count(1)
    new = {"password": "staple horse battery", "current_password": ben.password}
    assert ben.post("auth/password/change", new).status_code == 204
    his.wait_for_url("**/login/?next=%2Fchat%2F")


def test_text_is_only_ever_text(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    attacks = [
        "<img src=x onerror=alert(1)><script>alert(2)</script>",
        "javascript:alert(3) and https://example.com/?q=<b>",
        "\u202e txt.exe \u0300" + "\u0301" * 500,
    ]
    for text in attacks:
        amy.send_message(conversation, text)
    his = windows.sign_in(ben)
    his.on("dialog", lambda dialog: windows.complaints.append(dialog.message))
    open_first(his)
    expect(his.locator("article")).to_have_count(3)
    assert his.locator("article .text").nth(0).inner_text() == attacks[0]
    links = his.locator("article a")
    assert [link.get_attribute("href") for link in links.all()] == ["https://example.com/?q="]
    width = his.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
