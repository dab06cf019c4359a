"""Another e-mail address."""

from accounts.devmail import kept
from accounts.models import User
from tests.accounts.mails import is_chinese, mailed_code
from tests.client import PASSWORD, ApiClient, error_code, ok

NEW = "new@example.com"


def change(client: ApiClient, code: str, email: str = NEW, password: str = PASSWORD) -> dict[str, str]:
    return {"email": email, "code": code, "current_password": password}


def test_by_a_code_to_the_new_address_and_the_old_one_is_told(amy: ApiClient) -> None:
    code = mailed_code(amy, "NEW@example.com", "change_email")
    ok(amy.post("auth/email/change", change(amy, code)), 204)
    assert ok(amy.get("users/me")).json()["email"] == NEW
    assert kept("amy@example.com")[0]["subject"] == "Your e-mail address has been changed"
    ok(amy.post("auth/token", {"email": "amy@example.com", "password": PASSWORD}), 401)
    amy.login(NEW)


def test_a_wrong_password_does_not_burn_the_code(amy: ApiClient) -> None:
    code = mailed_code(amy, NEW, "change_email")
    refused = ok(amy.post("auth/email/change", change(amy, code, password="not the password")), 403)
    assert error_code(refused) == "wrong_password"
    ok(amy.post("auth/email/change", change(amy, code)), 204)


def test_a_code_is_for_the_one_who_asked(amy: ApiClient, bob: ApiClient) -> None:
    code = mailed_code(amy, NEW, "change_email")
    assert error_code(ok(bob.post("auth/email/change", change(bob, code)), 400)) == "code_invalid"
    ok(amy.post("auth/email/change", change(amy, code, email="other@example.com")), 400)
    ok(amy.post("auth/email/change", change(amy, code)), 204)
    assert User.objects.get(pk=bob.id).email == "bob@example.com"


def test_a_taken_address_looks_like_a_free_one(amy: ApiClient, bob: ApiClient) -> None:
    taken = amy.post("auth/email-codes", {"email": bob.email, "purpose": "change_email"})
    free = amy.post("auth/email-codes", {"email": NEW, "purpose": "change_email"})
    assert (taken.status_code, taken.text) == (free.status_code, free.text) == (202, free.text)
    assert kept(bob.email)[0]["subject"] == "You already have an account"
    refused = ok(amy.post("auth/email/change", change(amy, "123456", email=bob.email)), 400)
    assert error_code(refused) == "code_invalid"


def test_an_address_taken_meanwhile_is_refused(amy: ApiClient, bob: ApiClient) -> None:
    code = mailed_code(amy, NEW, "change_email")
    User.objects.filter(pk=bob.id).update(email=NEW)
    assert error_code(ok(amy.post("auth/email/change", change(amy, code)), 400)) == "code_invalid"
    assert User.objects.get(pk=amy.id).email == "amy@example.com"


def test_ones_own_address_is_no_new_one(amy: ApiClient) -> None:
    ok(amy.post("auth/email-codes", {"email": amy.email, "purpose": "change_email"}), 400)


def test_the_mail_speaks_the_persons_language(amy: ApiClient) -> None:
    ok(amy.patch("users/me", {"language": "zh-hans"}))
    ok(amy.post("auth/email-codes", {"email": amy.email, "purpose": "change_password"}), 202)
    assert is_chinese(kept(amy.email)[0]["subject"])


def test_a_newcomers_mail_speaks_the_browsers_language(nobody: ApiClient) -> None:
    body = {"email": NEW, "purpose": "register"}
    ok(nobody.post("auth/email-codes", body, headers={"Accept-Language": "zh-CN,zh;q=0.9"}), 202)
    assert is_chinese(kept(NEW)[0]["subject"])
