"""A password changed, or reset by a mailed code."""

from typing import Any

import pytest

from accounts.devmail import kept
from accounts.models import Revocation, Session, User
from chatchat.realtime import Revoked, outlet
from tests.accounts.mails import another, mailed_code
from tests.client import PASSWORD, ApiClient, error_code, ok

NEW = "staple horse battery"


@pytest.mark.django_db(transaction=True)
def test_by_the_current_password_and_every_other_session_ends(amy: ApiClient) -> None:
    other = amy.another_device()
    this = ok(amy.get("auth/session")).json()["session"]["id"]
    with outlet.observe() as events:
        ok(amy.post("auth/password/change", {"password": NEW, "current_password": PASSWORD}), 204)
    row = Revocation.objects.get()
    assert events == [Revoked(row.pk, "person", amy.id, this, None, "password_changed")]
    ok(other.get("users/me"), 401)
    ok(other.post("auth/token/refresh", {"refresh": other.refresh_token}), 401)
    ok(amy.get("users/me"))
    ok(amy.post("auth/token/refresh", {"refresh": amy.refresh_token}))
    ok(other.post("auth/token", {"email": amy.email, "password": PASSWORD}), 401)
    ok(other.post("auth/token", {"email": amy.email, "password": NEW}))
    assert kept(amy.email)[0]["subject"] == "Your password has been changed"


def test_by_a_code(amy: ApiClient) -> None:
    code = mailed_code(amy, amy.email, "change_password")
    ok(amy.post("auth/password/change", {"password": NEW, "code": another(code)}), 400)
    ok(amy.post("auth/password/change", {"password": NEW, "code": code}), 204)
    assert User.objects.get(pk=amy.id).check_password(NEW)
    ok(amy.post("auth/password/change", {"password": PASSWORD, "code": code}), 400)


def test_a_wrong_current_password_changes_nothing(amy: ApiClient) -> None:
    body = {"password": NEW, "current_password": "not the password"}
    assert error_code(ok(amy.post("auth/password/change", body), 403)) == "wrong_password"
    assert User.objects.get(pk=amy.id).check_password(PASSWORD)
    assert not Revocation.objects.exists()


@pytest.mark.parametrize("proof", [{}, {"code": "123456", "current_password": PASSWORD}])
def test_exactly_one_proof_is_needed(amy: ApiClient, proof: dict[str, str]) -> None:
    ok(amy.post("auth/password/change", {"password": NEW, **proof}), 400)
    assert User.objects.get(pk=amy.id).check_password(PASSWORD)


def test_a_weak_password_does_not_burn_the_code(amy: ApiClient) -> None:
    code = mailed_code(amy, amy.email, "change_password")
    ok(amy.post("auth/password/change", {"password": "password123", "code": code}), 400)
    ok(amy.post("auth/password/change", {"password": NEW, "code": code}), 204)


def test_the_code_goes_to_ones_own_address_alone(amy: ApiClient, bob: ApiClient) -> None:
    refused = amy.post("auth/email-codes", {"email": bob.email, "purpose": "change_password"})
    assert "email" in ok(refused, 400).json()["error"]["details"]
    unknown = amy.post("auth/email-codes", {"email": "x@example.com", "purpose": "change_password"})
    assert ok(unknown, 400).json() == refused.json()
    assert kept() == []


def test_codes_that_need_a_person_are_refused_to_nobody(nobody: ApiClient) -> None:
    for purpose in ("change_password", "change_email"):
        ok(nobody.post("auth/email-codes", {"email": "amy@example.com", "purpose": purpose}), 401)
    ok(nobody.post("auth/password/change", {"password": NEW, "current_password": PASSWORD}), 401)


def test_a_reset_ends_every_session(amy: ApiClient) -> None:
    other = amy.another_device()
    code = mailed_code(other, amy.email, "reset_password")
    ok(other.post("auth/password/reset", {"email": amy.email, "code": code, "password": NEW}), 204)
    for client in (amy, other):
        ok(client.get("users/me"), 401)
    assert Session.objects.filter(revoked_at__isnull=True).count() == 0
    assert Revocation.objects.get().session_id is None
    amy.login(password=NEW)


def test_a_reset_for_an_unknown_address_sends_nothing(nobody: ApiClient) -> None:
    ok(nobody.post("auth/email-codes", {"email": "x@example.com", "purpose": "reset_password"}), 202)
    assert kept() == []


@pytest.mark.parametrize("how", ["banned", "deleted"])
def test_who_is_gone_gets_no_code(nobody: ApiClient, amy: ApiClient, how: str) -> None:
    from accounts.services import bans, deletion

    code = mailed_code(nobody, amy.email, "reset_password")
    known = len(kept())
    if how == "banned":
        bans.ban_person(user_id=amy.id)
    else:
        deletion.erase_person(user_id=amy.id)
    body: dict[str, Any] = {"email": amy.email, "code": code, "password": NEW}
    assert error_code(ok(nobody.post("auth/password/reset", body), 400)) == "code_invalid"
    assert len(kept()) == known


def test_reset_needs_the_code_of_that_address(amy: ApiClient, bob: ApiClient) -> None:
    code = mailed_code(bob, bob.email, "reset_password")
    ok(amy.post("auth/password/reset", {"email": amy.email, "code": code, "password": NEW}), 400)
    assert User.objects.get(pk=amy.id).check_password(PASSWORD)
