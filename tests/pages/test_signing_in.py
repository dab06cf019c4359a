"""Registering, signing in and out, a forgotten password: the pages."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page, Route, expect

from accounts.models import Session, User
from tests.client import PASSWORD, ApiClient
from tests.pages.conftest import Windows
from tests.people import new_user


def code_of(page: Page, email: str) -> str:
    """The newest code, read from the mail page as a person does."""
    page.goto(f"/dev/mail/?to={email}")
    found = re.search(r"(?<!\d)\d{6}(?!\d)", page.locator(".mail-body").first.inner_text())
    assert found
    return found.group()


def test_a_newcomer_registers_with_the_code_from_the_mail_page(windows: Windows) -> None:
    page, mail = windows.open("/register/"), windows.open()
    page.fill("[name=email]", "newcomer@example.com")
    page.click("[name=send_code]")
    expect(page.locator(".notice")).to_contain_text("newcomer@example.com")
    page.fill("[name=code]", code_of(mail, "newcomer@example.com"))
    page.fill("[name=nickname]", "小新")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]:not([name])")
    page.wait_for_url("**/chat/")
    expect(page.locator(".me")).to_have_text("小新")
    expect(page.locator("#conversations")).to_contain_text("No conversations yet")


def test_a_code_that_is_late_does_not_move_who_types_elsewhere(windows: Windows) -> None:
    page = windows.open("/register/")
    page.fill("[name=email]", "slow@example.com")
    asked: list[Route] = []
    page.route("**/auth/email-codes", lambda route: asked.append(route))
    with page.expect_request("**/auth/email-codes"):
        page.click("[name=send_code]")
    page.click("[name=nickname]")
    asked[0].continue_()
    expect(page.locator(".notice")).to_contain_text("slow@example.com")
    expect(page.locator("[name=nickname]")).to_be_focused()


def test_scripts_that_are_late_leave_who_types_where_they_are(windows: Windows) -> None:
    page = windows.open()
    held: list[Route] = []
    page.route("**/passwords*.js", lambda route: held.append(route))
    page.goto("/login/", wait_until="commit")
    page.fill("[name=email]", "slow@example.com")
    page.click("[name=password]")
    page.keyboard.type("my ss")
    page.keyboard.press("ArrowLeft")
    held[0].continue_()
    expect(page.get_by_role("button", name="Show the password")).to_be_visible()
    page.keyboard.type("pa")
    expect(page.locator("[name=password]")).to_be_focused()
    expect(page.locator("[name=password]")).to_have_value("my spas")


def test_what_was_typed_stays_when_the_code_is_wrong(windows: Windows) -> None:
    windows.expected = {400}
    page = windows.open("/register/")
    page.fill("[name=email]", "typo@example.com")
    page.click("[name=send_code]")
    page.fill("[name=code]", "000000")
    page.fill("[name=nickname]", "Typist")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]:not([name])")
    expect(page.locator(".problem")).to_be_visible()
    expect(page.locator("[name=nickname]")).to_have_value("Typist")


def test_one_signs_in_and_out(windows: Windows, person: Callable[..., ApiClient]) -> None:
    amy = person("Amy")
    page = windows.sign_in(amy)
    expect(page.locator(".me")).to_have_text("Amy")
    page.click("text=Sign out")
    page.wait_for_url("**/")
    page.goto("/chat/")
    expect(page).to_have_url(re.compile(r"/login/\?next=/chat/"))


def test_a_wrong_password_is_told_in_the_page(windows: Windows, person: Callable[..., ApiClient]) -> None:
    windows.expected = {401}
    amy = person("Amy")
    page = windows.open("/login/")
    page.fill("[name=email]", amy.email)
    page.fill("[name=password]", "not her password")
    page.click("main button[type=submit]")
    expect(page.locator(".problem")).to_have_text("The e-mail address or the password is wrong.")
    expect(page.locator("[name=email]")).to_have_value(amy.email)


def test_a_forgotten_password_is_replaced(windows: Windows, person: Callable[..., ApiClient]) -> None:
    amy = person("Amy")
    page, mail = windows.open("/password/"), windows.open()
    page.fill("[name=email]", amy.email)
    page.click("[name=send_code]")
    expect(page.locator(".notice")).to_be_visible()
    page.fill("[name=code]", code_of(mail, amy.email))
    page.fill("[name=password]", "staple horse battery")
    page.click("main button[type=submit]:not([name])")
    page.wait_for_url("**/login/")
    expect(page.locator(".notice")).to_contain_text("password")
    amy.password = "staple horse battery"
    expect(windows.sign_in(amy).locator(".me")).to_have_text("Amy")


def test_the_language_is_kept_over_signing_in(windows: Windows, person: Callable[..., ApiClient]) -> None:
    page = windows.open("/login/")
    page.click(".language button")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page).to_have_url(re.compile(r"/login/$"))
    amy = person("Amy")
    page.fill("[name=email]", amy.email)
    page.fill("[name=password]", amy.password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/chat/")
    expect(page.locator("#conversations")).to_contain_text("还没有会话")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "http:evil.example",
        "\\\\evil.example",
    ],
)
def test_next_leads_to_no_other_site(target: str) -> None:
    new_user("Amy", email="amy@example.com")
    browser = Client()
    answer = browser.post("/login/", {"email": "amy@example.com", "password": PASSWORD, "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/chat/")
    again = browser.get("/login/", {"next": target})
    assert (again.status_code, again["Location"]) == (302, "/chat/")
    switched = browser.post("/language/", {"language": "zh-hans", "next": target})
    assert (switched.status_code, switched["Location"]) == (302, "/chat/")


@pytest.mark.django_db
def test_a_page_login_is_a_session_like_any_other_and_ends_like_one() -> None:
    new_user("Amy", email="amy@example.com")
    browser = Client(headers={"user-agent": "Firefox on a test"})
    browser.post("/login/", {"email": "amy@example.com", "password": PASSWORD})
    session = Session.objects.get()
    assert (session.user.nickname, session.device) == ("Amy", "Firefox on a test")
    assert browser.get("/api/v1/auth/session").json()["user"]["nickname"] == "Amy"
    browser.post("/logout/")
    session.refresh_from_db()
    assert session.revoked_at is not None
    assert browser.get("/api/v1/auth/session").status_code == 401


@pytest.mark.django_db
def test_a_revoked_page_session_is_signed_out_at_the_next_click() -> None:
    new_user("Amy", email="amy@example.com")
    browser, other = Client(), Client()
    for one in (browser, other):
        one.post("/login/", {"email": "amy@example.com", "password": PASSWORD})
    assert browser.get("/chat/").status_code == 200
    first = Session.objects.order_by("pk").first()
    assert first is not None
    assert other.delete(f"/api/v1/auth/sessions/{first.pk}").status_code in {204, 403}
    token = other.cookies["chatchat_csrf"].value
    other.delete(f"/api/v1/auth/sessions/{first.pk}", headers={"X-CSRFToken": token})
    assert browser.get("/chat/")["Location"] == "/login/?next=/chat/"


@pytest.mark.django_db
def test_the_login_page_is_limited_as_the_api_is(settings: object) -> None:
    new_user("Amy", email="amy@example.com")
    settings.RATELIMIT_ENABLE, settings.LOGIN_RATE = True, "3/d"  # type: ignore[attr-defined]
    browser = Client()
    wrong = {"email": "amy@example.com", "password": "not her password"}
    statuses = [browser.post("/login/", wrong).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    right = browser.post("/login/", {**wrong, "password": PASSWORD})
    assert right.status_code == 429
    assert int(right["Retry-After"]) > 0


@pytest.mark.django_db
def test_forms_need_their_token() -> None:
    new_user("Amy", email="amy@example.com")
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/login/", {"email": "amy@example.com", "password": PASSWORD})
    assert answer.status_code == 403
    assert not Session.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/register/", "/password/"])
@pytest.mark.parametrize(
    "value", ["", "\x00", "a" * 100_000, "\ud800".encode("utf-8", "surrogatepass"), "<script>", "‮"]
)
def test_odd_input_is_refused_and_breaks_nothing(path: str, value: object) -> None:
    fields = dict.fromkeys(("email", "password", "code", "nickname", "next"), value)
    for extra in ({}, {"send_code": "1"}):
        answer = Client().post(path, {**fields, **extra})
        assert answer.status_code in {200, 400, 401}
    assert not User.objects.exists()
