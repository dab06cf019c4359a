"""A moderator finds a message and bans its sender, whose open page says so; then all is as before."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.audit import Action
from accounts.models import AuditEvent
from tests import admin_client
from tests.client import ApiClient, ok
from tests.pages.conftest import Windows
from tests.people import orm, signed_in

REASON = "Selling <b>things</b> to everybody"


def admin(windows: Windows, path: str, **window: object) -> Page:
    """A window in which a moderator is at work."""
    mona = orm(lambda: admin_client.staff("moderator", "Mona"))
    return windows.open(f"/admin/{path}", cookies=signed_in(mona.pk), **window)  # type: ignore[arg-type]


def confirm(page: Page, deed: str, **answers: str) -> None:
    """Press a row's button, and answer the page that asks why."""
    page.get_by_role("button", name=f"{deed}…").click()
    expect(page.locator(".confirm")).to_be_visible()
    for name, value in answers.items():
        field = page.locator(f"[name={name}]")
        if name == "reason":
            field.fill(value)
        else:
            field.select_option(value)
    page.locator(".decide button").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_a_moderator_finds_a_message_and_bans_its_sender(
    windows: Windows, friends: tuple[ApiClient, ApiClient, int]
) -> None:
    amy, ben, direct = friends
    ben.send_message(direct, "hello there")
    amy.send_message(direct, "buy this wonderful thing")
    hers = windows.sign_in(amy, path=f"/chat/{direct}/")
    expect(hers.locator("#stream").get_by_text("buy this wonderful thing")).to_be_visible()

    page = admin(windows, "messaging/message/")
    page.get_by_label("Text").fill("wonderful")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="buy this wonderful thing").click()
    expect(page.locator(".lines .this")).to_contain_text("buy this wonderful thing")
    expect(page.locator(".lines")).to_contain_text("hello there")
    page.locator(".lines .this .by a").first.click()
    windows.expected |= {401, 403}
    confirm(page, "Ban", reason=REASON, term="7d")

    # Her page says so, with the reason, and her tokens are dead.
    expect(hers.get_by_role("heading", name="Your account has been banned.")).to_be_visible(timeout=5000)
    expect(hers.get_by_text(REASON)).to_be_visible()
    expect(hers.get_by_text("Until")).to_be_visible()
    expect(hers.get_by_role("textbox")).to_have_count(0)
    ok(amy.get("users/me"), 403)
    ok(amy.post("auth/token/refresh", {"refresh": amy.refresh_token}), 401, 403)
    hers.get_by_role("link", name="Sign in").click()
    hers.get_by_label("E-mail").fill(amy.email)
    hers.get_by_role("textbox", name="Password").fill(amy.password)
    hers.locator("form.form button[type=submit]").click()
    expect(hers.get_by_text(REASON)).to_be_visible()

    # The ban is lifted, and all is as before.
    confirm(page, "Lift the ban", reason="A mistake")
    hers.get_by_role("textbox", name="Password").fill(amy.password)
    hers.locator("form.form button[type=submit]").click()
    hers.goto(f"/chat/{direct}/")
    expect(hers.locator("#stream").get_by_text("buy this wonderful thing")).to_be_visible()
    hers.get_by_role("textbox", name="Message").fill("I am back")
    hers.keyboard.press("Enter")
    expect(hers.locator("#stream").get_by_text("I am back")).to_be_visible()

    # The record shows both.
    page.goto("/admin/accounts/auditevent/")
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("ban lifted")
    expect(rows.nth(1)).to_contain_text(REASON)
    recorded = orm(lambda: list(AuditEvent.objects.filter(security=False).values_list("action", flat=True)))
    assert recorded == [Action.BANNED, Action.UNBANNED]


@pytest.mark.django_db(transaction=True)
def test_who_is_silenced_finds_the_composer_closed_with_the_reason(
    windows: Windows, friends: tuple[ApiClient, ApiClient, int], person: Callable[..., ApiClient]
) -> None:
    amy, _ben, direct = friends
    hers = windows.sign_in(amy, path=f"/chat/{direct}/")
    composer = hers.get_by_role("textbox", name="Message")
    expect(composer).to_be_visible()
    page = admin(windows, f"accounts/user/{amy.id}/change/")
    confirm(page, "Stop from writing", reason=REASON, term="1d")
    expect(hers.locator("#composer .closed")).to_contain_text(REASON)
    expect(composer).to_be_hidden()
    told = hers.locator(".told")
    expect(told).to_contain_text("stopped you from writing")
    told.get_by_role("button", name="Put away").click()
    expect(told).to_have_count(0)
    plain = windows.sign_in(amy, path=f"/plain/{direct}/", javascript=False)
    expect(plain.get_by_text(REASON)).to_be_visible()
    windows.scripts = True
    confirm(page, "Let write again", reason="Enough")
    expect(composer).to_be_visible()
    expect(hers.locator("#composer .closed")).to_be_hidden()


@pytest.mark.django_db(transaction=True)
def test_a_phones_admin_and_its_start_page_complain_of_nothing(
    windows: Windows, friends: tuple[ApiClient, ApiClient, int]
) -> None:
    """The pages' policy holds: nothing inline, nothing from elsewhere."""
    amy, _ben, direct = friends
    amy.send_message(direct, "hello")
    page = admin(windows, "", width=390, dark=True)
    expect(page.locator(".hours svg .bar")).to_have_count(24)
    for path in (
        "accounts/user/",
        "messaging/message/",
        "accounts/auditevent/",
        f"accounts/user/{amy.id}/change/",
    ):
        page.goto(f"/admin/{path}")
        expect(page.locator("#content h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
