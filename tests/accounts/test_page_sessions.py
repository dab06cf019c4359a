"""Page and admin logins are Sessions like any other."""

import json
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client, RequestFactory

from accounts import pages
from accounts.authentication import authenticate_page_session
from accounts.models import Revocation, Session, User
from accounts.services import passwords
from accounts.services.bans import ban_person
from accounts.services.sessions import begin_with_tokens, end
from chatchat.errors import Forbidden, NotAuthenticated
from tests.client import PASSWORD
from tests.people import new_user


@pytest.fixture
def boss(db: None) -> User:
    """Who may enter the admin."""
    return new_user("Boss", email="boss@example.com", is_staff=True, is_superuser=True)


def enter(client: Client, email: str = "boss@example.com", password: str = PASSWORD) -> Any:
    return client.post("/admin/login/?next=/admin/", {"username": email, "password": password})


@pytest.fixture
def browser(boss: User) -> Client:
    """A browser that checks CSRF tokens, signed in through the admin."""
    client = Client(enforce_csrf_checks=False)
    assert enter(client, "Boss@Example.com").status_code == 302
    assert client.get("/admin/").status_code == 200
    return client


def test_an_admin_login_is_a_session(browser: Client, boss: User) -> None:
    session = Session.objects.get()
    assert (session.user, session.revoked_at) == (boss, None)
    answer = browser.get("/api/v1/auth/session")
    assert answer.json()["session"]["id"] == session.pk
    credentials = authenticate_page_session(browser.cookies[django_settings.SESSION_COOKIE_NAME].value)
    assert (credentials.user_id, credentials.session_id) == (boss.pk, session.pk)


def test_ending_it_ends_the_page_and_the_admin(browser: Client, boss: User) -> None:
    key = browser.cookies[django_settings.SESSION_COOKIE_NAME].value
    end(user_id=boss.pk, session_id=Session.objects.get().pk)
    assert browser.get("/api/v1/users/me").status_code == 401
    with pytest.raises(NotAuthenticated):
        authenticate_page_session(key)
    assert browser.get("/admin/").status_code == 302
    assert Session.objects.count() == 1


def test_a_banned_person_cannot_stay_nor_come_back(browser: Client, boss: User) -> None:
    key = browser.cookies[django_settings.SESSION_COOKIE_NAME].value
    ban_person(user_id=boss.pk)
    assert browser.get("/api/v1/users/me").status_code == 403
    with pytest.raises(Forbidden):
        authenticate_page_session(key)
    assert browser.get("/admin/").status_code == 302
    assert enter(Client()).status_code == 200
    assert Session.objects.filter(revoked_at__isnull=True).count() == 0


def test_a_password_change_elsewhere_ends_it(browser: Client, boss: User) -> None:
    passwords.change(
        user=User.objects.get(pk=boss.pk),
        session_id=0,
        password="staple horse battery",
        current_password=PASSWORD,
    )
    assert browser.get("/admin/").status_code == 302


def test_a_password_changed_in_this_browser_keeps_it_signed_in(browser: Client, boss: User) -> None:
    other = Client()
    enter(other)
    assert other.get("/admin/").status_code == 200
    body = {"password": "staple horse battery", "current_password": PASSWORD}
    answer = browser.post("/api/v1/auth/password/change", json.dumps(body), content_type="application/json")
    assert answer.status_code == 204
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/api/v1/users/me").status_code == 200
    assert other.get("/admin/").status_code == 302


def test_the_admins_own_password_page_ends_every_other_session(browser: Client, boss: User) -> None:
    elsewhere, _ = begin_with_tokens(user=boss)
    new = "staple horse battery"
    form = {"old_password": PASSWORD, "new_password1": "x" * 129, "new_password2": "x" * 129}
    assert browser.post("/admin/password_change/", form).status_code == 200
    form |= {"new_password1": new, "new_password2": new}
    assert browser.post("/admin/password_change/", form).status_code == 302
    assert browser.get("/admin/").status_code == 200
    elsewhere.refresh_from_db()
    assert elsewhere.revoked_at is not None
    assert User.objects.get(pk=boss.pk).check_password(new)


def test_leaving_the_admin_ends_the_session(browser: Client) -> None:
    browser.post("/admin/logout/")
    assert Session.objects.get().revoked_at is not None
    assert Revocation.objects.get().reason == "logout"
    assert browser.get("/api/v1/users/me").status_code == 401


def test_writing_with_the_cookie_needs_the_csrf_token(boss: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(boss)
    browser.get("/admin/")
    body, kind = json.dumps({"nickname": "Changed"}), "application/json"
    refused = browser.patch("/api/v1/users/me", body, content_type=kind)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "csrf_failed")
    assert User.objects.get().nickname == "Boss"
    assert browser.get("/api/v1/users/me").status_code == 200
    browser.get("/admin/password_change/")
    token = browser.cookies[django_settings.CSRF_COOKIE_NAME].value
    accepted = browser.patch("/api/v1/users/me", body, content_type=kind, headers={"X-CSRFToken": token})
    assert accepted.status_code == 200


@pytest.mark.parametrize("key", ["", "x", "nonsense" * 4, "é" * 32, "a\x00b" * 12])
def test_a_cookie_that_is_not_ours_is_nobody(db: None, key: str) -> None:
    with pytest.raises(NotAuthenticated):
        authenticate_page_session(key)


def test_the_admin_counts_tries_as_every_login_does(boss: User, settings: Any) -> None:
    settings.LOGIN_RATE = "10/d"  # a minute might end between two tries
    client = Client()
    for _ in range(10):
        assert "Please enter the correct" in enter(client, password="wrong").content.decode()
    answer = enter(client)
    assert "Too many requests" in answer.content.decode()
    assert answer.status_code == 200


def test_signing_in_on_a_page_replaces_who_was_there(boss: User) -> None:
    from django.contrib.sessions.backends.db import SessionStore

    request = RequestFactory().post("/login/")
    request.session = SessionStore()
    request.user = boss
    first = pages.sign_in(request, boss)
    second = pages.sign_in(request, new_user())
    first.refresh_from_db()
    assert first.revoked_at is not None
    request.session.save()
    credentials = authenticate_page_session(str(request.session.session_key))
    assert credentials.session_id == second.pk
    pages.sign_out(request)
    second.refresh_from_db()
    assert second.revoked_at is not None
