"""Signing in, refreshing, what a token says."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from django.conf import settings as django_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.authentication import authenticate_token
from accounts.models import Revocation, Session, User
from accounts.services.bans import ban_person
from accounts.services.sessions import begin_with_tokens
from chatchat.clock import now
from chatchat.errors import ChatError
from chatchat.realtime import Revoked, outlet
from tests.client import PASSWORD, ApiClient, error_code, ok
from tests.people import new_user
from tests.stack.server import Server


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, django_settings.SECRET_KEY, algorithms=["HS256"], issuer="chatchat")


def test_signing_in_answers_with_the_person_and_two_tokens(nobody: ApiClient) -> None:
    user = new_user("Amy", email="amy@example.com")
    answer = ok(nobody.post("auth/token", {"email": "AMY@Example.com ", "password": PASSWORD})).json()
    assert answer["user"]["id"] == user.pk
    session = Session.objects.get()
    access, refresh = claims(answer["access"]), claims(answer["refresh"])
    for token in (access, refresh):
        assert (token["sub"], token["sid"], token["iss"]) == (str(user.pk), session.pk, "chatchat")
    assert access["exp"] - access["iat"] == 15 * 60
    assert refresh["exp"] - refresh["iat"] == 30 * 24 * 3600
    assert session.refresh_jti == refresh["jti"] != access["jti"]


@pytest.mark.parametrize("password", ["", "wrong password", PASSWORD + " ", PASSWORD.upper()])
def test_a_wrong_password_is_refused(nobody: ApiClient, password: str) -> None:
    new_user(email="amy@example.com")
    refused = nobody.post("auth/token", {"email": "amy@example.com", "password": password})
    assert refused.status_code == (401 if password else 400)
    assert not Session.objects.exists()


def test_a_banned_person_is_told_so_only_with_the_right_password(nobody: ApiClient) -> None:
    ban_person(user_id=new_user(email="amy@example.com").pk)
    wrong = nobody.post("auth/token", {"email": "amy@example.com", "password": "not the password"})
    assert (wrong.status_code, error_code(wrong)) == (401, "invalid_credentials")
    right = nobody.post("auth/token", {"email": "amy@example.com", "password": PASSWORD})
    assert (right.status_code, error_code(right)) == (403, "banned")


def test_an_account_without_a_password_cannot_be_signed_in_to(nobody: ApiClient) -> None:
    user = new_user(email="amy@example.com")
    user.set_unusable_password()
    user.save()
    for password in (user.password, "!", PASSWORD):
        ok(nobody.post("auth/token", {"email": "amy@example.com", "password": password}), 401)


def test_the_session_says_what_the_token_says(amy: ApiClient) -> None:
    answer = ok(amy.get("auth/session")).json()
    token = claims(str(amy.token))
    assert answer["user"] == amy.user
    assert answer["session"]["id"] == token["sid"]
    assert answer["session"]["current"] is True
    assert answer["scopes"] == ["chat"]
    assert answer["expires_at"].endswith(".000Z")


def test_each_request_costs_one_query_to_authenticate(
    amy: ApiClient, django_assert_num_queries: Callable[..., Any]
) -> None:
    with django_assert_num_queries(1):
        authenticate_token(str(amy.token))
    with django_assert_num_queries(1):
        ok(amy.get("users/me"))


def test_last_seen_is_written_at_most_once_a_minute(
    amy: ApiClient, django_assert_num_queries: Callable[..., Any]
) -> None:
    Session.objects.update(last_seen_at=now() - timedelta(minutes=2))
    with django_assert_num_queries(2):
        ok(amy.get("users/me"))
    assert now() - Session.objects.get().last_seen_at < timedelta(seconds=30)
    with django_assert_num_queries(1):
        ok(amy.get("users/me"))


def test_refreshing_gives_new_tokens_and_the_old_one_is_spent(amy: ApiClient) -> None:
    new = ok(amy.post("auth/token/refresh", {"refresh": amy.refresh_token})).json()
    assert new["refresh"] != amy.refresh_token
    assert claims(new["access"])["sid"] == claims(str(amy.token))["sid"]
    ok(amy.post("auth/token/refresh", {"refresh": new["refresh"]}))
    assert Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_replayed_refresh_token_ends_the_session(amy: ApiClient) -> None:
    new = ok(amy.post("auth/token/refresh", {"refresh": amy.refresh_token})).json()
    with outlet.observe() as events:
        replay = ok(amy.post("auth/token/refresh", {"refresh": amy.refresh_token}), 401)
    assert error_code(replay) == "token_reused"
    session = Session.objects.get()
    assert session.revoked_at is not None
    row = Revocation.objects.get()
    assert (row.kind, row.session_id, row.reason) == ("session", session.pk, "token_reused")
    assert events == [Revoked(row.pk, "session", amy.id, session.pk, None, "token_reused")]
    for token in (amy.token, new["access"]):
        amy.token = token
        ok(amy.get("users/me"), 401)
    refused = ok(amy.post("auth/token/refresh", {"refresh": new["refresh"]}), 401)
    assert error_code(refused) == "not_authenticated"


def test_of_two_refreshes_at_once_one_wins_and_the_other_is_a_replay(server: Server) -> None:
    for _ in range(5):
        _, pair = begin_with_tokens(user=new_user())
        url, body = f"{server.url}/api/v1/auth/token/refresh", {"refresh": pair.refresh}
        with ThreadPoolExecutor(2) as threads:
            answers = list(
                threads.map(lambda _, url=url, body=body: httpx.post(url, json=body, timeout=60), "ab")
            )
        assert sorted(answer.status_code for answer in answers) == [200, 401]
        assert {error_code(answer) for answer in answers if answer.status_code == 401} == {"token_reused"}


def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(amy: ApiClient) -> None:
    ok(amy.post("auth/token/refresh", {"refresh": amy.token}), 401)
    amy.token = amy.refresh_token
    ok(amy.get("users/me"), 401)
    assert Session.objects.get().revoked_at is None


def _forged(kind: Any, user: int, session: int, **changes: Any) -> str:
    token = kind()
    token["sub"], token["sid"] = str(user), session
    for name, value in changes.items():
        if value is None:
            del token[name]
        else:
            token[name] = value
    return str(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"jti": None},
        {"sid": None},
        {"sub": None},
        {"sid": "x"},
        {"sid": 2**63},
        {"sid": [1]},
        {"sid": 10**6},
        {"sub": "0"},
        {"sub": "-1"},
        {"sub": str(10**30)},
        {"token_type": "other"},
        {"iat": "x"},
    ],
)
@pytest.mark.parametrize("kind", [AccessToken, RefreshToken])
def test_odd_claims_are_refused_even_if_signed(amy: ApiClient, kind: Any, changes: dict[str, Any]) -> None:
    session = claims(str(amy.token))["sid"]
    odd = _forged(kind, amy.id, session, **changes)
    if kind is RefreshToken:
        ok(amy.post("auth/token/refresh", {"refresh": odd}), 401)
    amy.token = odd
    assert error_code(ok(amy.get("users/me"), 401)) == "not_authenticated"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer a.b.c",
        "bearer x" * 500,
        "Basic YTpi",
        "Token x",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwic2lkIjoxfQ.",
    ],
)
def test_a_strange_authorization_header_is_refused(nobody: ApiClient, header: str) -> None:
    refused = nobody.request("GET", "users/me", headers={"Authorization": header})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_tokens_of_other_issuers_and_keys_are_refused(amy: ApiClient) -> None:
    token = claims(str(amy.token))
    for forged in (
        jwt.encode(token, "another key that is long enough, really", algorithm="HS256"),
        jwt.encode(token | {"iss": "other"}, django_settings.SECRET_KEY, algorithm="HS256"),
        jwt.encode(token, "", algorithm="none"),
    ):
        amy.token = forged
        ok(amy.get("users/me"), 401)


def test_a_stale_token_does_not_hinder_signing_in_again(amy: ApiClient) -> None:
    amy.token = "stale"
    ok(amy.post("auth/token", {"email": amy.email, "password": PASSWORD}))
    ok(amy.post("auth/email-codes", {"email": amy.email, "purpose": "reset_password"}), 202)


def test_a_password_changed_between_check_and_session_begins_none(amy: ApiClient) -> None:
    """The change ends every session; one that is just beginning with the old password is one of them."""
    from accounts.services import passwords, sessions

    user = passwords.authenticate(email=amy.email, password=PASSWORD)
    other = User.objects.get(pk=user.pk)
    passwords.change(user=other, session_id=0, password="staple horse battery", current_password=PASSWORD)
    with pytest.raises(ChatError):
        sessions.begin_with_tokens(user=user)


def test_an_old_hash_is_renewed_at_login_and_logins_at_once_all_succeed(nobody: ApiClient) -> None:
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    user = new_user(email="amy@example.com")
    User.objects.filter(pk=user.pk).update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1000))
    settings_hashers = [*django_settings.PASSWORD_HASHERS, "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    from django.test import override_settings

    with override_settings(PASSWORD_HASHERS=settings_hashers):
        stale = User.objects.get(pk=user.pk)
        ok(nobody.post("auth/token", {"email": "amy@example.com", "password": PASSWORD}))
        assert User.objects.get().password.startswith("argon2")
        from accounts.services import passwords, sessions

        # Another login had read the old hash before it was renewed.
        passwords.confirm(stale, PASSWORD)
        sessions.begin(user=stale)


def test_times_are_whole_and_tokens_end(amy: ApiClient, settings: Any) -> None:
    token = AccessToken(str(amy.token))  # type: ignore[arg-type]
    token.set_exp(lifetime=timedelta(seconds=1))
    amy.token = str(token)
    ok(amy.get("users/me"))
    time.sleep(2.1)
    ok(amy.get("users/me"), 401)
