"""An identity is (issuer, subject), compared exactly; linked, listed and unlinked by its own person."""

import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from accounts.models import Identity, Session, User
from accounts.services.bans import ban_person
from accounts.services.deletion import erase_person
from chatchat.clock import now
from tests.client import PASSWORD, ok
from tests.third_party.common import Visitor, refused, rows
from tests.third_party.provider import OpenIDProvider

New = Callable[..., Visitor]

#: Subjects that some database or library somewhere holds equal.
ALIKE = {
    "case": ("amy", "Amy", "AMY"),
    "latin and cyrillic": ("amy", "\u0430my", "am\u0443"),
    "composed and not": (unicodedata.normalize("NFC", "Zoë"), unicodedata.normalize("NFD", "Zoë")),
    "accents": ("zoe", "zoë", "zoé"),
    "sharp s": ("strasse", "straße"),
    "width": ("amy", "ａｍｙ"),
    "kelvin": ("k", "\u212a"),
    "dotless i": ("i", "ı", "İ", "I"),
    "emoji": ("🍣", "🍺"),
    "skin": ("👋", "👋🏿"),
    "digits": ("1", "١", "①", "01"),
    "ligature": ("fi", "ﬁ"),
    "variants": ("葛", "葛\U000e0100"),
    "traditional": ("国", "國"),
    "wildcards": ("a%", "a_", "ab"),
    "null": ("null", "None", "0"),
}


@pytest.mark.parametrize("case", ALIKE)
def test_subjects_that_look_alike_are_different_people(
    visitor: New, provider: OpenIDProvider, case: str
) -> None:
    made: dict[str, int] = {}
    for number, subject in enumerate(ALIKE[case]):
        provider.person = {"sub": subject}
        answer = visitor().sign_in()
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            continue  # refused altogether is not taken for somebody else either
        assert "bind_token" in ok(answer).json(), f"{subject!r} was taken for another one"
        made[subject] = visitor().join(f"p{number}@example.com")["user"]["id"]
    assert len(set(made.values())) == len(made) >= 1
    for subject, user in made.items():
        provider.person = {"sub": subject}
        assert ok(visitor().sign_in()).json()["user"]["id"] == user
    assert set(Identity.objects.values_list("subject", flat=True)) == set(made)


@pytest.mark.parametrize("subject", ["amy ", " amy", "amy\t", "amy\u3000", "amy\u00a0"])
def test_white_space_around_is_not_ignored(visitor: New, provider: OpenIDProvider, subject: str) -> None:
    """MariaDB compares without it, so it is refused rather than taken for the one without."""
    provider.person = {"sub": "amy"}
    visitor().join("amy@example.com")
    before = rows()
    provider.person = {"sub": subject}
    refused(visitor().sign_in(), 503, "provider_unavailable")
    assert rows() == before


def test_the_same_subject_at_two_issuers_is_two_people(
    visitor: New, provider: OpenIDProvider, second: OpenIDProvider
) -> None:
    assert provider.person["sub"] == second.person["sub"]
    first = visitor().join("amy@example.com")["user"]["id"]
    other = visitor().join("bob@example.com", provider="second")["user"]["id"]
    assert first != other
    assert ok(visitor().sign_in()).json()["user"]["id"] == first
    assert ok(visitor().sign_in("second")).json()["user"]["id"] == other


def test_the_issuer_counts_not_the_name_in_the_settings(
    visitor: New, provider: OpenIDProvider, settings: Any
) -> None:
    """A provider that is renamed keeps its people; another one under the old name does not get them."""
    first = visitor().join("amy@example.com")["user"]["id"]
    settings.THIRD_PARTY = {"renamed": provider.settings()}
    callback = "http://testserver/api/v1/auth/third-party/renamed/callback"
    provider.clients["chat"].redirect_uris.add(callback)
    assert ok(visitor().sign_in("renamed")).json()["user"]["id"] == first
    with OpenIDProvider(redirect_uris=set(provider.clients["chat"].redirect_uris)) as impostor:
        settings.THIRD_PARTY = {"other": impostor.settings()}
        assert "bind_token" in ok(visitor().sign_in("other")).json()


