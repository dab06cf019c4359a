"""Nickname, picture and e-mail address are only said, never believed."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pytest_django.fixtures import Settings

from accounts.models import Identity, User
from scripts.services import free_port
from tests.accounts.pictures import picture
from tests.client import ok
from tests.third_party import faults
from tests.third_party.common import Visitor, refused, third_parties
from tests.third_party.grants import LEFT_OUT
from tests.third_party.provider import Answer, OpenIDProvider

New = Callable[..., Visitor]

NICKNAMES: dict[str, tuple[Any, str | None]] = {
    "too long": ("n" * 200, "n" * 32),
    "very long": ("字" * 10_000, "字" * 32),
    "markup": ("<script>alert(1)</script>", "<script>alert(1)</script>"),  # text, shown as text
    "control characters": ("A\x00m\x1by\x7f", "Amy"),
    "direction": ("Amy\u202egnp", "Amygnp"),
    "lines": ("Amy\nMay", "AmyMay"),
    "spaces around": ("  Amy  ", "Amy"),
    "only spaces": (" \t\n ", None),
    "only invisible": ("\u200b\u200d\u2060", None),
    "empty": ("", None),
    "null": (None, None),
    "a number": (5, None),
    "a list": (["Amy"], None),
    "an object": ({"a": 1}, None),
    "lone surrogate": ("Amy\ud800", "Amy"),
    "not there": (LEFT_OUT, None),
    "emoji": ("🍣🍺", "🍣🍺"),
}


@pytest.mark.parametrize("case", NICKNAMES)
def test_a_nickname_of_any_kind(nobody: Visitor, provider: OpenIDProvider, case: str) -> None:
    said, shown = NICKNAMES[case]
    provider.lies.userinfo = {"nickname": said}
    answer = ok(nobody.sign_in()).json()
    assert answer["profile"]["nickname"] == (shown or "")
    user = ok(nobody.bind(answer["bind_token"], "amy@example.com"), 201).json()["user"]
    assert user["nickname"] == (shown or "amy")
    assert User.objects.get().nickname == (shown or "amy")


@pytest.mark.parametrize("claim", ["name", "preferred_username"])
def test_without_a_nickname_another_name_serves(
    nobody: Visitor, provider: OpenIDProvider, claim: str
) -> None:
    provider.person = {"sub": "amy-at-other", claim: "Amy Example"}
    assert ok(nobody.sign_in()).json()["profile"]["nickname"] == "Amy Example"


EMAILS: dict[str, dict[str, Any]] = {
    "verified": {"email": "bob@example.com", "email_verified": True},
    "verified by words": {"email": "bob@example.com", "email_verified": "true"},
    "not verified": {"email": "bob@example.com", "email_verified": False},
    "not said whether": {"email": "bob@example.com"},
    "capitals": {"email": "BOB@EXAMPLE.COM", "email_verified": True},
    "with a plus": {"email": "bob+other@example.com", "email_verified": True},
    "a list": {"email": ["bob@example.com"], "email_verified": True},
    "several": {"emails": [{"value": "bob@example.com", "primary": True, "verified": True}]},
    "the subject": {"sub": "bob@example.com", "email": "bob@example.com", "email_verified": True},
}


@pytest.mark.parametrize("case", EMAILS)
def test_an_address_that_a_provider_names_opens_no_account(
    visitor: New, provider: OpenIDProvider, case: str
) -> None:
    """The non-verifying provider: whatever it says of bob@, Bob's account is not its to give away."""
    bob = visitor("Bob", email="bob@example.com")
    provider.person = provider.person | EMAILS[case]
    mallory = visitor()
    answer = ok(mallory.sign_in())
    assert set(answer.json()) == {"bind_token", "profile"}
    assert "bob@" not in answer.text.lower()
    assert not bob.identities()
    # The address is nobody's but whose who reads it.
    refused(mallory.bind(answer.json()["bind_token"], "bob@example.com", "123456"), 400, "code_invalid")
    assert not Identity.objects.exists()
    # With an address of their own they have an account of their own.
    user = mallory.join("mallory@example.com")["user"]
    assert user["id"] != bob.client.id
    assert ok(mallory.client.get("users/me")).json()["email"] == "mallory@example.com"
    assert not bob.identities()


def test_an_address_that_changes_there_changes_nothing_here(visitor: New, provider: OpenIDProvider) -> None:
    """Who it is, issuer and subject say: also when the address is somebody else's now."""
    provider.person |= {"email": "amy@example.com", "email_verified": True}
    amy = visitor()
    first = amy.join("amy@example.com")["user"]
    visitor("Bob", email="bob@example.com")
    provider.person |= {"email": "bob@example.com"}
    assert ok(visitor().sign_in()).json()["user"]["id"] == first["id"]
    provider.person = {"sub": "another", "email": "amy@example.com", "email_verified": True}
    assert "bind_token" in ok(visitor().sign_in()).json()


# --- pictures -----------------------------------------------------------------------------------------


def test_the_picture_is_taken_over(nobody: Visitor, provider: OpenIDProvider) -> None:
    provider.person["picture"] = f"{provider.issuer}/picture"
    provider.answers["picture"] = faults.answer(picture(), content_type="image/png")
    answer = ok(nobody.sign_in()).json()
    assert answer["profile"]["avatar"] == provider.person["picture"]
    ok(nobody.bind(answer["bind_token"], "amy@example.com"), 201)
    avatar = nobody.client.request("GET", f"/media/{User.objects.get().avatar}")
    assert avatar.content[8:12] == b"WEBP"  # made anew
    assert "Authorization" not in provider.asked_for("picture")[0]["headers"]


