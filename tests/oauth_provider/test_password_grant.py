"""A person's password for tokens: for the listed confidential client alone, and not for guessing."""

from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from oauth_provider import services
from tests.oauth_provider.common import (
    FORM,
    PASSWORD,
    alive,
    basic,
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


def by_password(login: str = "mei", password: str = PASSWORD, **how: Any) -> Any:
    body = {
        "grant_type": "password",
        "username": login,
        "password": password,
        "scope": "openid profile email",
    }
    return call("token", body, **how)


@pytest.fixture(autouse=True)
def listed(settings: Settings) -> None:
    settings.OAUTH_PROVIDER_PASSWORD_CLIENTS = ["trusted", "spa"]
    client("trusted")


def test_the_listed_client_gets_tokens() -> None:
    mei = person("mei")
    tokens = by_password(client_id="trusted").json()
    assert userinfo(tokens["access_token"]).json()["sub"] == mei.subject
    assert refresh(tokens["refresh_token"], client_id="trusted").status_code == 200
    assert by_password("MEI", client_id="trusted").status_code == 200  # a login name has no capitals


def test_no_other_client_gets_any() -> None:
    person("mei")
    client("app")
    public("spa")
    refused = by_password(client_id="app")
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
    assert by_password(client_id="spa", secret=None).status_code in {400, 401}
    assert by_password(client_id="trusted", secret="wrong").status_code == 401


def test_a_wrong_password_and_an_unknown_or_inactive_person_look_the_same() -> None:
    person("mei")
    services.set_active(person=person("gone"), active=False)
    answers = [
        by_password("mei", "wrong", client_id="trusted"),
        by_password("nobody", client_id="trusted"),
        by_password("gone", client_id="trusted"),
        by_password("méi", client_id="trusted"),
        by_password("mei", "x" * 2000, client_id="trusted"),
    ]
    assert {(a.status_code, a.content) for a in answers} == {(400, answers[0].content)}
    assert answers[0].json()["error"] == "invalid_grant"


def test_guessing_is_stopped_by_login_name_and_address_over_both_doors(settings: Settings) -> None:
    settings.LOGIN_RATE = "3/h"
    person("mei")
    person("tom")
    for _ in range(2):
        assert by_password("mei", "wrong", client_id="trusted").status_code == 400
    window = browser()
    assert sign_in(window, "mei", "wrong").status_code == 400
    refused = by_password("Mei", client_id="trusted")
    assert refused.status_code == 429
    assert refused.json()["error"] == "temporarily_unavailable"
    assert int(refused["Retry-After"]) > 0
    page = sign_in(window, "mei")
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert by_password("tom", client_id="trusted").status_code == 200
    elsewhere = Browser(REMOTE_ADDR="203.0.113.9").post(
        "/provider/token",
        f"grant_type=password&username=mei&password={PASSWORD.replace(' ', '+')}",
        content_type=FORM,
        headers={"Authorization": basic("trusted")},
    )
    assert elsewhere.status_code == 200


def test_people_of_a_trusted_client_do_not_lock_each_other_out(settings: Settings) -> None:
    settings.LOGIN_IP_RATE = "3/d"
    person("tom")
    for number in range(5):
        assert by_password(f"guess{number}", client_id="trusted").status_code == 400
    assert by_password("tom", client_id="trusted").status_code == 200


def test_a_changed_password_ends_these_tokens_too() -> None:
    mei = person("mei")
    tokens = by_password(client_id="trusted").json()
    services.set_password(person=mei, password="another password")
    assert not alive(tokens["access_token"], client_id="trusted")
    assert refresh(tokens["refresh_token"], client_id="trusted").status_code == 400
    assert by_password(client_id="trusted").status_code == 400
