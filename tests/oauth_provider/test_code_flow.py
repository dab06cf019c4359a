"""Signing in by authorization code, from the client's request to the person's profile."""

import time

import pytest
from django.conf import settings
from django.test import Client as Browser
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.oauth_provider.common import (
    CALLBACK,
    Flow,
    answered,
    browser,
    call,
    client,
    person,
    public,
    refresh,
    sign_in,
    userinfo,
)

pytestmark = pytest.mark.django_db


def published() -> KeySet:
    """The keys, as anybody gets them."""
    return KeySet.import_key_set(Browser().get("/provider/jwks").json())


def test_a_person_signs_in_consents_and_the_client_learns_who_it_is() -> None:
    mei, app = person("mei"), client()
    window, flow = browser(), Flow()
    to_login = flow.ask(window)
    assert to_login.status_code == 302
    assert to_login["Location"].startswith("/provider/login/?next=%2Fprovider%2Fauthorize%3F")
    login = window.get(to_login["Location"])
    assert app.name in login.content.decode()
    back = sign_in(window, "mei", next=flow.path)
    assert back["Location"] == flow.path
    consent = window.get(back["Location"]).content.decode()
    for words in ("App", "Know that it is you", "your picture", "your e-mail address"):
        assert words in consent
    answer = answered(flow.decide(window))
    assert answer["iss"] == f"{settings.SITE_URL}/provider"
    assert answer["state"] == flow.state
    tokens = flow.exchange(answer["code"]).json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3600
    assert set(tokens["scope"].split()) == {"openid", "profile", "email"}
    profile = userinfo(tokens["access_token"]).json()
    assert profile["sub"] == mei.subject
    assert profile["nickname"] == "Mei"
    assert profile["email"] == "mei@meridian.example"
    assert profile["email_verified"] is True
    assert profile["picture"].startswith(f"{settings.SITE_URL}/provider/avatars/")
    picture = Browser().get(profile["picture"].removeprefix(settings.SITE_URL))
    assert picture.content.startswith(b"\x89PNG")


def test_the_id_token_is_signed_by_the_published_key_and_says_who_when_and_for_whom() -> None:
    mei = person("mei")
    client()
    flow, before = Flow(), int(time.time())
    tokens = flow.tokens(browser(mei))
    decoded = jwt.decode(tokens["id_token"], published(), algorithms=["RS256"])
    claims = decoded.claims
    assert decoded.header["kid"] == Browser().get("/provider/jwks").json()["keys"][0]["kid"]
    assert claims["iss"] == f"{settings.SITE_URL}/provider"
    assert claims["aud"] == "app"
    assert claims["sub"] == mei.subject
    assert claims["nonce"] == flow.nonce
    assert claims["exp"] - claims["iat"] == 3600
    assert before <= claims["auth_time"] <= claims["iat"]
    assert (claims["nickname"], claims["email"]) == ("Mei", "mei@meridian.example")
    assert set(Browser().get("/provider/jwks").json()["keys"][0]) == {"kty", "n", "e", "alg", "use", "kid"}


def test_the_scopes_bound_what_is_told() -> None:
    mei = person("mei")
    client()
    tokens = Flow(scope="openid").tokens(browser(mei))
    assert userinfo(tokens["access_token"]).json() == {"sub": mei.subject}
    plain = Flow(scope="profile").tokens(browser(mei))
    assert "id_token" not in plain
    refused = userinfo(plain["access_token"])
    assert refused.status_code == 403
    assert refused.json()["error"] == "insufficient_scope"


def test_a_refusal_takes_the_person_back_with_access_denied() -> None:
    client()
    flow = Flow()
    answer = answered(flow.decide(browser(person()), "refuse"))
    assert answer["error"] == "access_denied"
    assert answer["state"] == flow.state
    assert answer["iss"] == f"{settings.SITE_URL}/provider"
    assert "code" not in answer


def test_consent_is_asked_once_and_again_for_more() -> None:
    client()
    window = browser(person())
    assert answered(Flow(scope="openid").decide(window))["code"]
    assert answered(Flow(scope="openid").ask(window))["code"]
    assert Flow(scope="openid email").ask(window).status_code == 200
    assert Flow(scope="openid", prompt="consent").ask(window).status_code == 200


def test_a_refresh_gives_new_tokens_of_the_same_person() -> None:
    mei = person("mei")
    client()
    first = Flow().tokens(browser(mei))
    second = refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert userinfo(second["access_token"]).json()["sub"] == mei.subject
    old, new = (jwt.decode(t["id_token"], published()).claims for t in (first, second))
    assert old["auth_time"] == new["auth_time"]
    assert old["sub"] == new["sub"]
    narrower = call(
        "token",
        {"grant_type": "refresh_token", "refresh_token": second["refresh_token"], "scope": "openid"},
    ).json()
    assert narrower["scope"] == "openid"
    assert set(refresh(narrower["refresh_token"]).json()["scope"].split()) == {"openid", "profile", "email"}


def test_a_public_client_needs_no_secret_and_can_use_none() -> None:
    mei = person("mei")
    public("spa", redirect_uris=CALLBACK)
    flow = Flow("spa")
    code = flow.code(browser(mei))
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": flow.verifier,
    }
    for secret in ("", "anything"):
        assert call("token", body, client_id="spa", secret=secret).json()["error"] == "invalid_client"
    tokens = call("token", body, client_id="spa", secret=None).json()
    assert userinfo(tokens["access_token"]).json()["sub"] == mei.subject
    assert refresh(tokens["refresh_token"], client_id="spa", secret=None).status_code == 200


def test_a_client_acts_in_its_own_name_without_learning_of_anybody() -> None:
    client()
    tokens = call("token", {"grant_type": "client_credentials"}).json()
    assert tokens["scope"] == ""
    assert "refresh_token" not in tokens
    assert "id_token" not in tokens
    assert userinfo(tokens["access_token"]).status_code == 403
    refused = call("token", {"grant_type": "client_credentials", "scope": "openid"})
    assert refused.json()["error"] == "invalid_scope"
