"""Being told of new messages while one looks elsewhere."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.client import ApiClient, ok
from tests.pages.conftest import Windows

#: Keeps what the page shows on the desktop, where a test can read it.
RECORDER = """
window.Notification = class extends EventTarget {
  static permission = "granted";
  static requestPermission = async () => "granted";
  constructor(title, { body }) { super(); document.documentElement.dataset.shown = `${title}: ${body}`; }
  close() {}
};
"""


@pytest.fixture
def listening(windows: Windows) -> Callable[[ApiClient, str], Page]:
    """A window whose notifications are recorded; headless browsers show none."""

    def open_(person: ApiClient, path: str) -> Page:
        page = windows.open("/login/")
        page.add_init_script(RECORDER)
        page.goto(f"/login/?next={path}")
        page.fill("[name=email]", person.email)
        page.fill("[name=password]", person.password)
        page.click("main button[type=submit]")
        page.wait_for_url(f"**{path}")
        return page

    return open_


def test_a_message_in_another_conversation_is_told_of_and_a_foolish_name_stays_text(
    listening: Callable[[ApiClient, str], Page], friends: tuple[ApiClient, ApiClient, int]
) -> None:
    amy, ben, conversation = friends
    page = listening(amy, "/chat/")
    page.click("#ask-notifications .yes")
    expect(page.locator("#ask-notifications")).to_be_hidden()
    ben.send_message(conversation, "<b>Lunch?</b>")
    expect(page.locator("html")).to_have_attribute("data-shown", "Ben: <b>Lunch?</b>")
    expect(page).to_have_title("(1) chatchat")

    page.locator(".conversation").click()
    expect(page).to_have_title("Ben · chatchat")
    ben.send_message(conversation, "seen at once")
    expect(page.locator("article .text").last).to_have_text("seen at once")
    expect(page.locator(".conversation .badge")).to_have_count(0)

    ok(amy.patch(f"conversations/{conversation}", {"notifications": "none"}), 200)
    page.goto("/chat/")
    ben.send_message(conversation, "muted")
    expect(page.locator(".conversation .badge")).to_have_text("1")
    expect(page).to_have_title("chatchat")
    ok(amy.patch(f"conversations/{conversation}", {"notifications": "all"}), 200)
    expect(page).to_have_title("(1) chatchat")
    page.locator(".conversation").click()
    expect(page).to_have_title("Ben · chatchat")

    page.click("#bell")
    expect(page.locator("#bell")).to_have_attribute("aria-pressed", "false")
    page.goto("/chat/")
    ben.send_message(conversation, "not told of")
    expect(page.locator(".conversation .badge")).to_have_text("1")
    assert page.locator("html").get_attribute("data-shown") is None
