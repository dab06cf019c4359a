"""The end of an account."""

from typing import Any

import pytest

from accounts.models import DELETED_NICKNAME, Revocation, Session, User
from chatchat import policies
from chatchat.realtime import Revoked, outlet
from tests.accounts.pictures import png
from tests.client import PASSWORD, ApiClient, error_code, ok


@pytest.mark.django_db(transaction=True)
def test_what_stays_is_an_empty_shell(amy: ApiClient, settings: Any) -> None:
    ok(amy.patch("users/me", {"introduction": "about me"}))
    avatar = ok(amy.request("PUT", "users/me/avatar", files={"image": png()})).json()["avatar"]
    other = amy.another_device()
    with outlet.observe() as events:
        ok(amy.delete("users/me", {"current_password": PASSWORD}), 204)
    user = User.objects.get(pk=amy.id)
    assert (user.email, user.nickname, user.introduction, user.avatar) == (None, DELETED_NICKNAME, "", "")
    assert user.deleted_at is not None
    assert not user.has_usable_password()
    assert not Session.objects.filter(revoked_at__isnull=True).exists()
    row = Revocation.objects.get()
    assert events == [Revoked(row.pk, "person", amy.id, None, None, "deleted")]
    for client in (amy, other):
        ok(client.get("users/me"), 401)
        ok(client.post("auth/token/refresh", {"refresh": client.refresh_token}), 401)
    ok(amy.request("GET", avatar), 404)
    ok(amy.post("auth/token", {"email": amy.email, "password": PASSWORD}), 401)


def test_the_address_is_free_again(amy: ApiClient, nobody: ApiClient) -> None:
    ok(amy.delete("users/me", {"current_password": PASSWORD}), 204)
    from tests.accounts.mails import mailed_code

    code = mailed_code(nobody, amy.email, "register")
    body = {"email": amy.email, "code": code, "password": PASSWORD, "nickname": "Amy again"}
    assert ok(nobody.post("auth/register", body), 201).json()["user"]["id"] != amy.id


@pytest.mark.parametrize(
    "body", [{"current_password": "not the password"}, {}, None, {"current_password": 5}]
)
def test_only_with_the_password(amy: ApiClient, body: Any) -> None:
    refused = amy.delete("users/me", body)
    assert refused.status_code in (400, 403)
    if body == {"current_password": "not the password"}:
        assert error_code(refused) == "wrong_password"
    assert ok(amy.get("users/me")).json() == amy.user
    assert not Revocation.objects.exists()


def test_others_rules_follow_in_the_same_transaction(amy: ApiClient) -> None:
    """A policy that fails undoes all of it."""
    seen: list[tuple[int, str | None]] = []

    def policy(user_id: int) -> None:
        seen.append((user_id, User.objects.get(pk=user_id).email))
        raise RuntimeError("no")

    policies.person_deleted.register(policy)
    try:
        amy.http.request("GET", "/healthz")
        answer = amy.delete("users/me", {"current_password": PASSWORD})
        assert answer.status_code == 500
    finally:
        policies.person_deleted._functions.remove(policy)
    assert seen == [(amy.id, "amy@example.com")]
    assert User.objects.get(pk=amy.id).deleted_at is None
    ok(amy.delete("users/me", {"current_password": PASSWORD}), 204)
