"""Being signed in at the provider and being signed in at the chat have nothing to do with each other."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from oauth_provider import services
from oauth_provider.models import PersonSession
from tests.client import ApiClient
from tests.oauth_provider.common import (
    PASSWORD,
    Flow,
    answered,
    browser,
    client,
    fields,
    person,
    refresh,
    sign_in,
    userinfo,
)
from tests.people import new_user

pytestmark = pytest.mark.django_db

SIGNED_IN = b"Your account"


def chat_sign_in(window: Browser) -> None:
    """By the chat's own login page."""
    user = new_user("Amy")
    token = fields(window.get("/login/"))["csrfmiddlewaretoken"]
    given = {"email": user.email, "password": "correct horse battery", "csrfmiddlewaretoken": token}
    assert window.post("/login/", given).status_code == 302


def test_signed_in_at_the_provider_is_not_signed_in_at_the_chat() -> None:
    window = browser(person())
    assert SIGNED_IN in window.get("/provider/").content
    assert window.get("/chat/")["Location"].startswith("/login/")
    assert window.get("/api/v1/users/me").status_code == 401
    assert window.get("/admin/")["Location"].startswith("/admin/login/")
    assert "chatchat_session" not in window.cookies


def test_signed_in_at_the_chat_is_not_signed_in_at_the_provider() -> None:
    window = browser()
    chat_sign_in(window)
    assert window.get("/api/v1/users/me").status_code == 200
    assert SIGNED_IN not in window.get("/provider/").content
    assert window.get("/provider/applications/")["Location"].startswith("/provider/login/")
    client()
    assert Flow().ask(window)["Location"].startswith("/provider/login/")


def test_neither_touches_the_others_cookies() -> None:
    window = browser()
    chat_sign_in(window)
    before = {name: window.cookies[name].value for name in ("chatchat_session", "chatchat_csrf")}
    person("mei")
    answers = [sign_in(window, "mei"), window.get("/provider/"), window.get("/provider/nothing")]
    page = window.get("/provider/applications/")
    answers.append(
        window.post("/provider/sign-out/", {"csrfmiddlewaretoken": fields(page)["csrfmiddlewaretoken"]})
    )
    for answer in answers:
        assert not [name for name in answer.cookies if name.startswith("chatchat")]
    assert {name: window.cookies[name].value for name in before} == before
    assert window.get("/api/v1/users/me").status_code == 200
    sign_in(window, "mei")
    mine = window.cookies["meridian_session"].value
    window.post("/logout/", {"csrfmiddlewaretoken": window.cookies["chatchat_csrf"].value})
    assert window.get("/api/v1/users/me").status_code == 401
    assert window.cookies["meridian_session"].value == mine
    assert SIGNED_IN in window.get("/provider/").content


def test_a_session_key_of_one_opens_nothing_at_the_other() -> None:
    window = browser()
    chat_sign_in(window)
    chats = window.cookies["chatchat_session"].value
    thief = Browser()
    thief.cookies["meridian_session"] = chats
    assert SIGNED_IN not in thief.get("/provider/").content
    assert window.get("/api/v1/users/me").status_code == 200
    mei = browser(person("mei"))
    thief = Browser()
    thief.cookies["chatchat_session"] = mei.cookies["meridian_session"].value
    assert thief.get("/api/v1/users/me").status_code == 401
    assert SIGNED_IN in mei.get("/provider/").content


def test_the_cookies_are_the_providers_own_and_closed_to_scripts() -> None:
    window = browser(person())
    for name in ("meridian_session", "meridian_csrf"):
        cookie = window.cookies[name]
        assert cookie["path"] == "/provider/"
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_behind_https_the_cookies_are_secure(settings: Settings) -> None:
    settings.SECURE = True
    window = browser(person())
    assert window.cookies["meridian_session"]["secure"]
    assert window.cookies["meridian_csrf"]["secure"]


def test_a_login_starts_a_new_session_and_ends_the_old_one() -> None:
    person("mei")
    person("tom")
    window = browser()
    sign_in(window, "mei")
    first = window.cookies["meridian_session"].value
    sign_in(window, "tom")
    second = window.cookies["meridian_session"].value
    assert first != second
    assert not PersonSession.objects.filter(session_key=first).exists()
    fixed = Browser(enforce_csrf_checks=True)
    fixed.cookies["meridian_session"] = "0123456789abcdefghijklmnopqrstuv"
    sign_in(fixed, "mei")
    assert fixed.cookies["meridian_session"].value != "0123456789abcdefghijklmnopqrstuv"


@pytest.mark.parametrize("end", ["password", "active"])
def test_a_session_ends_with_the_password_and_the_account(end: str) -> None:
    mei = person("mei")
    window = browser(mei)
    if end == "password":
        services.set_password(person=mei, password="another password")
    else:
        services.set_active(person=mei, active=False)
    answer = window.get("/provider/")
    assert SIGNED_IN not in answer.content
    assert answer.cookies["meridian_session"].value == ""


