"""Nobody is ever sent to an address that is not registered, character by character."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.oauth_provider.common import Flow, answered, browser, client, person, sign_in

pytestmark = pytest.mark.django_db

REGISTERED = (
    "https://app.example/cb http://127.0.0.1:8123/cb http://localhost:8123/cb https://q.example/cb?a=1"
)
VARIANTS = (
    "https://app.example/cb/",
    "https://app.example/cb//",
    "https://app.example//cb",
    "https://app.example/CB",
    "https://APP.example/cb",
    "HTTPS://app.example/cb",
    "http://app.example/cb",
    "https://app.example:443/cb",
    "https://app.example:8443/cb",
    "https://app.example/cb/../evil",
    "https://app.example/x/../cb",
    "https://app.example/./cb",
    "https://app.example/cb/%2e%2e/evil",
    "https://app.example/%63b",
    "https://app.example/cb%2f",
    "https://app.example/cb;evil=1",
    "https://app.example/cb?",
    "https://app.example/cb?next=https://evil.example",
    "https://app.example/cb#",
    "https://app.example/cb#evil",
    "https://app.example/cb%23",
    "https://app.example/cb ",
    " https://app.example/cb",
    "https://app.example/cb\t",
    "https://app.example/cb\r\nLocation: https://evil.example",
    "https://app.example/cb%00",
    "https://app.example/cb\x00",
    "https://app.example\\@evil.example/cb",
    "https://app.example/\\evil.example/cb",
    "https:\\\\app.example\\cb",
    "https://user@app.example/cb",
    "https://app.example@evil.example/cb",
    "https://app.example:pass@evil.example/cb",
    "https://sub.app.example/cb",
    "https://app.example.evil.example/cb",
    "https://evilapp.example/cb",
    "https://app.example./cb",
    "https://аpp.example/cb",  # a Cyrillic а
    "//app.example/cb",
    "/cb",
    "app.example/cb",
    "javascript:alert(1)",
    "data:text/html,hello",
    "http://127.0.0.1/cb",
    "http://127.0.0.1:8124/cb",
    "http://127.1:8123/cb",
    "http://0x7f000001:8123/cb",
    "http://localhost:9999/cb",
    "http://localhost/cb",
    "http://[::1]:8123/cb",
    "https://127.0.0.1:8123/cb",
    "https://q.example/cb",
    "https://q.example/cb?a=1&b=2",
    "https://q.example/cb?a=2",
    "https://app.example/cb https://q.example/cb?a=1",
    "https://app.example/cb," + "x" * 3000,
    "",
)


@pytest.fixture
def window() -> Any:
    client(redirect_uris=REGISTERED)
    return browser(person())


@pytest.mark.parametrize("uri", VARIANTS)
def test_an_address_that_is_not_registered_is_refused_on_the_spot(window: Any, uri: str) -> None:
    for stage in (Flow.ask, _consent):
        response = stage(Flow(redirect_uri=uri), window)
        assert response.status_code == 400
        assert "Location" not in response
        assert b"This sign-in cannot go on" in response.content


def _consent(flow: Flow, window: Any) -> Any:
    token = window.cookies["meridian_csrf"].value
    path = f"/provider/consent?{flow.query}"
    return window.post(path, {"decision": "allow", "csrfmiddlewaretoken": token})


@pytest.mark.parametrize("uri", REGISTERED.split())
def test_a_registered_address_is_returned_to(window: Any, uri: str) -> None:
    answer = Flow(redirect_uri=uri).decide(window)
    assert answer["Location"].startswith(uri)
    assert answered(answer)["code"]


def test_an_error_goes_to_a_registered_address_only(window: Any) -> None:
    assert answered(Flow(response_type="token").ask(window))["error"] == "unsupported_response_type"
    assert Flow(response_type="token", redirect_uri="https://evil.example/").ask(window).status_code == 400
    assert Flow(prompt="none", redirect_uri="https://evil.example/").ask(browser()).status_code == 400
    assert Flow("nobody").ask(window).status_code == 400
    assert Flow("APP").ask(window).status_code == 400
    assert Flow(client_id="").ask(window).status_code == 400


NEXT = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "/provider/authorize@evil.example",
    "/provider/../admin/",
    "/provider/..%2fadmin/",
    "/provider/sign-out/",
    "/chat/",
    "https:evil.example",
    "http:///evil.example",
    "/provider/authorize\r\nX: y",
    "/" * 9000,
)


@pytest.mark.parametrize("after", NEXT)
def test_the_login_leads_nowhere_but_to_the_providers_own_pages(after: str) -> None:
    person("mei")
    window = browser()
    page = window.get("/provider/login/", {"next": after}).content.decode()
    assert '<input type="hidden" name="next" value="/provider/">' in page
    assert sign_in(window, "mei", next=after)["Location"] == "/provider/"


@pytest.mark.parametrize(
    "change",
    [
        lambda uri: uri + "/",
        lambda uri: uri.replace("https", "http"),
        lambda uri: uri + "?x=1",
        lambda uri: "https://evil.example/bye",
        lambda uri: uri.replace("app", "App"),
    ],
)
def test_a_logout_returns_to_registered_addresses_only(window: Any, change: Callable[[str], str]) -> None:
    query = {"client_id": "app", "post_logout_redirect_uri": change("https://app.example/bye")}
    response = window.get("/provider/logout", query)
    assert response.status_code == 400
    assert "Location" not in response
    nameless = window.get("/provider/logout", {"post_logout_redirect_uri": "https://app.example/bye"})
    assert nameless.status_code == 400
