"""Who reaches what: every page of the admin and every action, for every role, by GET and by POST."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import DjangoDbBlocker

from accounts.deeds import Deed, DeedsAdmin
from accounts.models import AuditEvent, Session, User
from groups.models import Membership
from messaging.models import Message
from tests.admin_client import entered, staff
from tests.permissions.world import World, changed, dump

pytestmark = pytest.mark.django_db
ROLES = ("nobody", "person", "staff", "moderator", "administrator", "superuser")
#: What a role may open: app.model.
MODERATORS = {
    *("accounts.user", "accounts.session", "accounts.auditevent"),
    *("messaging.conversation", "messaging.participant", "messaging.message", "messaging.reaction"),
    *("groups.group", "groups.dissolved", "groups.membership", "groups.joinrequest", "groups.invitation"),
    "social.friendrequest",
}
ADMINISTRATORS = MODERATORS | {
    *("accounts.identity", "accounts.binding", "accounts.revocation"),
    *("social.friendship", "social.block", "social.pair"),
}
OPEN = {"moderator": MODERATORS, "administrator": ADMINISTRATORS}
#: What a moderator may not do of what is offered on pages that they may open.
NOT_FOR_MODERATORS = {"appoint", "erase"}


def label(model: type[Model]) -> str:
    return model._meta.label_lower


def models() -> list[type[Model]]:
    return sorted(admin.site._registry, key=label)


def deeds() -> list[tuple[type[Model], Deed]]:
    return [(model, deed) for model in models() for deed in getattr(admin.site._registry[model], "deeds", ())]


@pytest.fixture
def _django_db_helper() -> None:
    """In the place of pytest-django's, which gives each test a transaction: here they share the world's."""


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Something of everything, made once, in a transaction that is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _undone(world: World) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    world.put_back()


@pytest.fixture
def administrator() -> Client:
    return entered(staff("administrator"))


def browser(role: str) -> Client:
    """One in which somebody of this role is signed in, and has looked at the admin."""
    if role == "nobody":
        return Client()
    user = staff("" if role in ("person", "staff") else role)
    if role == "person":
        user.is_staff = False
        user.save()
    client = Client()
    client.force_login(user)
    client.get("/admin/")
    return client


def row_of(model: type[Model]) -> Model | None:
    """Its newest row on which something can be done, and which moderators may see."""
    rows = model._default_manager.order_by("pk")
    member = {"nickname": "Member"}
    chosen: dict[Any, dict[str, Any]] = {
        AuditEvent: {"security": False},
        User: member,
        Session: {"user__nickname": "Member", "revoked_at": None},
        Message: {"kind": "text", "recalled_at": None},
        Membership: {"user__nickname": "Member"},
    }
    return rows.filter(**chosen.get(model, {})).last()


def pages(model: type[Model]) -> Iterator[str]:
    """Every address of a model's in the admin, for one of its rows where it needs one."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = row_of(model)
    pk = row.pk if row is not None else 1
    for view in ("changelist", "add"):
        yield reverse(f"{name}_{view}")
    for view in ("change", "delete", "history"):
        yield reverse(f"{name}_{view}", args=[pk])


def may_open(role: str, model: type[Model]) -> bool:
    return role == "superuser" or label(model) in OPEN.get(role, ())


def marking(model: type[Model], deed: Deed) -> dict[str, Any]:
    """The whole form of a deed, for the newest row of its model."""
    row = row_of(model)
    answers = {"reason": "because", "term": "1d", "choice": "moderator", "confirmed": "1"}
    return {"action": deed.name, "_selected_action": [row.pk if row is not None else 1], **answers}


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_for_whom_it_is(role: str) -> None:
    client = browser(role)
    refused = 302 if role in ("nobody", "person") else 403
    for model in models():
        if label(model).startswith(("oauth_provider", "oauth2_provider", "auth")) and role == "superuser":
            continue  # others' pages, which have tests of their own
        listed, _add, change, delete, _history = pages(model)
        expected = 200 if may_open(role, model) else refused
        assert client.get(listed).status_code == expected, listed
        if model._default_manager.exists():
            assert client.get(change).status_code == expected, change
            assert client.post(delete, {"post": "yes"}).status_code == refused, delete


@pytest.mark.parametrize("role", ROLES)
def test_nothing_changes_by_an_address_or_without_a_reason(role: str) -> None:
    client = browser(role)
    before = dump()
    for model in models():
        for path in pages(model):
            client.get(path)
    for model, deed in deeds():
        listed, marked = next(pages(model)), marking(model, deed)
        client.get(listed, marked)
        client.post(listed, {**marked, "confirmed": "", "reason": ""})
        client.post(listed, {name: value for name, value in marked.items() if name != "confirmed"})
        client.post(listed, {**marked, "reason": " "})
    assert changed(before) == []


