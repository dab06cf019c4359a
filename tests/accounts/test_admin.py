"""What moderators see and do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.audit import Action
from accounts.models import DELETED_NICKNAME, AuditEvent, Revocation, Session, User
from accounts.services.sessions import begin
from tests import admin_client
from tests.admin_client import entered, staff
from tests.people import new_user


@pytest.fixture
def boss(db: None) -> User:
    return new_user("Boss", is_staff=True, is_superuser=True)


@pytest.fixture
def admin(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def moderator(db: None) -> Client:
    return entered(staff("moderator"))


def act(client: Client, model: str, action: str, *rows: Any, **answers: str) -> str:
    return admin_client.act(client, f"accounts/{model}", action, *rows, **answers)


@pytest.mark.parametrize("by", ["id", "nickname", "email"])
def test_people_are_found(admin: Client, by: str) -> None:
    amy, bob = new_user("Amy", email="amy@example.com"), new_user("Bob", email="bob@example.com")
    term = {"id": str(amy.pk), "nickname": "am", "email": "amy@example.com"}[by]
    page = admin.get("/admin/accounts/user/", {"q": term}).content.decode()
    assert "amy@example.com" in page
    assert str(bob.email) not in page


@pytest.mark.parametrize("model", ["user", "session", "revocation"])
@pytest.mark.parametrize("term", ["x", "1", "%", "🍣", "9" * 30, "-1", "1.5", "'"])
def test_every_list_can_be_searched_for_anything(admin: Client, model: str, term: str) -> None:
    begin(user=new_user())
    assert admin.get(f"/admin/accounts/{model}/", {"q": term}).status_code == 200


def test_a_ban_is_on_the_record(admin: Client, boss: User) -> None:
    amy = new_user()
    begin(user=amy)
    act(admin, "user", "ban", amy, term="forever", reason="spam")
    amy.refresh_from_db()
    assert amy.banned_at is not None
    assert not Session.objects.filter(user=amy, revoked_at__isnull=True).exists()
    entry = AuditEvent.objects.get(action=Action.BANNED)
    assert (entry.actor, entry.subject, entry.reason, entry.ip) == (boss, amy, "spam", "127.0.0.1")
    act(admin, "user", "unban", amy)
    amy.refresh_from_db()
    assert amy.banned_at is None


def test_a_refused_ban_says_so_and_is_not_on_the_record(moderator: Client, boss: User) -> None:
    assert "of your own rank" in act(moderator, "user", "ban", boss, term="forever")
    boss.refresh_from_db()
    assert boss.banned_at is None
    assert not AuditEvent.objects.filter(action=Action.BANNED).exists()


def test_a_moderator_gives_nobody_rights(moderator: Client) -> None:
    amy = new_user("Amy")
    form = {
        "nickname": "Renamed",
        "introduction": "",
        "language": "en",
        "is_staff": "on",
        "is_superuser": "on",
        "reason": "a rude name",
    }
    assert moderator.post(f"/admin/accounts/user/{amy.pk}/change/", form).status_code == 302
    amy.refresh_from_db()
    assert (amy.nickname, amy.is_staff, amy.is_superuser) == ("Renamed", False, False)
    entry = AuditEvent.objects.get(action=Action.PROFILE_EDITED)
    assert (entry.subject, entry.reason, entry.details) == (amy, "a rude name", {"fields": ["nickname"]})


def test_without_a_reason_no_profile_is_changed(moderator: Client) -> None:
    amy = new_user("Amy")
    form = {"nickname": "Renamed", "introduction": "", "language": "en", "reason": " "}
    assert moderator.post(f"/admin/accounts/user/{amy.pk}/change/", form).status_code == 200
    amy.refresh_from_db()
    assert amy.nickname == "Amy"


def test_a_moderator_does_not_delete_accounts(moderator: Client) -> None:
    amy = new_user("Amy")
    act(moderator, "user", "erase", amy)
    amy.refresh_from_db()
    assert amy.deleted_at is None
    assert moderator.get("/admin/accounts/revocation/").status_code == 403


def test_an_operator_edits_and_appoints(admin: Client) -> None:
    amy = new_user("Amy")
    page = admin.get(f"/admin/accounts/user/{amy.pk}/change/").content.decode()
    assert amy.password not in page
    form = {"nickname": "小李", "introduction": "hi", "language": "zh-hans", "reason": "asked for"}
    assert admin.post(f"/admin/accounts/user/{amy.pk}/change/", form).status_code == 302
    act(admin, "user", "appoint", amy, choice="moderator")
    amy.refresh_from_db()
    assert (amy.nickname, amy.introduction, amy.language) == ("小李", "hi", "zh-hans")
    assert (amy.is_staff, amy.is_superuser) == (True, False)


def test_an_operator_deletes_an_account_and_never_a_row(admin: Client, boss: User) -> None:
    amy = new_user("Amy")
    act(admin, "user", "erase", amy, boss)
    amy.refresh_from_db()
    boss.refresh_from_db()
    assert (amy.nickname, amy.email, boss.deleted_at) == (DELETED_NICKNAME, None, None)
    assert admin.get(f"/admin/accounts/user/{amy.pk}/change/").status_code == 200
    assert admin.post(f"/admin/accounts/user/{amy.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.get("/admin/accounts/user/add/").status_code == 403


def test_a_session_is_ended(moderator: Client) -> None:
    session = begin(user=new_user())
    page = moderator.get(f"/admin/accounts/session/{session.pk}/change/").content.decode()
    assert "refresh_jti" not in page
    act(moderator, "session", "end", session)
    session.refresh_from_db()
    assert session.revoked_at is not None
    assert Revocation.objects.get(kind="session").session_id == session.pk


def test_everywhere_signed_out(admin: Client) -> None:
    amy = new_user()
    begin(user=amy)
    act(admin, "user", "sign_out", amy)
    assert not Session.objects.filter(user=amy, revoked_at__isnull=True).exists()


def test_the_lists_take_a_constant_number_of_queries(
    admin: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for _ in range(12):
        begin(user=new_user())
    admin.get("/admin/")
    for model in ("user", "session", "revocation"):
        with django_assert_max_num_queries(9):
            admin.get(f"/admin/accounts/{model}/")
