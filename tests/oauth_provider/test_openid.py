"""OpenID Connect's own rules: discovery, prompts, ages, hints, logout."""

import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser

from oauth_provider import claims
from oauth_provider.sessions import AUTH_TIME, SessionStore
from tests.oauth_provider.common import Flow, answered, browser, client, fields, person, sign_in

pytestmark = pytest.mark.django_db


def discovered() -> dict[str, Any]:
    response = Browser().get("/provider/.well-known/openid-configuration")
    assert response["Access-Control-Allow-Origin"] == "*"
    found: dict[str, Any] = response.json()
    return found


def grow_older(window: Browser, seconds: int) -> None:
    """As if the login had been that long ago."""
    session = SessionStore(window.cookies["meridian_session"].value)
    session[AUTH_TIME] -= seconds
    session.save()


def test_discovery_tells_what_is_supported_and_nothing_else() -> None:
    told, site = discovered(), settings.SITE_URL
    assert told["issuer"] == f"{site}/provider"
    for name, path in (
        ("authorization_endpoint", "authorize"),
        ("token_endpoint", "token"),
        ("userinfo_endpoint", "userinfo"),
        ("jwks_uri", "jwks"),
        ("revocation_endpoint", "revoke"),
        ("introspection_endpoint", "introspect"),
        ("end_session_endpoint", "logout"),
    ):
        assert told[name] == f"{site}/provider/{path}"
        assert Browser().get(f"/provider/{path}").status_code != 404
    assert told["response_types_supported"] == ["code"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["id_token_signing_alg_values_supported"] == ["RS256"]
    assert set(told["grant_types_supported"]) == {
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
    }
    assert set(told["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic",
        "client_secret_post",
        "none",
    }
    assert told["authorization_response_iss_parameter_supported"] is True
    assert not any("registration" in name or "device" in name for name in told)


def test_every_claim_that_is_promised_is_told() -> None:
    client()
    tokens = Flow().tokens(browser(person()))
    read = claims.read_id_token(tokens["id_token"])
    assert read is not None
    assert set(discovered()["claims_supported"]) == set(read)


def test_silence_is_kept_where_it_was_asked_for() -> None:
    client()
    stranger = answered(Flow(prompt="none").ask(browser()))
    assert stranger["error"] == "login_required"
    assert stranger["iss"]
    window = browser(person())
    assert answered(Flow(prompt="none").ask(window))["error"] == "consent_required"
    Flow().decide(window)
    assert answered(Flow(prompt="none").ask(window))["code"]
    grow_older(window, 100)
    assert answered(Flow(prompt="none", max_age="50").ask(window))["error"] == "login_required"


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_a_fresh_login_is_asked_for_once(prompt: str) -> None:
    client()
    person("mei")
    window = browser()
    sign_in(window, "mei")
    Flow().decide(window)
    to_login = Flow(prompt=prompt).ask(window)
    assert to_login["Location"].startswith("/provider/login/")
    page = window.get(to_login["Location"])
    back = sign_in(window, "mei", next=fields(page)["next"])
    after = window.get(back["Location"])
    if "consent" in prompt:
        assert after.status_code == 200
    else:
        assert answered(after)["code"]


def test_max_age_asks_again_after_that_long() -> None:
    client()
    person("mei")
    window = browser()
    sign_in(window, "mei")
    assert answered(Flow(max_age="60").decide(window))["code"]
    grow_older(window, 3600)
    flow = Flow(max_age="60")
    to_login = flow.ask(window)
    assert to_login["Location"].startswith("/provider/login/")
    sign_in(window, "mei")
    read = claims.read_id_token(flow.tokens(window)["id_token"])
    assert read is not None
    assert time.time() - read["auth_time"] < 60
    zero = Flow(max_age="0")
    grow_older(window, 10)
    back = sign_in(window, "mei", next=fields(window.get(zero.ask(window)["Location"]))["next"])
    grow_older(window, 3)  # a slow line
    assert answered(window.get(back["Location"]))["code"]  # and does not go round in circles


def test_a_hint_of_somebody_else_is_login_required() -> None:
    client()
    mei, tom = browser(person("mei")), browser(person("tom"))
    hint = Flow().tokens(mei)["id_token"]
    assert answered(Flow(id_token_hint=hint).decide(mei))["code"]
    assert answered(Flow(id_token_hint=hint).ask(tom))["error"] == "login_required"
    assert answered(Flow(id_token_hint="nonsense").ask(mei))["error"] == "login_required"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ],
)
def test_request_objects_are_not_supported_and_said_so(name: str, error: str) -> None:
    client()
    assert answered(Flow(**{name: "https://app.example/x"}).ask(browser()))["error"] == error


def test_a_login_hint_fills_in_the_name() -> None:
    client()
    window = browser()
    page = window.get(Flow(login_hint="mei").ask(window)["Location"])
    assert b'value="mei"' in page.content


def test_an_authorization_request_by_form_goes_on_as_a_link() -> None:
    client()
    flow, window = Flow(), Browser()
    answer = window.post("/provider/authorize", flow.query, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 303
    assert answer["Location"].startswith("/provider/authorize?")
    assert window.get(answer["Location"]).status_code == 302


def test_a_client_that_knows_who_it_was_signs_them_out_without_a_question() -> None:
    client()
    window = browser(person())
    hint = Flow().tokens(window)["id_token"]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": "https://app.example/bye", "state": "s 1"}
    answer = window.get("/provider/logout", query)
    assert answer["Location"] == "https://app.example/bye?state=s+1"
    assert window.get("/provider/applications/").status_code == 302


def test_anybody_else_has_the_person_asked() -> None:
    client()
    mei, tom = browser(person("mei")), browser(person("tom"))
    hint = Flow().tokens(mei)["id_token"]
    query = {"client_id": "app", "post_logout_redirect_uri": "https://app.example/bye"}
    for given in (query, query | {"id_token_hint": hint}):
        page = tom.get("/provider/logout", given)
        assert page.status_code == 200
        assert "https://app.example;" in page["Content-Security-Policy"]
        assert tom.get("/provider/applications/").status_code == 200
    token = fields(page)
    stay = tom.post("/provider/logout", token | {"decision": "stay"})
    assert stay["Location"] == "/provider/"
    assert tom.get("/provider/applications/").status_code == 200
    gone = tom.post("/provider/logout", token | {"decision": "sign-out"})
    assert gone["Location"] == "https://app.example/bye"
    assert tom.get("/provider/applications/").status_code == 302


def test_a_hint_that_is_not_the_providers_signs_nobody_out() -> None:
    client()
    client("other")
    window = browser(person())
    hint = Flow().tokens(window)["id_token"]
    forged = hint[:-8] + "AAAAAAAA"
    header, payload, _ = hint.split(".")
    for given in (
        {"id_token_hint": forged},
        {"id_token_hint": f"{header}.{payload}."},
        {"id_token_hint": "eyJhbGciOiJub25lIn0." + payload + "."},
        {"id_token_hint": hint, "client_id": "other", "post_logout_redirect_uri": "https://app.example/bye"},
    ):
        assert window.get("/provider/logout", given).status_code == 400
    assert window.get("/provider/applications/").status_code == 200
    assert browser().get("/provider/logout").status_code == 200
