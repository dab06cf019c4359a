"""The record: only ever added to, in the transaction of the act, without what is nobody's business."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.audit import Action, AppendOnly
from accounts.models import AuditEvent, User
from accounts.services import bans, record, retention
from chatchat.clock import now
from tests.admin_client import staff
from tests.client import PASSWORD, ApiClient, ok

pytestmark = pytest.mark.django_db


def lines(*actions: Action) -> list[AuditEvent]:
    """The entries of these actions, in order."""
    return list(AuditEvent.objects.filter(action__in=actions).order_by("pk"))


def test_an_entry_is_neither_changed_nor_removed() -> None:
    record.write(Action.BANNED, reason="spam")
    entry = AuditEvent.objects.get()
    entry.reason = "nothing"
    everything = AuditEvent.objects.all()
    attempts: list[Callable[[], Any]] = [
        entry.save,
        entry.delete,
        everything.delete,
        lambda: everything.update(reason="nothing"),
        lambda: everything.bulk_update([entry], ["reason"]),
        lambda: AuditEvent(pk=entry.pk, action=Action.BANNED, reason="nothing").save(),
    ]
    for attempt in attempts:
        with pytest.raises(Exception) as refused, transaction.atomic():  # noqa: PT011 - two kinds
            attempt()
        assert (
            isinstance(refused.value, AppendOnly)
            or "UNIQUE" in str(refused.value).upper()
            or ("DUPLICATE" in str(refused.value).upper())
        )
    assert AuditEvent.objects.get().reason == "spam"


def test_an_act_that_is_undone_is_not_on_the_record(amy: ApiClient, mona: User) -> None:
    def act() -> None:
        with transaction.atomic():
            bans.ban_person(user_id=amy.id, by=mona, reason="spam")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        act()
    assert lines(Action.BANNED) == []
    assert User.objects.get(pk=amy.id).banned_at is None


def test_who_comes_and_goes_is_on_the_record(amy: ApiClient, api: Callable[..., ApiClient]) -> None:
    other = api()
    ok(other.post("auth/token", {"email": amy.email, "password": "wrong, quite wrong"}), 401)
    signed_in = ok(other.post("auth/token", {"email": amy.email, "password": PASSWORD})).json()
    other.token = signed_in["access"]
    ok(other.post("auth/logout"), 204)
    found = lines(Action.LOGIN_FAILED, Action.LOGIN, Action.LOGOUT)[-3:]
    assert [entry.action for entry in found] == [Action.LOGIN_FAILED, Action.LOGIN, Action.LOGOUT]
    assert {entry.subject_id for entry in found} == {amy.id}
    assert {entry.ip for entry in found} == {"127.0.0.1"}
    assert [entry.actor_id for entry in found] == [None, amy.id, amy.id], "who failed is not known"


def test_changes_of_the_account_are_on_the_record(amy: ApiClient) -> None:
    new = "staple horse battery"
    ok(amy.post("auth/password/change", {"password": new, "current_password": PASSWORD}), 204)
    code = amy.email_code("new@example.com", "change_email")
    change = {"email": "new@example.com", "code": code, "current_password": new}
    ok(amy.post("auth/email/change", change), 204)
    ok(amy.delete("users/me", {"current_password": new}), 204)
    changes = [Action.PASSWORD_CHANGED, Action.EMAIL_CHANGED, Action.DELETED]
    assert [entry.action for entry in lines(*changes)] == changes
    everything = repr(list(AuditEvent.objects.values()))
    for secret in (PASSWORD, new, code, str(amy.token), "new@example.com"):
        assert secret not in everything


def test_a_registration_is_on_the_record(api: Callable[..., ApiClient]) -> None:
    somebody = api().register("zoe@example.com")
    assert [entry.subject_id for entry in lines(Action.REGISTERED)] == [somebody.id]


def test_failures_do_not_fill_the_disk(
    amy: ApiClient, api: Callable[..., ApiClient], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATELIMIT_ENABLE = False
    somebody = api()
    for _ in range(5):
        ok(somebody.post("auth/token", {"email": amy.email, "password": "wrong, quite wrong"}), 401)
    assert len(lines(Action.LOGIN_FAILED)) == 1, "one in ten minutes for an account and an address"
    monkeypatch.setattr(record, "FAILURES_A_MINUTE", 4)
    for number in range(6):
        email = f"nobody{number}@example.com"
        ok(somebody.post("auth/token", {"email": email, "password": "wrong, quite wrong"}), 401)
    assert len(lines(Action.LOGIN_FAILED)) <= 5
    assert "nobody" not in repr(list(AuditEvent.objects.values())), "it may be a password in the wrong field"


def test_a_failure_costs_the_same_whether_there_is_an_account(
    amy: ApiClient, api: Callable[..., ApiClient], django_assert_num_queries: Any
) -> None:
    somebody = api()
    with django_assert_num_queries(4) as known:
        ok(somebody.post("auth/token", {"email": amy.email, "password": "wrong, quite wrong"}), 401)
    with django_assert_num_queries(len(known)):
        ok(somebody.post("auth/token", {"email": "nobody@example.com", "password": "wrong, quite"}), 401)


def test_the_admins_own_door_is_on_the_record(mona: User) -> None:
    window = Client()
    window.post("/admin/login/", {"username": mona.email, "password": "wrong, quite wrong"})
    window.post("/admin/login/", {"username": mona.email, "password": PASSWORD})
    window.get("/admin/")
    found = lines(Action.LOGIN_FAILED, Action.LOGIN)
    assert [(entry.action, entry.subject_id) for entry in found] == [
        (Action.LOGIN_FAILED, mona.pk),
        (Action.LOGIN, mona.pk),
    ]


def test_what_is_past_its_term_goes_and_that_is_on_the_record(settings: Settings) -> None:
    settings.RECORD_KEEP = timedelta(days=30)
    for days in (40, 35, 10):
        AuditEvent(at=now() - timedelta(days=days), action=Action.LOGIN).save()
    retention.remove_what_is_over()
    assert [entry.action for entry in AuditEvent.objects.order_by("pk")] == [Action.LOGIN, Action.PRUNED]
    assert AuditEvent.objects.get(action=Action.PRUNED).details["lines"] == 2


def test_a_role_is_on_the_record(administrator: Client, amy: ApiClient) -> None:
    from tests.admin_client import act

    act(administrator, "accounts/user", "appoint", amy.id, choice="moderator", reason="she knows everybody")
    [entry] = lines(Action.ROLE)
    assert (entry.subject_id, entry.reason) == (amy.id, "she knows everybody")
    assert entry.details == {"before": "none", "after": "moderator"}
    assert entry.security
    assert staff("moderator").groups.count() == 1
