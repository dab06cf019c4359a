"""What a provider signs is checked as OpenID Connect Core has it; what does not hold lets nobody in."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey

from accounts.models import Identity
from tests.client import error_code, ok
from tests.third_party import faults
from tests.third_party.common import Visitor, refused, rows
from tests.third_party.provider import CLIENT_ID, CLIENT_SECRET, LEFT_OUT, OpenIDProvider, signing_key

New = Callable[..., Visitor]

LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": LEFT_OUT},
    "an empty nonce": {"nonce": ""},
    "nonce of a list": {"nonce": ["a"]},
    "another audience": {"aud": "somebody else"},
    "another audience in a list": {"aud": ["somebody else"]},
    "no audience": {"aud": LEFT_OUT},
    "an empty audience": {"aud": []},
    "audience in capitals": {"aud": CLIENT_ID.upper()},
    "two audiences, meant for the other": {"aud": [CLIENT_ID, "somebody else"], "azp": "somebody else"},
    "meant for another": {"azp": "somebody else"},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": LEFT_OUT},
    "expired": {"exp": int(time.time()) - 3600},
    "no expiry": {"exp": LEFT_OUT},
    "expiry of words": {"exp": "tomorrow"},
    "expiry of null": {"exp": None},
    "expiry of an object": {"exp": {}},
    "not yet valid": {"nbf": int(time.time()) + 3600},
    "issued tomorrow": {"iat": int(time.time()) + 86400},
    "of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}
SUBJECTS: dict[str, Any] = {
    "missing": LEFT_OUT,
    "empty": "",
    "blank": "   ",
    "256 characters": "a" * 256,
    "a number": 7,
    "null": None,
    "true": True,
    "a list": ["amy-at-other"],
    "an object": {"id": "amy-at-other"},
    "NUL": "amy\0-at-other",
    "newline": "amy-at-other\n",
    "space after": "amy-at-other ",
    "space before": " amy-at-other",
    "lone surrogate": "amy\ud800",
    "invisible": "amy\u200b-at-other",
    "direction": "amy\u202e-at-other",
}


@pytest.fixture
def before(nobody: Visitor, visitor: New, provider: OpenIDProvider) -> dict[str, int]:
    """Somebody has an account already; what there is now."""
    visitor().join("amy@example.com")
    return rows()


@pytest.mark.parametrize("lie", LIES)
def test_a_claim_that_does_not_hold(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int], lie: str
) -> None:
    provider.lies.id_token = LIES[lie]
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_that_is_none(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int], subject: str
) -> None:
    """In the id_token and in userinfo alike."""
    provider.lies.id_token = provider.lies.userinfo = {"sub": SUBJECTS[subject]}
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


@pytest.mark.parametrize("subject", [*SUBJECTS, "somebody else's"])
def test_userinfo_about_another_subject(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int], subject: str
) -> None:
    """The id_token is good; userinfo is of somebody else (Core, section 5.3.2)."""
    provider.lies.userinfo = {"sub": SUBJECTS.get(subject, "amy")}
    provider.person = {"sub": "mallory-at-other"}
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


def test_a_subject_of_255_characters_is_one(nobody: Visitor, provider: OpenIDProvider) -> None:
    provider.person["sub"] = "é" * 255
    nobody.join("amy@example.com")
    assert Identity.objects.get().subject == "é" * 255


def test_a_token_that_is_not_signed(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int]
) -> None:
    provider.lies.header = {"alg": "none"}
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


def test_a_token_signed_with_the_shared_secret(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int]
) -> None:
    """HS256 with the client's secret, which more than one party may have."""
    for kid in (provider.kid, LEFT_OUT):
        provider.lies.header = {"alg": "HS256", "kid": kid}
        provider.lies.secret = CLIENT_SECRET.encode()
        refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


def test_a_token_signed_with_the_public_key_as_a_secret(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int]
) -> None:
    """The old confusion of algorithms: what everybody may read is taken for a secret."""
    provider.lies.header = {"alg": "HS256"}
    provider.lies.secret = provider.key.as_pem(private=False)
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


@pytest.mark.parametrize("kid", ["the same", "another", "none", "a list"])
def test_a_token_signed_by_another_key(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int], kid: str
) -> None:
    provider.lies.key = signing_key(99)
    kids = {"the same": provider.kid, "another": signing_key(99).kid, "none": LEFT_OUT, "a list": ["a"]}
    provider.lies.header = {"kid": kids[kid]}
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before
    assert len(provider.asked_for("jwks")) <= 2  # looked once whether there are new keys