# --- linked by who is signed in -----------------------------------------------------------------------------


def test_linked_after_the_password(visitor: New, amy: Visitor, provider: OpenIDProvider) -> None:
    Session.objects.update(created_at=now() - timedelta(days=1))
    identity = ok(amy.link(current_password=PASSWORD)).json()["identity"]
    assert set(identity) == {"id", "provider", "name", "nickname", "created_at", "last_used_at"}
    assert (identity["provider"], identity["name"], identity["nickname"]) == (
        "other", "Other", "Amy of the other site",
    )  # fmt: skip
    assert amy.identities() == [identity]
    assert ok(visitor().sign_in()).json()["user"]["id"] == amy.client.id


def test_linked_within_ten_minutes_of_signing_in(amy: Visitor, provider: OpenIDProvider) -> None:
    Session.objects.update(created_at=now() - timedelta(minutes=9, seconds=50))
    ok(amy.link())
    assert len(amy.identities()) == 1


def test_not_linked_without_either(amy: Visitor, provider: OpenIDProvider) -> None:
    Session.objects.update(created_at=now() - timedelta(minutes=10, seconds=1))
    refused(amy.link(), 403, "sign_in_again")
    refused(amy.link(current_password="wrong password"), 403, "wrong_password")
    assert not amy.identities()


def test_a_wrong_password_is_wrong_however_fresh_the_session(amy: Visitor, provider: OpenIDProvider) -> None:
    refused(amy.link(current_password="wrong password"), 403, "wrong_password")


def test_nobody_links_without_being_signed_in(nobody: Visitor, provider: OpenIDProvider) -> None:
    refused(nobody.client.post("auth/third-party/other/link", {}), 401, "not_authenticated")


def test_an_identity_that_is_somebody_else_s(visitor: New, amy: Visitor, provider: OpenIDProvider) -> None:
    ok(amy.link())
    bob = visitor("Bob", email="bob@example.com")
    refused(bob.link(), 409, "identity_linked")
    assert not bob.identities()
    assert len(amy.identities()) == 1


def test_linked_again_is_the_same(amy: Visitor, provider: OpenIDProvider) -> None:
    first, again = ok(amy.link()).json()["identity"], ok(amy.link()).json()["identity"]
    assert first["id"] == again["id"]
    assert Identity.objects.count() == 1


def test_several_identities_of_one_person(
    visitor: New, amy: Visitor, provider: OpenIDProvider, second: OpenIDProvider
) -> None:
    ok(amy.link())
    ok(amy.link("second"))
    provider.person = {"sub": "amy-at-work"}
    ok(amy.link())
    assert [one["provider"] for one in amy.identities()] == ["other", "second", "other"]
    assert ok(visitor().sign_in("second")).json()["user"]["id"] == amy.client.id


def test_the_list_is_of_one_s_own(visitor: New, amy: Visitor, provider: OpenIDProvider) -> None:
    ok(amy.link())
    assert visitor("Bob").identities() == []
    refused(visitor().client.get("auth/third-party/identities"), 401, "not_authenticated")


def test_the_list_tells_neither_subject_nor_issuer_s_tokens(amy: Visitor, provider: OpenIDProvider) -> None:
    ok(amy.link())
    text = amy.client.get("auth/third-party/identities").text
    assert not [token for token in provider.tokens if token in text]


# --- unlinked -----------------------------------------------------------------------------------------------