def test_an_account_that_was_there_keeps_its_picture(
    visitor: New, amy: Visitor, provider: OpenIDProvider
) -> None:
    provider.person["picture"] = f"{provider.issuer}/picture"
    visitor().join("amy@example.com")
    assert not provider.asked_for("picture")
    assert not User.objects.get().avatar


@pytest.fixture
def trap() -> Any:
    """Something within reach of this server that no provider may make it ask."""
    with OpenIDProvider(redirect_uris=set()) as running:
        yield running


def elsewhere(provider: OpenIDProvider, trap: OpenIDProvider) -> dict[str, Any]:
    port = provider.origin.rpartition(":")[2]
    inside = f"{trap.issuer}/picture"
    return {
        "another origin": inside,
        "another port": f"http://127.0.0.1:{free_port()}/picture",
        "another name of this machine": inside.replace("127.0.0.1", "localhost"),
        "a name before it": f"http://127.0.0.1:{port}@{inside.removeprefix('http://')}",
        "a backslash": f"{provider.origin}\\@{inside.removeprefix('http://')}",
        "a backslash and a slash": f"{provider.origin}\\/@{inside.removeprefix('http://')}",
        "a longer port": f"{provider.origin}0/picture",
        "a longer host": f"http://127.0.0.1.evil.example:{port}/picture",
        "another scheme": provider.origin.replace("http:", "https:") + "/picture",
        "a file": "file:///etc/passwd",
        "a file of the host": "file://127.0.0.1/etc/passwd",
        "data": "data:image/png;base64,iVBORw0KGgo=",
        "gopher": "gopher://127.0.0.1:6379/_FLUSHALL",
        "a script": "javascript:alert(1)",
        "no scheme": f"//{inside.removeprefix('http://')}",
        "the cloud's own": "http://169.254.169.254/latest/meta-data/",
        "version 6": "http://[::1]:8000/",
        "a number": "http://2130706433/",
        "no address": "http://[",
        "lines": f"{inside}\r\nHost: {provider.origin}",
        "very long": f"{provider.issuer}/picture?" + "a" * 5000,
        "not a string": 5,
        "a list": [inside],
        "null": None,
    }


CASES = [
    "another origin", "another port", "another name of this machine", "a name before it", "a backslash",
    "a backslash and a slash", "a longer port", "a longer host", "another scheme", "a file",
    "a file of the host", "data", "gopher", "a script", "no scheme", "the cloud's own", "version 6",
    "a number", "no address", "lines", "very long", "not a string", "a list", "null",
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_picture_elsewhere_is_neither_fetched_nor_named(
    nobody: Visitor, provider: OpenIDProvider, trap: OpenIDProvider, case: str
) -> None:
    provider.lies.userinfo = {"picture": elsewhere(provider, trap)[case]}
    begun = time.monotonic()
    answer = ok(nobody.sign_in()).json()
    assert answer["profile"]["avatar"] is None
    ok(nobody.bind(answer["bind_token"], "amy@example.com"), 201)
    assert time.monotonic() - begun < 5
    assert not trap.asked
    assert not provider.asked_for("picture")
    assert not User.objects.get().avatar


def test_every_case_is_tried(provider: OpenIDProvider, trap: OpenIDProvider) -> None:
    assert list(elsewhere(provider, trap)) == CASES


def test_another_origin_that_the_settings_name(
    nobody: Visitor, provider: OpenIDProvider, trap: OpenIDProvider, settings: Settings
) -> None:
    settings.THIRD_PARTY = third_parties(provider, picture_origins=[trap.origin])
    provider.person["picture"] = f"{trap.issuer}/picture"
    trap.answers["picture"] = faults.answer(picture(), content_type="image/png")
    nobody.join("amy@example.com")
    assert User.objects.get().avatar


PICTURES: dict[str, Answer] = {
    **{name: fault for name, fault in faults.NONSENSE.items() if name != "bomb"},
    "svg": faults.answer("<svg xmlns='http://www.w3.org/2000/svg'/>", 200, "image/svg+xml"),
    "too big": faults.answer(b"\x89PNG\r\n\x1a\n" + b"\0" * (6 * 2**20), 200, "image/png"),
    "too many pixels": faults.answer(picture(size=(5000, 10)), 200, "image/png"),
}


@pytest.mark.parametrize("fault", PICTURES)
def test_a_picture_that_is_none_hinders_nobody(nobody: Visitor, provider: OpenIDProvider, fault: str) -> None:
    provider.person["picture"] = f"{provider.issuer}/picture"
    provider.answers["picture"] = PICTURES[fault]
    token = nobody.bind_token()
    begun = time.monotonic()
    ok(nobody.bind(token, "amy@example.com"), 201)
    assert time.monotonic() - begun < 5
    assert not User.objects.get().avatar


@pytest.mark.parametrize("to", ["another origin", "itself"])
def test_a_picture_that_redirects_is_not_followed(
    nobody: Visitor, provider: OpenIDProvider, trap: OpenIDProvider, to: str
) -> None:
    provider.person["picture"] = f"{provider.issuer}/picture"
    target = trap if to == "another origin" else provider
    provider.answers["picture"] = faults.elsewhere(f"{target.issuer}/picture", httpx.codes.TEMPORARY_REDIRECT)
    nobody.join("amy@example.com")
    assert not trap.asked
    assert len(provider.asked_for("picture")) == 1
    assert not User.objects.get().avatar
