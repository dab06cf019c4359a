"""People who came in by a third party have no password: a sign-in of just now stands for it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import Session, User
from chatchat.clock import now
from tests.accounts.mails import mailed_code
from tests.client import ApiClient, error_code, ok
from tests.people import sign_in


@pytest.fixture
def mei(api: Callable[[], ApiClient]) -> ApiClient:
    """Signed in, without a password."""
    client = sign_in(api(), "Mei", email="mei@example.com")
    user = User.objects.get()
    user.set_unusable_password()
    user.save()
    return client


def let_time_pass() -> None:
    Session.objects.update(created_at=now() - timedelta(minutes=11))


def test_they_delete_their_account_just_after_signing_in(mei: ApiClient) -> None:
    let_time_pass()
    assert error_code(ok(mei.delete("users/me"), 403)) == "sign_in_again"
    assert User.objects.get().deleted_at is None
    Session.objects.update(created_at=now())
    assert error_code(ok(mei.delete("users/me", {"current_password": "guessed"}), 403)) == "wrong_password"
    ok(mei.delete("users/me"), 204)
    assert User.objects.get().deleted_at is not None


def test_they_change_their_address_just_after_signing_in(mei: ApiClient) -> None:
    new = {"email": "new@example.com", "code": mailed_code(mei, "new@example.com", "change_email")}
    let_time_pass()
    assert error_code(ok(mei.post("auth/email/change", new), 403)) == "sign_in_again"
    Session.objects.update(created_at=now())
    ok(mei.post("auth/email/change", new), 204)
    assert User.objects.get().email == "new@example.com"


def test_who_has_a_password_gives_it(bob: ApiClient) -> None:
    assert error_code(ok(bob.delete("users/me"), 403)) == "sign_in_again"
    code = mailed_code(bob, "new@example.com", "change_email")
    answer = bob.post("auth/email/change", {"email": "new@example.com", "code": code})
    assert error_code(ok(answer, 403)) == "sign_in_again"
    assert User.objects.get().deleted_at is None
