"""Two people from the first page to a group of their own: one story, through the pages alone.

What each part does where it is difficult is shown in the other files of this folder.
"""

from playwright.sync_api import Page, expect

from tests.client import PASSWORD
from tests.pages.conftest import Windows
from tests.pages.test_chat import cut_off, write
from tests.pages.test_groups import about
from tests.pages.test_people import answer, tab
from tests.pages.test_signing_in import code_of


def register(page: Page, mail: Page, email: str, nickname: str) -> None:
    """From the first page, with the code from the mail page."""
    page.locator("main a[href^='/register/']").first.click()
    page.fill("[name=email]", email)
    page.click("[name=send_code]")
    expect(page.locator(".notice")).to_contain_text(email)
    page.fill("[name=code]", code_of(mail, email))
    page.fill("[name=nickname]", nickname)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]:not([name])")
    page.wait_for_url("**/chat/")


def befriend(hers: Page, his: Page) -> None:
    hers.click("#show-people")
    tab(hers, "Find people")
    hers.fill("#people [name=search]", "Ben of the North")
    hers.press("#people [name=search]", "Enter")
    hers.click(".found-people button:has-text('Add')")
    if hers.locator(".question").count():
        answer(hers)
    expect(his.locator("#show-people .badge")).to_have_text("1")
    his.click("#show-people")
    tab(his, "Requests")
    his.click(".incoming button:has-text('Accept')")
    expect(his.locator("#heading .title")).to_have_text("Amy")
    hers.keyboard.press("Escape")
    hers.locator(".conversation", has_text="Ben").click()


def talk(hers: Page, his: Page) -> None:
    write(hers, "Did you get hoem well?")
    expect(his.locator("#stream article .text")).to_have_text("Did you get hoem well?")
    expect(hers.locator(".mine .tick.read")).to_be_visible()
    hers.locator("textarea").press("ArrowUp")
    hers.fill("textarea", "Did you get home well?")
    hers.press("textarea", "Enter")
    expect(his.locator("#stream article .text")).to_have_text("Did you get home well?")
    his.locator("textarea").press_sequentially("Ye")
    expect(hers.locator("#typing")).to_contain_text("Ben")
    write(his, "Yes! 🎉")
    expect(hers.locator("article:not(.mine) .text")).to_have_text("Yes! 🎉")
    hers.locator("article:not(.mine)").hover()
    hers.click(".tools [title=React]")
    hers.click("[role=menuitem]:has-text('👍')")
    expect(his.locator(".mine .reaction")).to_contain_text("👍")
    write(his, "Not for you")
    his.locator("article.mine:not(.sending)", has_text="Not for you").click(button="right")
    his.click("[role=menuitem]:has-text('Recall')")
    expect(hers.locator("#stream article").last).to_contain_text("recalled")


def lose_the_line(windows: Windows, hers: Page, his: Page) -> None:
    windows.listening = False  # a browser complains about each attempt to reach a server that is away
    cut_off(his)
    expect(his.locator("#offline")).to_be_visible()
    write(hers, "Are you there?")
    expect(hers.locator(".mine .tick.sent").last).to_be_visible()
    write(his, "Under a bridge")
    expect(his.locator("article.sending")).to_have_count(1)
    his.context.set_offline(False)
    for page in (hers, his):
        expect(page.locator("#stream article .text").nth(-2)).to_have_text("Are you there?")
        expect(page.locator("#stream article .text").last).to_have_text("Under a bridge")
    expect(his.locator("#offline")).to_be_hidden()
    windows.listening = True


def found_a_group(hers: Page, his: Page) -> None:
    hers.click("#show-groups")
    tab(hers, "New group")
    hers.fill("#groups .found [name=name]", "周末爬山")
    hers.locator("#groups .found [name=join_policy]").select_option("approval")
    hers.click("#groups .found [type=submit]")
    expect(hers.locator("#heading .title")).to_have_text("周末爬山")
    his.click("#show-groups")
    tab(his, "Find")
    his.fill("#groups [name=search]", "爬山")
    his.press("#groups [name=search]", "Enter")
    his.click(".found-groups button:has-text('Ask to join')")
    his.fill(".question [name=message]", "I know the way.")
    answer(his)
    his.keyboard.press("Escape")
    hers.click("#heading .about")
    tab(hers, "Requests")
    hers.locator("#group .waiting li", has_text="I know the way.").get_by_text("Let in").click()
    his.locator(".conversation", has_text="周末爬山").click()
    write(his, "@Amy 周日？")
    expect(hers.locator("#stream .mention.mine")).to_have_text("@Amy")


def pass_it_on(hers: Page, his: Page) -> None:
    """She removes him, lets him in again, makes it his, and he is the one who can remove her."""
    tab(hers, "Members")
    about(hers, "Ben", "Make the owner")
    answer(hers)
    hers.keyboard.press("Escape")
    expect(his.locator("#stream .system").last).to_contain_text("owner")
    his.click("#heading .about")
    tab(his, "Members")
    about(his, "Amy", "Remove from the group")
    answer(his)
    expect(hers.locator("#nothing")).to_be_visible()
    expect(hers.locator(".conversation")).to_have_count(1)


def speak_chinese(page: Page) -> None:
    """The language is chosen, and still there after signing out and in."""
    page.click(".language button")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("#search")).to_have_attribute("placeholder", "搜索会话")
    page.click("text=退出登录")
    page.wait_for_url("**/")
    page.goto("/login/")
    page.fill("[name=email]", "amy@example.com")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/chat/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")


def test_two_newcomers_meet_talk_lose_the_line_and_found_a_group(windows: Windows) -> None:
    hers, his, mail = windows.open("/"), windows.open("/"), windows.open("/dev/mail/")
    register(hers, mail, "amy@example.com", "Amy")
    register(his, mail, "ben@example.com", "Ben of the North")
    befriend(hers, his)
    talk(hers, his)
    lose_the_line(windows, hers, his)
    found_a_group(hers, his)
    pass_it_on(hers, his)
    speak_chinese(hers)