def test_unlinked(visitor: New, amy: Visitor, provider: OpenIDProvider) -> None:
    identity = ok(amy.link()).json()["identity"]
    path = f"auth/third-party/identities/{identity['id']}"
    refused(visitor("Bob").client.delete(path), 404, "not_found")
    ok(amy.client.delete(path), 204)
    assert amy.identities() == []
    refused(amy.client.delete(path), 404, "not_found")
    assert "bind_token" in ok(visitor().sign_in()).json()


def test_never_the_last_way_in(visitor: New, provider: OpenIDProvider, second: OpenIDProvider) -> None:
    amy = visitor()
    amy.join("amy@example.com")
    first = amy.identities()[0]["id"]
    refused(amy.client.delete(f"auth/third-party/identities/{first}"), 409, "last_way_in")
    # With another identity, one of the two may go; then that one is the last.
    other = ok(amy.link("second")).json()["identity"]["id"]
    ok(amy.client.delete(f"auth/third-party/identities/{first}"), 204)
    refused(amy.client.delete(f"auth/third-party/identities/{other}"), 409, "last_way_in")
    # With a password all may go.
    code = amy.client.email_code("amy@example.com", "reset_password")
    new = {"email": "amy@example.com", "code": code, "password": PASSWORD}
    ok(amy.client.post("auth/password/reset", new), 204)
    amy.client.login("amy@example.com", PASSWORD)
    ok(amy.client.delete(f"auth/third-party/identities/{other}"), 204)
    assert amy.identities() == []


def test_who_came_by_a_third_party_may_set_a_password(visitor: New, provider: OpenIDProvider) -> None:
    amy = visitor()
    amy.join("amy@example.com")
    code = amy.client.email_code("amy@example.com", "change_password")
    ok(amy.client.post("auth/password/change", {"password": PASSWORD, "code": code}), 204)
    ok(visitor().client.post("auth/token", {"email": "amy@example.com", "password": PASSWORD}))
    assert ok(visitor().sign_in()).json()["user"]["id"] == amy.client.id


def test_without_a_provider_in_the_settings_it_is_still_listed_and_unlinked(
    amy: Visitor, provider: OpenIDProvider, settings: Any
) -> None:
    identity = ok(amy.link()).json()["identity"]
    settings.THIRD_PARTY = {}
    assert [one["id"] for one in amy.identities()] == [identity["id"]]
    ok(amy.client.delete(f"auth/third-party/identities/{identity['id']}"), 204)


# --- banned, deleted ----------------------------------------------------------------------------------------


def test_a_banned_person_is_not_signed_in(visitor: New, provider: OpenIDProvider) -> None:
    user = visitor().join("amy@example.com")["user"]["id"]
    ban_person(user_id=user)
    sessions = Session.objects.filter(revoked_at=None).count()
    refused(visitor().sign_in(), 403, "banned")
    assert Session.objects.filter(revoked_at=None).count() == sessions
    assert User.objects.count() == 1


def test_a_banned_person_links_nothing(visitor: New, amy: Visitor, provider: OpenIDProvider) -> None:
    url = ok(amy.client.post("auth/third-party/other/link", {})).json()["authorization_url"]
    ban_person(user_id=amy.client.id)
    location = httpx.get(url).headers["Location"]
    refused(amy.come_back(location), 403, "banned")
    refused(amy.link(), 403, "banned")
    assert not Identity.objects.exists()


def test_a_deleted_person_s_identity_is_free_again(visitor: New, provider: OpenIDProvider) -> None:
    first = visitor().join("amy@example.com")["user"]["id"]
    erase_person(user_id=first)
    assert not Identity.objects.exists()
    again = visitor().join("amy@example.com")["user"]
    assert again["id"] != first


def test_deleted_between_coming_back_and_the_link(amy: Visitor, provider: OpenIDProvider) -> None:
    url = ok(amy.client.post("auth/third-party/other/link", {})).json()["authorization_url"]
    erase_person(user_id=amy.client.id)
    ok(amy.come_back(httpx.get(url).headers["Location"]), 401, 404)
    assert not Identity.objects.exists()