def test_sign_out_ends_the_session_for_good() -> None:
    window = browser(person())
    kept = window.cookies["meridian_session"].value
    token = fields(window.get("/provider/"))["csrfmiddlewaretoken"]
    assert window.get("/provider/sign-out/").status_code == 302
    assert SIGNED_IN in window.get("/provider/").content
    window.post("/provider/sign-out/", {"csrfmiddlewaretoken": token})
    assert SIGNED_IN not in window.get("/provider/").content
    again = Browser()
    again.cookies["meridian_session"] = kept
    assert SIGNED_IN not in again.get("/provider/").content


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/provider/login/", {"login": "mei", "password": PASSWORD}),
        ("/provider/sign-out/", {}),
        ("/provider/applications/", {"client": "1"}),
        ("/provider/logout", {"decision": "sign-out"}),
        ("/provider/language/", {"language": "zh-hans"}),
    ],
)
def test_every_form_needs_the_providers_own_csrf_token(path: str, body: dict[str, str]) -> None:
    person("mei")
    window = browser()
    sign_in(window, "mei")
    window.get("/login/")
    chats = window.cookies["chatchat_csrf"].value
    for token in ("", "x" * 64, chats):
        refused = window.post(path, body | {"csrfmiddlewaretoken": token})
        assert refused.status_code == 403
        assert b"That form has gone stale" in refused.content
    assert SIGNED_IN in window.get("/provider/").content


def test_consent_cannot_be_given_by_another_site() -> None:
    client()
    window = browser(person())
    flow = Flow()
    flow.ask(window)
    refused = window.post(f"/provider/consent?{flow.query}", {"decision": "allow"})
    assert refused.status_code == 403
    assert "Location" not in refused
    assert Flow().ask(window).status_code == 200  # still not given


def test_pages_run_nothing_inline_and_cannot_be_framed() -> None:
    client(redirect_uris="https://app.example:8443/cb")
    window = browser(person())
    flow = Flow(redirect_uri="https://app.example:8443/cb")
    anonymous = browser()
    pages: dict[str, Any] = {
        "consent": flow.ask(window),
        "login": anonymous.get(flow.ask(anonymous)["Location"]),
        "home": window.get("/provider/"),
        "applications": window.get("/provider/applications/"),
        "error": window.get("/provider/nothing"),
        "logout": window.get("/provider/logout"),
    }
    for name, page in pages.items():
        policy = page["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page["X-Frame-Options"] == "DENY"
        assert page["Cache-Control"] == "no-store"
        for inline in (b"<script", b"<style", b"style=", b" onclick", b"javascript:"):
            assert inline not in page.content
        # A browser holds the policy against the redirects after a form, and a client is one.
        target = " https://app.example:8443" if name in {"consent", "login"} else ""
        assert f"form-action 'self'{target};" in policy


def test_the_login_page_opens_its_policy_for_registered_addresses_only() -> None:
    client()
    for path in (
        Flow(redirect_uri="https://evil.example/cb").path,
        Flow("nobody", redirect_uri="https://evil.example/cb").path,
    ):
        page = browser().get("/provider/login/", {"next": path})
        assert "evil.example" not in page["Content-Security-Policy"]
        assert "form-action 'self';" in page["Content-Security-Policy"]


def test_what_was_granted_is_shown_and_taken_back() -> None:
    app = client()
    window = browser(person())
    tokens = Flow().tokens(window)
    page = window.get("/provider/applications/")
    assert b"App" in page.content
    given = {"client": str(app.pk), "csrfmiddlewaretoken": fields(page)["csrfmiddlewaretoken"]}
    tom = browser(person("tom"))
    theirs = fields(tom.get("/provider/applications/"))["csrfmiddlewaretoken"]
    tom.post("/provider/applications/", given | {"csrfmiddlewaretoken": theirs})
    assert answered(Flow().ask(window))["code"]  # somebody else's button does nothing
    assert window.post("/provider/applications/", given).status_code == 302
    assert userinfo(tokens["access_token"]).status_code == 401
    assert refresh(tokens["refresh_token"]).status_code == 400
    assert Flow().ask(window).status_code == 200
    for odd in ("", "x", "-1", "9" * 30, "٣"):
        assert window.post("/provider/applications/", given | {"client": odd}).status_code == 302


def test_the_language_is_the_providers_own_choice() -> None:
    window = browser()
    token = fields(window.get("/provider/login/"))["csrfmiddlewaretoken"]
    given = {"language": "zh-hans", "next": "/provider/login/", "csrfmiddlewaretoken": token}
    assert window.post("/provider/language/", given)["Location"] == "/provider/login/"
    assert "登录".encode() in window.get("/provider/login/").content
    assert b"Sign in" in window.get("/login/").content
    away = window.post("/provider/language/", given | {"next": "//evil.example/provider/"})
    assert away["Location"] == "/provider/"


def test_a_bearer_of_the_chat_is_nobody_here(api: Callable[..., ApiClient]) -> None:
    amy = api("Amy")
    answer = Browser().get("/provider/userinfo", headers={"Authorization": f"Bearer {amy.token}"})
    assert answer.status_code == 401
