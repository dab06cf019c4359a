"""Shutting people out, and what it ends."""

from datetime import timedelta

import pytest

from accounts.audit import Action
from accounts.authentication import authenticate_token
from accounts.models import AuditEvent, Revocation, Session, User
from accounts.services.bans import ban_person, lift_what_is_over, unban_person
from chatchat.clock import now, rfc3339
from chatchat.errors import Forbidden, NotFound
from chatchat.realtime import Revoked, outlet
from tests.client import PASSWORD, ApiClient, error_code, ok
from tests.people import new_user


@pytest.mark.django_db(transaction=True)
def test_a_ban_ends_every_session_at_once(amy: ApiClient) -> None:
    other = amy.another_device()
    with outlet.observe() as events:
        ban_person(user_id=amy.id)
    row = Revocation.objects.get()
    assert events == [Revoked(row.pk, "person", amy.id, None, None, "banned")]
    for client in (amy, other):
        refused = ok(client.get("users/me"), 403)
        assert error_code(refused) == "banned"
        ok(client.post("auth/token/refresh", {"refresh": client.refresh_token}), 401, 403)
    with pytest.raises(Forbidden) as refusal:
        authenticate_token(str(amy.token))
    assert refusal.value.code == "banned"
    assert not Session.objects.filter(revoked_at__isnull=True).exists()


def test_a_second_ban_changes_nothing(amy: ApiClient) -> None:
    ban_person(user_id=amy.id)
    first = User.objects.get(pk=amy.id).banned_at
    ban_person(user_id=amy.id)
    assert User.objects.get(pk=amy.id).banned_at == first
    assert Revocation.objects.count() == 1


def test_who_is_let_in_again_signs_in_anew(amy: ApiClient) -> None:
    ban_person(user_id=amy.id)
    unban_person(user_id=amy.id)
    assert error_code(ok(amy.get("users/me"), 401)) == "not_authenticated"
    ok(amy.post("auth/token", {"email": amy.email, "password": PASSWORD}))


def test_who_is_banned_is_told_why_and_until_when(amy: ApiClient) -> None:
    until = now() + timedelta(days=1)
    ban_person(user_id=amy.id, reason="spam", until=until)
    for refused in (amy.get("users/me"), amy.post("auth/token", {"email": amy.email, "password": PASSWORD})):
        error = ok(refused, 403).json()["error"]
        assert error["details"] == {"reason": "spam", "until": rfc3339(until)}
        assert (
            error["message"] == f"This account has been banned until {until:%Y-%m-%d %H:%M} UTC. Reason: spam"
        )


def test_a_ban_with_a_term_ends_by_itself(amy: ApiClient) -> None:
    ban_person(user_id=amy.id, reason="spam", until=now() + timedelta(days=1))
    lift_what_is_over()
    assert User.objects.get(pk=amy.id).banned_at is not None
    User.objects.filter(pk=amy.id).update(banned_until=now())
    lift_what_is_over()
    ok(amy.post("auth/token", {"email": amy.email, "password": PASSWORD}))
    lifted = AuditEvent.objects.get(action=Action.UNBANNED)
    assert (lifted.actor_id, lifted.subject_id) == (None, amy.id)


def test_nobody_bans_themselves_and_moderators_do_not_ban_staff(db: None) -> None:
    moderator, staff, boss = new_user(is_staff=True), new_user(is_staff=True), new_user(is_staff=True)
    boss.is_superuser = True
    for target, by in ((moderator, moderator), (boss, boss), (staff, moderator)):
        with pytest.raises(Forbidden):
            ban_person(user_id=target.pk, by=by)
        assert User.objects.get(pk=target.pk).banned_at is None
    ban_person(user_id=staff.pk, by=boss)
    assert not User.objects.get(pk=staff.pk).is_active


def test_there_is_nobody_to_ban(db: None) -> None:
    for act in (ban_person, unban_person):
        with pytest.raises(NotFound):
            act(user_id=12345)
