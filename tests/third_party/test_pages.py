"""The door of the pages, by HTTP: redirects and cookies, never a token in an address, nowhere but here."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from accounts.models import Identity, Session, User
from accounts.services import codes
from accounts.services.bans import ban_person
from accounts.services.codes import Purpose
from tests.client import ApiClient
from tests.people import new_user
from tests.third_party import faults
from tests.third_party.common import Visitor, at_provider, rows, with_params
from tests.third_party.provider import OpenIDProvider

New = Callable[..., Visitor]
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def browser(api: Callable[[], ApiClient]) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(headers=HTML, SERVER_NAME="testserver")


def leave(browser: Browser, following: str = "") -> str:
    answer = browser.get("/third-party/other/" + following)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def come_back(browser: Browser, location: str) -> Any:
    return browser.get(location.removeprefix("http://testserver"))


def there_and_back(browser: Browser, following: str = "") -> Any:
    return come_back(browser, at_provider(leave(browser, following)))


def bind(browser: Browser, email: str, following: str = "", **fields: str) -> Any:
    """The form of the bind page, with a mailed code."""
    code = codes.issue(purpose=Purpose.BIND, email=email)
    body = {"email": email, "code": code, "nickname": "Amy", **fields}
    return browser.post(f"/third-party/bind/{following}", body)


def test_a_newcomer_binds_and_is_in_the_chat(browser: Browser, provider: OpenIDProvider) -> None:
    answer = there_and_back(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/third-party/bind/?next=%2Fchat%2F")
    page = browser.get("/third-party/bind/")
    assert page.status_code == 200
    assert "Amy of the other site" in page.content.decode()
    answer = bind(browser, "amy@example.com")
    assert (answer.status_code, answer["Location"]) == (302, "/chat/")
    assert browser.get("/chat/").status_code == 200
    assert (User.objects.count(), Identity.objects.count(), Session.objects.count()) == (1, 1, 1)
    # The page is not there twice.
    assert browser.get("/third-party/bind/").status_code == 400


def test_who_is_known_goes_straight_in(browser: Browser, visitor: New, provider: OpenIDProvider) -> None:
    visitor().join("amy@example.com")
    answer = there_and_back(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/chat/")
    assert browser.get("/chat/").status_code == 200


def test_no_token_is_in_an_address_or_a_page(browser: Browser, provider: OpenIDProvider) -> None:
    location = at_provider(leave(browser))
    answer = come_back(browser, location)
    page = browser.get(answer["Location"])
    token = browser.session["third_party_bind_token"]
    assert token not in answer["Location"] + page.content.decode() + str(answer.cookies)
    for secret in provider.tokens:
        assert secret not in answer["Location"] + page.content.decode()
    assert "no-store" in page["Cache-Control"]
    # An address from elsewhere on the page would be told where the person came from.
    assert page["Referrer-Policy"] in ("same-origin", "no-referrer", "strict-origin", "origin")


def test_the_session_is_a_new_one_after_signing_in(
    browser: Browser, visitor: New, provider: OpenIDProvider, settings: Settings
) -> None:
    """Fixation: a cookie that somebody else knew is worth nothing afterwards."""
    visitor().join("amy@example.com")
    location = at_provider(leave(browser))
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    come_back(browser, location)
    after = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert before != after


def test_what_was_remembered_for_the_way_is_forgotten(browser: Browser, provider: OpenIDProvider) -> None:
    there_and_back(browser)
    bind(browser, "amy@example.com")
    assert "third_party_bind_token" not in browser.session
    assert not browser.session.get("third_party")


ELSEWHERE = [
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "http:evil.example", "https:/evil.example", "javascript:alert(1)", "/\t/evil.example",
    "//evil.example/%2f..", "http://testserver@evil.example/", "http://testserver.evil.example/",
    " //evil.example", "\x00//evil.example", "/\r\nLocation: //evil.example", "data:text/html,hello",
    "//testserver:80@evil.example", "\u2028//evil.example", "////evil.example/chat/",
]  # fmt: skip


@pytest.mark.parametrize("to", ELSEWHERE)
def test_next_leads_nowhere_but_here(
    browser: Browser, visitor: New, provider: OpenIDProvider, to: str
) -> None:
    """For who is known, and for who binds first."""
    following = f"?next={quote(to)}"
    _here(there_and_back(browser, following))
    _here(bind(browser, "amy@example.com", following))
    again = Browser(headers=HTML, SERVER_NAME="testserver")
    _here(there_and_back(again, following))


def _here(answer: Any) -> None:
    """Where a browser takes this for a place on this site, and so does what it is told to remember."""
    assert answer.status_code == 302
    location = urlsplit(answer["Location"])
    for path in (answer["Location"], *parse_qs(location.query).get("next", [])):
        where = urljoin("http://testserver/", path.replace("\\", "/"))
        assert urlsplit(where)[:2] == ("http", "testserver"), path
        assert re.match(r"/[^/\\]", path), path


def test_next_that_is_here_is_obeyed(browser: Browser, visitor: New, provider: OpenIDProvider) -> None:
    answer = there_and_back(browser, "?next=/account/")
    answer = bind(browser, "amy@example.com", answer["Location"].removeprefix("/third-party/bind/"))
    assert answer["Location"] == "/account/"
    again = Browser(headers=HTML, SERVER_NAME="testserver")
    assert there_and_back(again, "?next=/account/")["Location"] == "/account/"


def is_page(answer: Any, status: int) -> str:
    """A page of ours, and no JSON; its text."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("text/html")
    text: str = answer.content.decode()
    assert "<main" in text
    return text


