"""Signing in with the third party, as a newcomer does: two sites, one browser."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Binding, Identity, User
from chatchat.clock import now
from oauth_provider import demo
from tests.accounts.mails import newest_code
from tests.client import PASSWORD
from tests.pages.conftest import Windows
from tests.people import new_user
from tests.stack.server import Server

CONTINUE = "Continue with Meridian"


@pytest.fixture
def windows(site: Server, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    # Playwright keeps a loop in this thread, in which Django would not let the test look at its rows.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    opened = Windows(browser, site)
    yield opened
    for context in browser.contexts:
        context.close()
    assert opened.complaints == []


def at_meridian(page: Page, login: str = "mei") -> None:
    """From the chat's sign-in page to Meridian's, and through it."""
    page.get_by_role("link", name=CONTINUE).click()
    page.fill("[name=login]", login)
    page.fill("[name=password]", demo.PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def allow(page: Page) -> None:
    expect(page.get_by_role("heading")).to_contain_text("asks for access")
    page.get_by_role("button", name="Allow").click()


def prove(page: Page, email: str, nickname: str | None = None) -> None:
    """The address on the bind page, by the code that was mailed."""
    page.fill("[name=email]", email)
    page.get_by_role("button", name="Send a code").click()
    expect(page.get_by_role("status")).to_contain_text(email)
    if nickname is not None:
        page.fill("[name=nickname]", nickname)
    page.fill("[name=code]", newest_code(email))
    page.get_by_role("button", name="Go on").click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile(r"/$"))


def test_a_newcomer_comes_in_and_next_time_at_once(windows: Windows) -> None:
    page = windows.open("/login/")
    at_meridian(page)
    allow(page)
    expect(page.get_by_role("heading")).to_have_text("One more step")
    expect(page.locator("[name=nickname]")).to_have_value("林小梅")
    expect(page.locator("img.vouched")).to_be_visible()
    assert "token" not in page.url
    prove(page, "mei@example.com")
    page.wait_for_url("**/chat/")
    expect(page.locator(".me")).to_have_text("林小梅")
    user = User.objects.get(email="mei@example.com")
    assert user.avatar, "the profile picture came along"

    sign_out(page)
    page.goto("/login/")
    # Signed in at Meridian, and what was allowed there is remembered: nothing is asked again.
    page.get_by_role("link", name=CONTINUE).click()
    page.wait_for_url("**/chat/")
    expect(page.locator(".me")).to_have_text("林小梅")
    assert User.objects.count() == Identity.objects.count() == 1


def test_the_only_way_in_stays_and_another_one_goes(windows: Windows) -> None:
    page = windows.open("/login/")
    at_meridian(page)
    allow(page)
    prove(page, "mei@example.com", nickname="Mei")
    page.wait_for_url("**/chat/")
    page.locator(".me").click()
    page.get_by_role("link", name="Signing in").click()
    page.get_by_role("button", name="Take away").click()
    expect(page.get_by_role("alert")).to_contain_text("the only way in")
    assert Identity.objects.count() == 1

    user = User.objects.get()
    user.set_password(PASSWORD)
    user.save()
    windows.expected.add(400)
    sign_out(page)
    page.goto("/login/?next=/account/sign-in/")
    page.fill("[name=email]", "mei@example.com")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Take away").click()
    expect(page.get_by_role("button", name="Take away")).to_have_count(0)
    assert not Identity.objects.exists()
    # What she is at Meridian is unknown here again, and may be linked again.
    page.get_by_role("button", name="Link Meridian").click()
    expect(page.get_by_role("status")).to_contain_text("From now on Meridian signs you in")
    assert Identity.objects.get().user_id == user.pk


def test_an_address_that_has_an_account_signs_in_to_that_one(windows: Windows) -> None:
    amy = new_user("Amy", email="amy@example.com")
    page = windows.open("/login/?next=/account/sign-in/")
    at_meridian(page, "tom")
    allow(page)
    prove(page, "amy@example.com")
    page.wait_for_url("**/account/sign-in/")
    expect(page.locator("main")).to_contain_text("Amy (amy@example.com)")
    assert Identity.objects.get().user_id == amy.pk


def test_who_refuses_is_told_how_to_go_on(windows: Windows) -> None:
    windows.expected.add(403)
    page = windows.open("/login/")
    at_meridian(page)
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("alert")).to_have_text("You did not allow that at the other site.")
    page.get_by_role("link", name="Go back and try again").click()
    expect(page.get_by_role("link", name=CONTINUE)).to_be_visible()
    assert not User.objects.exists()


def test_a_state_that_is_not_this_browsers_leads_nowhere(windows: Windows) -> None:
    windows.expected.add(400)
    page = windows.open("/login/")
    page.goto("/api/v1/auth/third-party/meridian/callback?code=x&state=y")
    expect(page.get_by_role("alert")).to_contain_text("not begun in this browser")
    # Somebody else's, sent over as a link.
    theirs = windows.open("/login/")
    asked: list[str] = []
    theirs.on("request", lambda request: asked.append(request.url))
    at_meridian(theirs)
    allow(theirs)
    expect(theirs.get_by_role("heading")).to_have_text("One more step")
    page.goto(next(url for url in asked if "/callback?" in url))
    expect(page.get_by_role("alert")).to_contain_text("not begun in this browser")
    page.goto("/third-party/bind/")
    expect(page.get_by_role("alert")).to_contain_text("Start again")
    assert not User.objects.exists()


def test_the_back_button_does_not_sign_in_twice(windows: Windows) -> None:
    windows.expected.add(400)
    page = windows.open("/login/")
    at_meridian(page)
    allow(page)
    prove(page, "mei@example.com")
    page.wait_for_url("**/chat/")
    page.goto("/third-party/bind/")
    expect(page.get_by_role("alert")).to_contain_text("Start again")
    page.go_back()
    page.wait_for_url("**/chat/")
    expect(page.locator(".me")).to_have_text("林小梅")
    assert User.objects.count() == 1


def test_back_from_the_bind_page_and_once_more(windows: Windows) -> None:
    page = windows.open("/login/")
    at_meridian(page)
    allow(page)
    expect(page.get_by_role("heading")).to_have_text("One more step")
    page.goto("/login/")
    page.get_by_role("link", name=CONTINUE).click()
    expect(page.get_by_role("heading")).to_have_text("One more step")
    prove(page, "mei@example.com")
    page.wait_for_url("**/chat/")
    assert User.objects.count() == 1


def test_a_binding_that_took_too_long_says_so(windows: Windows) -> None:
    windows.expected.add(400)
    page = windows.open("/login/")
    at_meridian(page)
    allow(page)
    expect(page.get_by_role("heading")).to_have_text("One more step")
    Binding.objects.update(expires_at=now() - timedelta(seconds=1))
    page.fill("[name=email]", "mei@example.com")
    page.fill("[name=code]", "123456")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("Too much time has passed")
    page.get_by_role("link", name="Go back and try again").click()
    expect(page.get_by_role("link", name=CONTINUE)).to_be_visible()
    assert not User.objects.exists()


def test_signed_in_at_one_is_not_signed_in_at_the_other(windows: Windows) -> None:
    page = windows.open("/login/")
    at_meridian(page)
    allow(page)
    prove(page, "mei@example.com")
    page.wait_for_url("**/chat/")
    sign_out(page)
    page.goto("/provider/")
    expect(page.locator("body")).to_contain_text("林小梅")
    page.goto("/chat/")
    page.wait_for_url("**/login/?next=/chat/")
