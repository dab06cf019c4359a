"""The doors of the site, and what each of its answers carries."""

import re
from collections.abc import Callable

import httpx
import pytest
from django.test import Client
from playwright.sync_api import expect

from chatchat import pages
from tests.client import ApiClient
from tests.pages.conftest import Windows
from tests.people import new_user
from tests.stack.server import Server

PUBLIC = ["/", "/login/", "/register/", "/password/", "/dev/mail/", "/docs/websocket/"]


def test_the_first_page_leads_to_every_door(windows: Windows) -> None:
    windows.expected = {401}
    page = windows.open("/")
    doors = page.locator(".doors a")
    found = [door.get_attribute("href") for door in doors.all()]
    assert found == ["/chat/", "/api/docs/", "/docs/websocket/", "/admin/"]
    for path in found:
        answer = page.goto(str(path))
        assert answer is not None
        assert answer.status == 200
    page.wait_for_timeout(500)


def test_the_api_page_works_without_a_network_under_the_policy(windows: Windows) -> None:
    page = windows.open("/api/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    page.click("#operations-auth-auth_token_create .opblock-summary-control")
    page.click("#operations-auth-auth_token_create .try-out button")
    windows.expected = {401}
    page.click("#operations-auth-auth_token_create button.execute")
    expect(page.locator(".live-responses-table")).to_contain_text("401")


def test_the_admin_works_under_the_policy(windows: Windows) -> None:
    new_user("Admin", email="admin@example.org", is_staff=True, is_superuser=True)
    page = windows.open("/admin/")
    page.fill("[name=username]", "admin@example.org")
    page.fill("[name=password]", "correct horse battery")
    page.click("[type=submit]")
    models = page.locator(".apps th a")
    expect(models.first).to_be_visible()
    for path in [model.get_attribute("href") for model in models.all()]:
        page.goto(str(path))
        search = page.locator("#searchbar")
        if search.count():
            search.fill("admin")
            search.press("Enter")
        expect(page.locator("#changelist")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/", "/nothing/", "/api/v1/users", "/admin/login/", "/healthz", "/api/schema/"]
)
def test_every_answer_carries_the_policy(server: Server, path: str) -> None:
    policy = httpx.get(server.url + path).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy


@pytest.mark.django_db
def test_a_page_that_is_not_there_says_so_in_the_readers_language() -> None:
    answer = Client().get("/nothing/", headers={"accept-language": "zh-CN"})
    assert answer.status_code == 404
    assert "找不到你要的内容" in answer.content.decode()
    assert Client().get("/api/v1/nothing").json()["error"]["code"] == "not_found"


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "Go back, reload it"), ("zh-CN", "请返回、刷新页面")])
def test_a_form_that_came_too_late_says_what_to_do(language: str, words: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/login/", {"email": "amy@example.com"}, headers={"accept-language": language})
    assert answer.status_code == 403
    assert words in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/docs/nothing/", "/docs/../settings/", "/docs/%2e%2e%2fREADME/", "/strings/xx.js"]
)
def test_documents_and_strings_are_only_those_that_there_are(path: str) -> None:
    assert Client().get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*PUBLIC, "/chat/", "/logout/", "/language/"])
@pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "trace"])
def test_pages_answer_only_to_what_they_are_for(path: str, method: str) -> None:
    assert getattr(Client(), method)(path).status_code in {302, 405}


def test_the_mail_page_speaks_json_and_shows_only_what_is_asked_for(server: Server) -> None:
    somebody = ApiClient(server.url)
    for name in ("one", "two"):
        somebody.post("auth/email-codes", {"email": f"{name}@example.com", "purpose": "register"})
    url, json = f"{server.url}/dev/mail/", {"Accept": "application/json"}
    every = httpx.get(url, headers=json).json()["results"]
    assert [mail["to"] for mail in every[:2]] == ["two@example.com", "one@example.com"]
    only = httpx.get(url, params={"to": "ONE@example.com"}, headers=json).json()["results"]
    assert {mail["to"] for mail in only} == {"one@example.com"}
    assert re.search(r"\d{6}", only[0]["text"])
    assert httpx.get(url).headers["content-type"].startswith("text/html")
    assert (
        httpx.get(url, headers={"Accept": "text/html,*/*;q=0.8"}).text.lstrip().startswith("<!DOCTYPE html>")
    )


@pytest.mark.django_db
def test_without_dev_mail_there_is_no_mail_page(settings: object) -> None:
    settings.DEV_MAIL = False  # type: ignore[attr-defined]
    assert Client().get("/dev/mail/").status_code == 404
    assert b"/dev/mail/" not in Client().get("/").content
    assert b"/dev/mail/" not in Client().get("/register/").content


def test_the_language_of_a_page_is_also_the_language_of_its_errors(
    windows: Windows, person: Callable[..., ApiClient]
) -> None:
    windows.expected = {404}
    page = windows.sign_in(person("Amy"), locale="zh-CN")
    message = page.evaluate(
        "fetch('/api/v1/conversations/999999999').then(a => a.json()).then(a => a.error.message)"
    )
    assert message == "找不到你要的内容。"


@pytest.mark.django_db
def test_a_document_leads_to_the_others_as_pages() -> None:
    page = pages.as_html("# A title\n\nSee [the socket](websocket.md#frames), <script>alert(1)</script>.\n")
    assert '<h1 id="a-title">' in page
    assert 'href="/docs/websocket/#frames"' in page
    assert "<script>" not in page