def test_a_key_that_comes_with_the_token_is_not_believed(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int]
) -> None:
    key = signing_key(99)
    provider.lies.key = key
    for header in (
        {"jwk": key.as_dict(private=False)},
        {"jku": f"{provider.issuer}/jwks"},
        {"x5u": "http://127.0.0.1:9/"},
    ):
        provider.lies.header = {"kid": key.kid, **header}
        refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


def test_extensions_that_have_to_be_understood_are_not(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int]
) -> None:
    provider.lies.header = {"crit": ["exp"], "exp": 1}
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


def test_no_id_token(nobody: Visitor, provider: OpenIDProvider, before: dict[str, int]) -> None:
    """An access token alone says nothing about who came with this browser."""
    provider.lies.no_id_token = True
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


@pytest.mark.parametrize(
    "id_token",
    ["", "a", "a.b", "a.b.c", "....", "é.é.é", "a" * 200_000, None, 5, [], {}, ["a.b.c"],
     "eyJhbGciOiJub25lIn0..", "eyJhbGciOiJub25lIn0.e30."],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
def test_what_is_no_jwt(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int], id_token: Any
) -> None:
    provider.answers["token"] = faults.answer(
        {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": id_token}
    )
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert rows() == before


@pytest.mark.parametrize(
    "fields",
    [
        {"access_token": LEFT_OUT}, {"access_token": None}, {"access_token": ""}, {"access_token": 5},
        {"access_token": ["a"]}, {"access_token": "a\r\nX-Evil: 1"}, {"access_token": "é"},
        {"access_token": "\ud800"}, {"access_token": "a" * 200_000},
        {"token_type": LEFT_OUT}, {"token_type": None}, {"token_type": "mac"}, {"token_type": 5},
        {"expires_in": "soon"}, {"expires_in": -1}, {"expires_in": 1e400}, {"expires_in": {}},
        {"expires_in": 10**400}, {"expires_at": 1e400}, {"expires_at": "soon"}, {"scope": 5},
        {"error": "invalid_grant"}, {"error": 5}, {"error": ["a"]},
    ],
    ids=lambda fields: str(fields)[:30],
)  # fmt: skip
def test_what_is_no_token_answer(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int], fields: dict[str, Any]
) -> None:
    """Some of these a tolerant client may take; whatever it does, nothing breaks and nobody is let in."""
    answer = {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": "a.b.c", **fields}
    shown = {name: value for name, value in answer.items() if value is not LEFT_OUT}
    provider.answers["token"] = faults.answer(shown)
    answered = nobody.sign_in()
    assert answered.status_code in (400, 503), answered.text
    assert error_code(answered) in ("provider_unavailable", "code_refused")
    assert rows() == before


SECRET = "c2VjcmV0" * 8
KEYS: dict[str, Any] = {
    "none": {"keys": []},
    "no list": {"keys": {}},
    "nothing": {},
    "words": {"keys": ["a", 5, None]},
    "no kind": {"keys": [{"kid": "a"}]},
    "kind unknown": {"keys": [{"kty": "XYZ", "kid": "a"}]},
    "no numbers": {"keys": [{"kty": "RSA", "n": "!", "e": 5}]},
    "a tiny one": {"keys": [{"kty": "RSA", "n": "AQ", "e": "AQ"}]},
    "off the curve": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}]},
    "a huge one": {"keys": [{"kty": "RSA", "n": "_" * 100_000, "e": "AQAB"}]},
    "a secret": {"keys": [{"kty": "oct", "k": SECRET}]},
    "very many": {"keys": [{"kty": "oct", "k": SECRET, "kid": str(number)} for number in range(5000)]},
}


@pytest.mark.parametrize("keys", KEYS)
def test_keys_that_are_none(
    nobody: Visitor, provider: OpenIDProvider, before: dict[str, int], keys: str
) -> None:
    provider.rotate()  # what is kept from the sign-in before does not fit
    provider.answers["jwks"] = faults.answer(KEYS[keys])
    begun = time.monotonic()
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert time.monotonic() - begun < 5
    assert rows() == before
    # And it is not kept: once the provider is well again, so is signing in.
    provider.answers.clear()
    ok(nobody.sign_in())


def test_an_elliptic_key_serves_as_well(nobody: Visitor, provider: OpenIDProvider) -> None:
    key = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"}, auto_kid=True)
    provider.answers["jwks"] = faults.answer({"keys": [key.as_dict(private=False)]})
    provider.lies.key = key
    provider.lies.header = {"alg": "ES256", "kid": key.kid}
    # at_hash is of SHA-256 either way.
    nobody.join("amy@example.com")


def test_a_key_for_encryption_signs_nothing(nobody: Visitor, provider: OpenIDProvider) -> None:
    provider.answers["jwks"] = faults.answer(
        {"keys": [{**provider.key.as_dict(private=False), "use": "enc"}]}
    )
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert not Identity.objects.exists()
