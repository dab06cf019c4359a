"""Finding messages: in the open conversation, everywhere, and from the list's own search."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.client import ApiClient, ok
from tests.messaging.line import in_one_go, say
from tests.pages.conftest import Windows
from tests.people import orm

Person = Callable[..., ApiClient]
Friends = tuple[ApiClient, ApiClient, int]
FOUND = "#search-messages .found-messages li"


def look_for(page: Page, text: str) -> None:
    page.fill("#search-messages [name=q]", text)
    page.click("#search-messages [type=submit]")


def talk(writer: ApiClient, conversation: int, *bodies: str) -> None:
    """Say much at once."""

    def all_of_it() -> None:
        person = User.objects.get(pk=writer.id)
        with in_one_go():
            for body in bodies:
                say(person, conversation, body)

    orm(all_of_it)


def test_a_message_long_ago_is_found_and_shown_where_it_was_said(windows: Windows, friends: Friends) -> None:
    amy, ben, direct = friends
    talk(ben, direct, "We meet at the old bridge.", *[f"talk {number}" for number in range(400)])
    ok(amy.put(f"conversations/{direct}/read", {"seq": 401}))
    page = windows.sign_in(amy, path=f"/chat/{direct}/")
    expect(page.locator("#stream article").last).to_contain_text("talk 399")
    page.click("#heading button[title='Search in this conversation']")
    expect(page.locator("#search-messages [name=q]")).to_be_focused()
    look_for(page, "BRIDGE old")
    expect(page.locator(FOUND)).to_have_count(1)
    expect(page.locator(f"{FOUND} .name")).to_have_text("Ben")
    assert page.locator(f"{FOUND} mark").all_text_contents() == ["old", "bridge"]
    page.click(f"{FOUND} button")
    expect(page.locator("dialog[open]")).to_have_count(0)
    there = page.locator("#stream article", has_text="old bridge")
    expect(there).to_be_in_viewport()
    expect(there).to_be_focused()
    page.click("#stream ~ .to-newest, .to-newest")
    expect(page.locator("#stream article").last).to_contain_text("talk 399")
    # What was found is still there when one comes back to it.
    page.click("#heading button[title='Search in this conversation']")
    expect(page.locator(FOUND)).to_have_count(1)
    expect(page.locator("#search-messages [name=q]")).to_have_value("BRIDGE old")


def test_from_the_list_one_finds_what_was_said_anywhere(windows: Windows, person: Person) -> None:
    amy, ben, cat = (person(name) for name in ("Amy", "Ben", "Cat"))
    group = amy.create_group(ben, cat, name="Hikers")
    direct = amy.befriend(ben)
    cat.send_message(group, "明天几点出发？")
    talk(ben, group, *[f"talk {number}" for number in range(120)])
    ben.send_message(direct, "明天见")
    page = windows.sign_in(amy, path=f"/chat/{direct}/")
    page.fill("#search", "明天")
    expect(page.locator("#conversations")).to_contain_text("No conversation has this in its name.")
    page.click(".beyond button")
    expect(page.locator(FOUND)).to_have_count(2)
    expect(page.locator(f"{FOUND} .name-line .name")).to_have_text(["Ben", "Hikers"])
    expect(page.locator(f"{FOUND} .by")).to_have_text(["Ben", "Cat"])
    page.locator(f"{FOUND} button", has_text="Hikers").click()
    expect(page.locator("#heading .title")).to_have_text("Hikers")
    expect(page.locator("#stream article", has_text="几点")).to_be_in_viewport()
    expect(page).to_have_url(f"{windows.server.url}/chat/{group}/")


def test_here_and_everywhere_are_two_tabs_and_nothing_is_said_to_be_nothing(
    windows: Windows, person: Person
) -> None:
    amy, ben = person("Amy"), person("Ben")
    first, second = amy.create_group(ben, name="First"), amy.create_group(ben, name="Second")
    ben.send_message(first, "tea in the first")
    ben.send_message(second, "tea in the second")
    page = windows.sign_in(amy, path=f"/chat/{first}/", locale="zh-CN")
    page.click("#heading button[title='在此会话中搜索']")
    look_for(page, "tea")
    expect(page.locator(FOUND)).to_have_count(1)
    page.get_by_role("tab", name="全部会话").click()
    expect(page.locator(FOUND)).to_have_count(2)
    look_for(page, "coffee")
    expect(page.locator("#search-messages .empty")).to_have_text("没有找到消息。")
    expect(page.locator(FOUND)).to_have_count(0)


def test_more_is_shown_when_it_is_asked_for(windows: Windows, friends: Friends) -> None:
    amy, ben, direct = friends
    talk(ben, direct, *[f"tea {number}" for number in range(45)])
    page = windows.sign_in(amy, path=f"/chat/{direct}/")
    page.click("#heading button[title='Search in this conversation']")
    look_for(page, "tea")
    for shown in (20, 40):
        expect(page.locator(FOUND)).to_have_count(shown)
        page.click("#search-messages button:has-text('Show more')")
    expect(page.locator(FOUND)).to_have_count(45)
    expect(page.locator("#search-messages button:has-text('Show more')")).to_have_count(0)


def test_what_is_found_is_text_and_stays_in_its_line(windows: Windows, friends: Friends) -> None:
    """Nothing of a message is taken for markup or for a pattern, and nothing of it turns what is around."""
    amy, ben, direct = friends
    ben.send_message(direct, "<b>tea</b> \u202egnp.aet (tea.*)")
    page = windows.sign_in(amy, path=f"/chat/{direct}/")
    page.click("#heading button[title='Search in this conversation']")
    look_for(page, "(tea.*) <b>")
    expect(page.locator(FOUND)).to_contain_text("<b>tea</b>")
    assert page.locator(f"{FOUND} mark").all_text_contents() == ["<b>", "(tea.*)"]
    assert page.locator(f"{FOUND} .said b, {FOUND} .soft b").count() == 0
