"""What makes no sense is told so in the shape that its caller understands, and is never a 5xx."""

import json
import os
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser

from tests.oauth_provider.common import (
    FORM,
    SECRET,
    Flow,
    answered,
    basic,
    browser,
    call,
    client,
    person,
    sign_in,
)

pytestmark = pytest.mark.django_db

ENDPOINTS = ("token", "introspect", "revoke")


def is_rfc6749(response: Any) -> bool:
    """JSON with a known error word, never cached."""
    body = json.loads(response.content)
    return (
        400 <= response.status_code < 500
        and response["Content-Type"].startswith("application/json")
        and response["Cache-Control"] == "no-store"
        and body["error"]
        in {
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
        }
        and set(body) <= {"error", "error_description", "state"}
    )


BODIES: dict[str, Any] = {
    "nothing": "",
    "noise": "\x01\x02%%%&&&===;;;",
    "bad escapes": "grant_type=%zz&code=%",
    "NUL": "grant_type=password&username=%00&password=%00&token=%00",
    "NUL in a name": "gr%00ant=1",
    "a lone surrogate": "grant_type=refresh_token&refresh_token=%ED%A0%80&token=%ED%A0%80",
    "not UTF-8": b"grant_type=refresh_token&refresh_token=\xff\xfe&token=\xff",
    "twice": "grant_type=refresh_token&grant_type=password&token=a&token=b",
    "too long": "grant_type=refresh_token&refresh_token=" + "x" * 5000 + "&token=" + "x" * 5000,
    "huge": "grant_type=refresh_token&refresh_token=" + "x" * 100_000,
    "too many": "&".join(f"a{n}=1" for n in range(100)),
    "far too many": "&".join(f"a{n}=1" for n in range(3000)),
    "unknown": "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=x&token_type_hint=x",
    "unknown too": "grant_type=implicit",
    "no code": "grant_type=authorization_code&client_id=app",
    "nobody": "grant_type=client_credentials&client_id=nobody&client_secret=x&token=x",
    "odd scope": "grant_type=client_credentials&scope=%F0%9F%8D%A3",
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("what", BODIES)
def test_a_body_without_sense_is_refused_as_the_standard_says(endpoint: str, what: str) -> None:
    client()
    for headers in ({}, {"Authorization": basic()}):
        response = Browser().post(f"/provider/{endpoint}", BODIES[what], content_type=FORM, headers=headers)
        if response.status_code == 200:  # of a token that never was
            assert what in {"a lone surrogate", "not UTF-8", "nobody", "unknown"}
            assert response.content in {b"", b'{"active": false}'}
        else:
            assert is_rfc6749(response), response.content


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_another_method_or_type_of_body_is_refused_as_the_standard_says(endpoint: str) -> None:
    client()
    path = f"/provider/{endpoint}"
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        response = Browser().generic(method, path)
        assert response.status_code == 405
        assert response["Allow"] == "POST"
    window = Browser()
    assert is_rfc6749(window.post(path, {"grant_type": "client_credentials"}))  # multipart
    assert is_rfc6749(window.post(path, "{}", content_type="application/json"))
    assert is_rfc6749(window.post(path, "x", content_type="text/plain"))
    assert is_rfc6749(window.post(path, "a=1", content_type=f"{FORM}; charset=utf-16"))
    assert is_rfc6749(window.generic("POST", path, "a=1", f"{FORM}; charset=nonsense"))
    assert is_rfc6749(window.post(f"{path}?grant_type=client_credentials", "a=1", content_type=FORM))


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic YXBw",  # no colon
        "Basic /////w==",
        "Basic AAAA",
        "Basic " + "A" * 9000,
        "Bearer x",
        "Digest x",
        "Basic YXBwOg==",  # no secret
        "Basic JTAwOiUwMA==",  # NUL
        "Basic YXBwOiVFRCVBMCU4MA==",  # a surrogate
    ],
)
def test_broken_client_authentication_is_invalid_client(authorization: str) -> None:
    client()
    for endpoint, body in (
        ("token", {"grant_type": "client_credentials"}),
        ("introspect", {"token": "x"}),
        ("revoke", {"token": "x"}),
    ):
        response = call(endpoint, body, Authorization=authorization)
        assert response.status_code == 401
        assert response.json()["error"] == "invalid_client"
        assert response["WWW-Authenticate"].startswith("Basic")


