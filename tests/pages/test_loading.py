"""What a page fetches: scripts under names that change with them, and all of them at once."""

import re

from playwright.sync_api import expect

from tests.client import ApiClient
from tests.pages.conftest import Windows

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


def test_scripts_are_named_by_their_content_and_wait_for_no_other(
    windows: Windows, friends: tuple[ApiClient, ApiClient, int]
) -> None:
    amy, _ben, _conversation = friends
    page = windows.open("/login/")
    fetched: set[str] = set()
    page.on("request", lambda request: fetched.add(request.url))
    page.fill("[name=email]", amy.email)
    page.fill("[name=password]", amy.password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/chat/")
    expect(page.locator(".conversation")).to_have_count(1)
    scripts = {url for url in fetched if url.endswith(".js") and "/static/" in url}
    assert len(scripts) > 20
    assert [url for url in fetched if "/static/" in url and not HASHED.search(url)] == []
    preloaded = page.eval_on_selector_all("link[rel=modulepreload]", "links => links.map(link => link.href)")
    named = page.eval_on_selector_all("script[src]", "scripts => scripts.map(script => script.src)")
    assert set(preloaded) <= scripts
    # Nothing had to wait until another script was read.
    assert scripts - set(preloaded) - set(named) == set()
