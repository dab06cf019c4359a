"""Login name and password of a provider that trusts the chat with them."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts import oidc
from accounts.models import Identity
from tests.client import error_code, ok
from tests.third_party import faults
from tests.third_party.common import Visitor, refused, rows, third_parties
from tests.third_party.provider import LEFT_OUT, OpenIDProvider

New = Callable[..., Visitor]
PATH = "auth/third-party/other/password"
RIGHT = {"username": "amy", "password": "amy's, over there"}


@pytest.fixture
def provider(provider: OpenIDProvider, settings: Settings) -> OpenIDProvider:
    """With the grant, and somebody's password."""
    settings.THIRD_PARTY = third_parties(provider, password=True)
    provider.passwords["amy"] = (provider.person, RIGHT["password"])
    return provider


def test_unknown_then_known(visitor: New, provider: OpenIDProvider) -> None:
    nobody = visitor()
    answer = ok(nobody.client.post(PATH, RIGHT)).json()
    assert set(answer) == {"bind_token", "profile"}
    user = ok(nobody.bind(answer["bind_token"], "amy@example.com"), 201).json()["user"]
    again = ok(visitor().client.post(PATH, RIGHT)).json()
    assert set(again) == {"user", "access", "refresh"}
    assert again["user"]["id"] == user["id"]
    # It is the same person as by the browser.
    assert ok(visitor().sign_in()).json()["user"]["id"] == user["id"]


def test_a_wrong_password(nobody: Visitor, provider: OpenIDProvider) -> None:
    for wrong in ({**RIGHT, "password": "a guess"}, {**RIGHT, "username": "nobody"}):
        refused(nobody.client.post(PATH, wrong), 401, "invalid_credentials")
    assert set(rows().values()) == {0}


def test_a_provider_without_the_grant(nobody: Visitor, provider: OpenIDProvider, settings: Settings) -> None:
    settings.THIRD_PARTY = third_parties(provider)
    refused(nobody.client.post(PATH, RIGHT), 404, "not_found")
    assert not provider.asked


@pytest.mark.parametrize(
    "body",
    [
        {}, {"username": "amy"}, {"password": "a"}, {**RIGHT, "username": ""}, {**RIGHT, "password": ""},
        {**RIGHT, "username": "a" * 256}, {**RIGHT, "password": "a" * 5000}, {**RIGHT, "username": "a\0"},
        {**RIGHT, "password": 5}, {**RIGHT, "username": ["amy"]}, [], "amy",
    ],
    ids=lambda body: str(body)[:40],
)  # fmt: skip
def test_what_is_neither(nobody: Visitor, provider: OpenIDProvider, body: Any) -> None:
    refused(nobody.client.post(PATH, body), 400, "invalid")
    assert not provider.asked_for("token")


def test_what_is_typed_adds_no_parameters(nobody: Visitor, provider: OpenIDProvider) -> None:
    nobody.client.post(PATH, {"username": "amy&grant_type=client_credentials", "password": "a&scope=admin=1"})
    form = provider.asked_for("token")[0]["form"]
    assert (form["grant_type"], form["username"]) == ("password", "amy&grant_type=client_credentials")
    assert form["password"] == "a&scope=admin=1"
    assert "admin" not in form["scope"]


def test_guessing_is_slowed_down(nobody: Visitor, provider: OpenIDProvider, settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = True
    for _ in range(10):
        refused(nobody.client.post(PATH, {**RIGHT, "password": "a guess"}), 401, "invalid_credentials")
    answer = nobody.client.post(PATH, RIGHT)
    refused(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) >= 1
    assert len(provider.asked_for("token")) == 10
    # Somebody else's name is not shut out by it.
    assert error_code(nobody.client.post(PATH, {**RIGHT, "username": "bob"})) == "invalid_credentials"


def test_capitals_do_not_make_it_another_name_to_guess_at(
    nobody: Visitor, provider: OpenIDProvider, settings: Settings
) -> None:
    """Many providers take AMY for amy."""
    settings.RATELIMIT_ENABLE = True
    spellings = ("amy", "Amy", "AMY", " amy", "aMy", "amY", "AmY", "AMy", "amy ", "aMY", "Amy ")
    codes = [
        error_code(nobody.client.post(PATH, {"username": name, "password": "a guess"}))
        for name in (*spellings, *spellings)  # more than ten a minute, also where one minute ends meanwhile
    ]
    assert "rate_limited" in codes


@pytest.mark.parametrize("fault", faults.NONSENSE)
@pytest.mark.parametrize("endpoint", ["token", "userinfo"])
def test_nonsense(nobody: Visitor, provider: OpenIDProvider, endpoint: str, fault: str) -> None:
    provider.answers[endpoint] = faults.NONSENSE[fault]
    refused(nobody.client.post(PATH, RIGHT), 503, "provider_unavailable")
    assert set(rows().values()) == {0}


@pytest.mark.parametrize("fault", faults.SLOW)
def test_slowness(
    nobody: Visitor, provider: OpenIDProvider, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "DEADLINE", 1.0)
    provider.answers["token"] = faults.SLOW[fault]
    refused(nobody.client.post(PATH, RIGHT), 503, "provider_unavailable")


def test_a_subject_that_is_none(nobody: Visitor, provider: OpenIDProvider) -> None:
    for subject in (LEFT_OUT, "", None, 5, "a" * 256, "amy\0", "amy "):
        provider.lies.userinfo = {"sub": subject}
        refused(nobody.client.post(PATH, RIGHT), 503, "provider_unavailable")
    assert not Identity.objects.exists()


def test_the_password_is_nowhere_afterwards(
    nobody: Visitor, provider: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        ok(nobody.client.post(PATH, RIGHT))
        refused(nobody.client.post(PATH, {**RIGHT, "username": "bob"}), 401, "invalid_credentials")
    assert RIGHT["password"] not in caplog.text
    assert all(RIGHT["password"] not in asked["url"] for asked in provider.asked)
