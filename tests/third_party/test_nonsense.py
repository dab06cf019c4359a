"""A provider that is away, slow, or answers nonsense: a clear error, soon, and nothing left behind."""

import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from accounts import oidc
from tests.third_party import faults
from tests.third_party.common import Visitor, at_provider, refused, rows
from tests.third_party.provider import LEFT_OUT, OpenIDProvider

MEBIBYTE = 2**20


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds are too long to wait for in each of these."""
    monkeypatch.setattr(oidc, "DEADLINE", 1.0)


@pytest.fixture
def little(fault: str) -> Iterator[None]:
    """However much comes, little of it is kept."""
    if fault not in ("endless", "endless headers", "bomb"):
        yield  # watching costs half a second
        return
    tracemalloc.start()
    yield
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 32 * MEBIBYTE


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("fault", faults.NONSENSE)
@pytest.mark.parametrize("endpoint", ["discovery", "token", "jwks", "userinfo"])
def test_nonsense(nobody: Visitor, provider: OpenIDProvider, endpoint: str, fault: str) -> None:
    before = rows()
    provider.answers[endpoint] = faults.NONSENSE[fault]
    begun = time.monotonic()
    if endpoint == "discovery":
        refused(nobody.client.get("auth/third-party/other/login"), 503, "provider_unavailable")
    else:
        refused(nobody.sign_in(), 503, "provider_unavailable")
    assert time.monotonic() - begun < 5
    assert provider.sent <= 16 * MEBIBYTE
    assert rows() == before
    # It is not held against the provider once it is well again.
    provider.answers.clear()
    nobody.join("amy@example.com")


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("fault", faults.SLOW)
@pytest.mark.parametrize("endpoint", ["discovery", "token", "jwks", "userinfo"])
def test_slowness(nobody: Visitor, provider: OpenIDProvider, endpoint: str, fault: str) -> None:
    before = rows()
    provider.answers[endpoint] = faults.SLOW[fault]
    begun = time.monotonic()
    if endpoint == "discovery":
        refused(nobody.client.get("auth/third-party/other/login"), 503, "provider_unavailable")
    else:
        refused(nobody.sign_in(), 503, "provider_unavailable")
    assert time.monotonic() - begun < 4
    assert rows() == before


def test_nobody_waits_longer_than_the_deadline(nobody: Visitor, provider: OpenIDProvider) -> None:
    """The real one, over all that one request of ours asks."""
    provider.answers["token"] = faults.drip
    begun = time.monotonic()
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert time.monotonic() - begun < 15


def test_a_provider_that_is_away(nobody: Visitor, provider: OpenIDProvider) -> None:
    location = at_provider(nobody.leave())
    provider.stop()
    refused(nobody.come_back(location), 503, "provider_unavailable")
    assert set(rows().values()) == {0}


def test_discovery_that_is_away(nobody: Visitor, provider: OpenIDProvider) -> None:
    provider.stop()
    refused(nobody.client.get("auth/third-party/other/login"), 503, "provider_unavailable")
    answer = nobody.client.get("auth/third-party/other/login")
    assert "Location" not in answer.headers


@pytest.mark.parametrize("endpoint", ["token", "jwks", "userinfo"])
def test_one_address_is_away(nobody: Visitor, provider: OpenIDProvider, endpoint: str) -> None:
    names = {"token": "token_endpoint", "jwks": "jwks_uri", "userinfo": "userinfo_endpoint"}
    provider.lies.discovery = {names[endpoint]: "http://127.0.0.1:9/"}
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert set(rows().values()) == {0}


def test_two_providers_do_not_depend_on_each_other(
    nobody: Visitor, provider: OpenIDProvider, second: OpenIDProvider
) -> None:
    provider.stop()
    refused(nobody.client.get("auth/third-party/other/login"), 503, "provider_unavailable")
    nobody.join("amy@example.com", provider="second")


DISCOVERIES: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://evil.example"},
    "issuer with a slash": {"issuer": "/"},  # put behind the true one
    "no issuer": {"issuer": LEFT_OUT},
    "issuer of a list": {"issuer": []},
    "no authorization endpoint": {"authorization_endpoint": LEFT_OUT},
    "authorization endpoint of null": {"authorization_endpoint": None},
    "authorization endpoint of a script": {"authorization_endpoint": "javascript:alert(1)"},
    "authorization endpoint of data": {"authorization_endpoint": "data:text/html,hello"},
    "authorization endpoint without a host": {"authorization_endpoint": "/authorize"},
}


@pytest.mark.parametrize("lie", DISCOVERIES)
def test_discovery_that_does_not_hold(nobody: Visitor, provider: OpenIDProvider, lie: str) -> None:
    said = dict(DISCOVERIES[lie])
    if said.get("issuer") == "/":
        said["issuer"] = provider.issuer + "/"
    provider.lies.discovery = said
    answer = nobody.client.get("auth/third-party/other/login")
    refused(answer, 503, "provider_unavailable")
    assert "Location" not in answer.headers
    # It is not held against the provider once it is well again.
    provider.lies.discovery = {}
    nobody.join("amy@example.com")


def test_who_is_reached_by_tls_names_no_address_without(
    nobody: Visitor, provider: OpenIDProvider, settings: Any
) -> None:
    # Reached here as behind a proxy that ends TLS; what it says of itself is what counts.
    settings.THIRD_PARTY = {
        "other": {
            "name": "Other",
            "issuer": "https://id.example.com",
            "server": provider.issuer,
            "client_id": "chat",
            "client_secret": "secret",
        }
    }
    secure = {
        "issuer": "https://id.example.com",
        "authorization_endpoint": "https://id.example.com/authorize",
    }
    provider.lies.discovery = secure
    assert nobody.leave().startswith("https://id.example.com/authorize?")
    oidc._kept.clear()
    provider.lies.discovery = secure | {"authorization_endpoint": "http://id.example.com/authorize"}
    refused(nobody.client.get("auth/third-party/other/login"), 503, "provider_unavailable")


def test_an_authorization_endpoint_of_two_lines_is_no_header(
    nobody: Visitor, provider: OpenIDProvider
) -> None:
    provider.lies.discovery = {"authorization_endpoint": "https://a.example/\r\nX-Evil: 1"}
    answer = nobody.client.get("auth/third-party/other/login")
    assert answer.status_code in (302, 503)
    assert "X-Evil" not in answer.headers


ADDRESSES = [
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "",
    "//",
    5,
    None,
    [],
]


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_addresses_that_are_none(nobody: Visitor, provider: OpenIDProvider, name: str, address: Any) -> None:
    provider.lies.discovery = {name: address}
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert set(rows().values()) == {0}


@pytest.mark.parametrize("name", ["token_endpoint_auth_methods_supported", "code_challenge_methods_supported",
                                  "authorization_response_iss_parameter_supported"])  # fmt: skip
@pytest.mark.parametrize("value", [5, None, "yes", [], [5], {}], ids=str)
def test_odd_capabilities_break_nothing(
    nobody: Visitor, provider: OpenIDProvider, name: str, value: Any
) -> None:
    provider.lies.discovery = {name: value}
    begun = nobody.client.get("auth/third-party/other/login")
    assert begun.status_code in (302, 503), begun.text
    if begun.status_code == 302:
        answer = nobody.come_back(at_provider(begun.headers["Location"]))
        assert answer.status_code in (200, 400, 503), answer.text


REFUSALS = {
    "invalid_grant": (400, "code_refused"),
    "invalid_client": (503, "provider_unavailable"),
    "unauthorized_client": (503, "provider_unavailable"),
    "access_denied": (503, "provider_unavailable"),
    "something new": (503, "provider_unavailable"),
}


@pytest.mark.parametrize("error", REFUSALS)
def test_the_token_endpoint_refuses(nobody: Visitor, provider: OpenIDProvider, error: str) -> None:
    provider.answers["token"] = faults.oauth_error(error, 401 if error == "invalid_client" else 400)
    refused(nobody.sign_in(), *REFUSALS[error])
    assert set(rows().values()) == {0}


def test_userinfo_refuses(nobody: Visitor, provider: OpenIDProvider) -> None:
    provider.answers["userinfo"] = faults.oauth_error("invalid_token", 401)
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert set(rows().values()) == {0}


def test_a_refusal_s_words_are_not_repeated(nobody: Visitor, provider: OpenIDProvider) -> None:
    """What a provider writes is for nobody's screen but its own."""
    words = "<script>alert(1)</script>"
    provider.answers["token"] = faults.answer({"error": words, "error_description": words}, 400)
    assert words not in nobody.sign_in().text


def test_what_is_kept_of_a_sign_in_is_not_written_to_the_log(
    nobody: Visitor, provider: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.lies.id_token = {"nonce": "another"}
    with caplog.at_level("DEBUG"):
        refused(nobody.sign_in(), 503, "provider_unavailable")
    ours = [
        record.getMessage() for record in caplog.records if not record.name.startswith("authlib.oauth2.rfc")
    ]
    secrets = [*provider.tokens, provider.clients["chat"].client_secret]
    assert not [line for line in ours for secret in secrets if secret in line]