@pytest.mark.parametrize("role", ["nobody", "person", "staff", "moderator", "administrator"])
def test_no_crafted_form_does_what_the_role_may_not(role: str) -> None:
    client = browser(role)
    before = dump()
    tried = 0
    for model, deed in deeds():
        allowed = may_open(role, model) and not (role == "moderator" and deed.name in NOT_FOR_MODERATORS)
        if not allowed:
            client.post(next(pages(model)), marking(model, deed))
            client.post(next(pages(model)), {**marking(model, deed), "index": "0", "select_across": "1"})
            tried += 1
    assert changed(before) == []
    assert tried or role == "administrator"


def test_nothing_is_done_without_a_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff("superuser"))
    client.get("/admin/")
    before = dump()
    for model, deed in deeds():
        assert client.post(next(pages(model)), marking(model, deed)).status_code == 403, deed.name
    assert client.post("/admin/accounts/auditevent/export/").status_code == 403
    assert changed(before) == []


def test_every_action_is_done_by_its_whole_form_and_is_on_the_record() -> None:
    client = browser("superuser")
    done = set()
    for model, deed in deeds():
        before = AuditEvent.objects.filter(reason="because").count()
        with transaction.atomic():
            answer = client.post(next(pages(model)), marking(model, deed), follow=True)
            assert answer.status_code == 200, deed.name
            if AuditEvent.objects.filter(reason="because").count() > before:
                done.add(f"{label(model)} {deed.name}")
            transaction.set_rollback(True)
    # What the newest row gives no occasion for: the others have tests of their own.
    occasion = {"unban", "unsilence", "restore", "unmute"}
    missing = {f"{label(model)} {deed.name}" for model, deed in deeds()} - done
    assert {name.split()[1] for name in missing} <= occasion, missing


def test_all_that_match_is_never_meant() -> None:
    client, row = browser("superuser"), User.objects.order_by("pk")[0]
    banned = User.objects.filter(banned_at__isnull=False).count()
    marked = {"action": "ban", "_selected_action": [row.pk], "select_across": "1", "confirmed": "1"}
    client.post("/admin/accounts/user/", {**marked, "reason": "because", "term": "1d"})
    assert User.objects.filter(banned_at__isnull=False).count() == banned + 1


def test_what_is_withheld_has_no_page_and_nothing_is_deleted_by_hand() -> None:
    for model in models():
        if model._meta.app_label in ("accounts", "messaging", "groups", "social"):
            assert isinstance(admin.site._registry[model], DeedsAdmin), label(model)
    with pytest.raises(NoReverseMatch):
        reverse("admin:messaging_withheld_changelist")


# --- ranks


@pytest.mark.parametrize(
    ("by", "whom", "done"),
    [
        ("moderator", "moderator", False),
        ("moderator", "administrator", False),
        ("moderator", "superuser", False),
        ("administrator", "moderator", True),
        ("administrator", "administrator", False),
        ("administrator", "superuser", False),
        ("superuser", "administrator", True),
        ("superuser", "superuser", False),
    ],
)
def test_only_who_outranks_somebody_acts_on_them(by: str, whom: str, done: bool) -> None:
    client, target = browser(by), staff(whom)
    answers = {"reason": "because", "term": "1d", "confirmed": "1", "_selected_action": [target.pk]}
    client.post("/admin/accounts/user/", {"action": "ban", **answers})
    target.refresh_from_db()
    assert (target.banned_at is not None) == done


@pytest.mark.parametrize("choice", ["superuser", "owner", ""])
def test_an_administrator_makes_no_superuser(administrator: Client, choice: str) -> None:
    somebody = staff("moderator")
    answers = {"reason": "because", "choice": choice, "confirmed": "1", "_selected_action": [somebody.pk]}
    administrator.post("/admin/accounts/user/", {"action": "appoint", **answers})
    form = {"nickname": "x", "introduction": "", "language": "en", "reason": "x", "is_superuser": "on"}
    administrator.post(f"/admin/accounts/user/{somebody.pk}/change/", form)
    somebody.refresh_from_db()
    assert not somebody.is_superuser
    assert [group.name for group in somebody.groups.all()] == ["moderator"]


def test_a_role_is_taken_away(administrator: Client) -> None:
    somebody = staff("moderator")
    window = entered(somebody)
    assert window.get("/admin/accounts/user/").status_code == 200
    answers = {"reason": "gone", "choice": "none", "confirmed": "1", "_selected_action": [somebody.pk]}
    administrator.post("/admin/accounts/user/", {"action": "appoint", **answers})
    assert window.get("/admin/accounts/user/").status_code == 302