def test_the_error_words_are_the_standards() -> None:
    client()
    assert call("token", {"grant_type": "urn:x"}).json()["error"] == "unsupported_grant_type"
    assert call("token", {}).json()["error"] == "invalid_request"
    assert call("token", {"grant_type": "refresh_token"}).json()["error"] == "invalid_request"
    wrong = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert call("token", wrong).json()["error"] == "invalid_grant"
    assert call("token", wrong, secret="wrong").json()["error"] == "invalid_client"
    assert call("introspect", {}).json()["error"] == "invalid_request"


QUERIES: dict[str, Any] = {
    "nothing": "",
    "noise": "%%%&&&=",
    "NUL": "client_id=app%00",
    "NUL in a state": Flow(state="\x00").query,
    "NUL elsewhere": Flow(anything="\x00").query,
    "a lone surrogate": "client_id=%ED%A0%80&redirect_uri=%ED%A0%80",
    "twice": Flow(nonce=["a", "b"]).query,
    "two addresses": Flow().query + "&redirect_uri=https%3A%2F%2Fevil.example",
    "too long": Flow(anything="x" * 3000).query,
    "too many": Flow(**{f"a{n}": "1" for n in range(60)}).query,
    "far too many": urlencode([(f"a{n}", "1") for n in range(2000)]),
}


@pytest.mark.parametrize("what", QUERIES)
def test_an_authorization_request_without_sense_stays_on_the_error_page(what: str) -> None:
    client()
    for window in (browser(), browser(person(f"p{os.urandom(4).hex()}"))):
        for method in (window.get, window.post):
            response = method(f"/provider/authorize?{QUERIES[what]}")
            if response.status_code == 403 or response.status_code == 303:  # no CSRF token
                continue
            assert response.status_code == 400
            assert "Location" not in response
        logout = window.get(f"/provider/logout?{QUERIES[what]}")
        assert logout.status_code in {200, 400}


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "x" * 1500},
        {"nonce": "x" * 300},
        {"scope": "openid admin"},
        {"scope": "🍣"},
        {"prompt": "none login"},
        {"prompt": "create"},
        {"max_age": "-1"},
        {"max_age": "9" * 20},
        {"max_age": "٣"},
        {"response_mode": "fragment"},
        {"response_mode": "form_post"},
        {"response_type": None},
    ],
)
def test_what_the_client_got_wrong_it_is_told(changes: dict[str, Any]) -> None:
    client()
    answer = answered(Flow(**changes).ask(browser(person())))
    assert answer["error"] in {"invalid_request", "invalid_scope"}
    assert answer["iss"]


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("", ""),
        ("mei", ""),
        ("\x00", "\x00"),
        ("mei\x00", "x"),
        ("m" * 5000, "x"),
        ("mei", "x" * 50_000),
        ("梅", "🍣"),
        ("\u212amei", "x"),  # the Kelvin sign
        ("' OR 1=1 --", "x"),
    ],
)
def test_no_login_breaks_the_page(login: str, password: str) -> None:
    person("mei")
    assert sign_in(browser(), login, password).status_code == 400


def test_the_rest_is_a_page_of_the_providers() -> None:
    for path in ("nothing", "token/", "o/", "avatars/x.png", "avatars/%00.png", "avatars/../x"):
        response = Browser().get(f"/provider/{path}")
        assert response.status_code == 404
        assert b"Meridian" in response.content
    assert SECRET.encode() not in response.content