def test_they_say_no(browser: Browser, provider: OpenIDProvider) -> None:
    provider.consents = False
    is_page(there_and_back(browser), 403)
    assert set(rows().values()) == {0}


def test_a_wrong_state_is_a_page(browser: Browser, provider: OpenIDProvider) -> None:
    location = at_provider(leave(browser))
    is_page(come_back(browser, with_params(location, state="another")), 400)
    other = Browser(headers=HTML, SERVER_NAME="testserver")
    is_page(come_back(other, location), 400)
    assert set(rows().values()) == {0}


def test_the_back_button_is_a_page(browser: Browser, visitor: New, provider: OpenIDProvider) -> None:
    visitor().join("amy@example.com")
    location = at_provider(leave(browser))
    come_back(browser, location)
    is_page(come_back(browser, location), 400)
    assert browser.get("/chat/").status_code == 200  # and nobody is signed out by it


@pytest.mark.parametrize("fault", ["500", "html", "closed", "not json"])
def test_a_provider_in_trouble_is_a_page(browser: Browser, provider: OpenIDProvider, fault: str) -> None:
    provider.answers["token"] = faults.NONSENSE[fault]
    answer = there_and_back(browser)
    is_page(answer, 503)
    assert int(answer["Retry-After"]) >= 1
    provider.stop()


def test_a_provider_that_is_away_is_a_page(browser: Browser, provider: OpenIDProvider) -> None:
    provider.stop()
    answer = browser.get("/third-party/other/")
    is_page(answer, 503)
    assert "Retry-After" in answer


def test_a_provider_that_is_not_there_is_a_page(browser: Browser, provider: OpenIDProvider) -> None:
    is_page(browser.get("/third-party/nowhere/"), 404)


def test_what_the_provider_writes_is_no_markup(browser: Browser, provider: OpenIDProvider) -> None:
    provider.person["nickname"] = "<script>alert(1)</script>"
    there_and_back(browser)
    page = browser.get("/third-party/bind/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page
    location = with_params(
        at_provider(leave(browser)), code=None, error="<script>alert(2)</script>", error_description="<b>"
    )
    assert "<script>alert(2)" not in is_page(come_back(browser, location), 400)


def test_a_banned_person_is_told(browser: Browser, visitor: New, provider: OpenIDProvider) -> None:
    ban_person(user_id=visitor().join("amy@example.com")["user"]["id"])
    is_page(there_and_back(browser), 403)
    assert browser.get("/chat/").status_code == 302  # to the login page


def test_the_bind_page_without_having_come_back(browser: Browser, provider: OpenIDProvider) -> None:
    is_page(browser.get("/third-party/bind/"), 400)
    is_page(browser.post("/third-party/bind/", {"email": "amy@example.com", "code": "123456"}), 400)


def test_the_bind_form_needs_the_page_s_token(api: Any, provider: OpenIDProvider) -> None:
    strict = Browser(headers=HTML, SERVER_NAME="testserver", enforce_csrf_checks=True)
    there_and_back(strict)
    assert bind(strict, "amy@example.com").status_code == 403
    assert not User.objects.exists()


def test_links_and_unlinks_need_the_page_s_token_and_a_post(api: Any, provider: OpenIDProvider) -> None:
    user = new_user("Amy", email="amy@example.com")
    identity = Identity.objects.create(user=user, issuer=provider.issuer, subject="a", provider="other")
    strict = Browser(headers=HTML, SERVER_NAME="testserver", enforce_csrf_checks=True)
    strict.force_login(user)
    for path in ("/third-party/other/link/", f"/account/identities/{identity.pk}/unlink/"):
        assert strict.post(path, {}).status_code == 403
        assert strict.get(path).status_code == 405
    assert Identity.objects.count() == 1
    assert not provider.asked


def test_the_secret_of_one_browser_s_session_opens_no_other(
    browser: Browser, provider: OpenIDProvider
) -> None:
    there_and_back(browser)
    other = Browser(headers=HTML, SERVER_NAME="testserver")
    is_page(bind(other, "mallory@example.com"), 400)
    assert not User.objects.exists()
