"""Both languages, as a person reads them: how many, which day, and who decides which language it is."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from tests.client import ApiClient
from tests.pages.conftest import Windows
from tests.people import orm

#: What is read in each: the badge with one and with two, the group's size, a day, yesterday.
WORDS = {
    "en-US": (
        "1 unread message",
        "2 unread messages",
        "2 members",
        "Saturday, February 28, 2026",
        "Yesterday",
    ),
    "zh-CN": ("1 条未读消息", "2 条未读消息", "2 名成员", "2026年2月28日星期六", "昨天"),
}


def dated(conversation: int, *moments: datetime) -> None:
    """The first messages were sent at these times."""

    def change() -> None:
        for seq, moment in enumerate(moments, 1):
            Message.objects.filter(conversation=conversation, seq=seq).update(sent_at=moment)

    orm(change)


@pytest.mark.embedded
@pytest.mark.parametrize("locale", WORDS)
def test_numbers_and_days_are_read_as_one_says_them(
    windows: Windows, person: Callable[..., ApiClient], locale: str
) -> None:
    one, two, members, day, yesterday = WORDS[locale]
    amy, ben = person("Amy"), person("Ben")
    direct = amy.befriend(ben)
    group = amy.create_group(ben, name="周末爬山 Hikers")
    for text in ("long ago", "yesterday", "today"):
        amy.send_message(direct, text)
    midnight = datetime.now().astimezone().replace(hour=0, minute=5)
    dated(direct, datetime(2026, 2, 28, 0, 5).astimezone(), midnight - timedelta(days=1))
    ben.post(f"conversations/{direct}/read", {"seq": 3})
    amy.send_message(group, "one")
    page = windows.sign_in(ben, locale=locale)
    badge = page.locator(f".conversation[data-id='{group}'] .badge")
    expect(badge).to_have_attribute("aria-label", one)
    amy.send_message(group, "two")
    expect(badge).to_have_attribute("aria-label", two)
    page.locator(f".conversation[data-id='{group}']").click()
    expect(page.locator("#heading .line")).to_have_text(members)
    page.locator(f".conversation[data-id='{direct}']").click()
    expect(page.locator("#stream .day").first).to_have_text(day)
    expect(page.locator("#stream .day").nth(1)).to_have_text(yesterday)
    expect(page.locator("#stream article time").first).to_have_text("00:05")


@pytest.mark.embedded
def test_the_list_says_the_year_where_it_is_another_one(
    windows: Windows, person: Callable[..., ApiClient]
) -> None:
    amy, ben = person("Amy"), person("Ben")
    direct = amy.befriend(ben)
    amy.send_message(direct, "long ago")
    dated(direct, datetime(2019, 2, 28, 12, 5).astimezone())
    page = windows.sign_in(ben)
    expect(page.locator(".conversation time")).to_have_text("Feb 28, 2019")


def language(page: Page) -> str:
    return str(page.locator("html").get_attribute("lang"))


@pytest.mark.embedded
def test_the_browser_decides_until_a_person_does(windows: Windows, person: Callable[..., ApiClient]) -> None:
    for locale, expected in (("zh-CN", "zh-hans"), ("zh-TW", "zh-hans"), ("de-DE", "en"), ("en-GB", "en")):
        page = windows.open("/", locale=locale)
        assert language(page) == expected, locale
        page.context.close()
    page = windows.open("/", locale="zh-CN")
    page.click(".language button")
    assert language(page) == "en"
    amy = person("Amy")
    page.goto("/login/")
    page.fill("[name=email]", amy.email)
    page.fill("[name=password]", amy.password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/chat/")
    expect(page.locator("#search")).to_have_attribute("placeholder", "Search conversations")
    page.goto("/account/")
    assert language(page) == "en"
