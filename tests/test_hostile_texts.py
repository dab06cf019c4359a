"""Texts that attack, in the admin, in mails, and at the doors that refuse some of them.

tests/pages/test_hostile_texts.py has them in a browser.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.devmail import kept
from accounts.models import User
from tests import hostile, world
from tests.accounts.mails import mailed_code
from tests.admin_client import AdminClient
from tests.client import PASSWORD, ApiClient, ok
from tests.people import new_user

pytestmark = pytest.mark.django_db
#: Rows of a model whose own pages are looked at.
ROWS = 5
#: What may stand before the @; the validator has the last word.
ADDRESSES = (
    "o'hara+tag",
    "a&b=c",
    "{{7*7}}",
    '"<script>hacked()</script>"',
    '"\'<x-hacked>"',
    "<x-hacked>",
    "a\nBcc: x",
    '"a\r\nBcc: b"',
    "%0d%0aBcc",
    "=1+1",
    "admin\u202e",
    "аdmin",
)


@pytest.fixture
def hostile_world(api: Callable[..., ApiClient], settings: Settings) -> world.World:
    settings.RATELIMIT_ENABLE = False
    made = world.make(api, hostile.words())
    for text in hostile.SHORT:
        somebody = api("x")
        ok(somebody.patch("users/me", {"nickname": hostile.fit(text, 32)}))
    for body in hostile.BODIES:
        made.amy.send_message(made.ids["group"], body)
    return made


@pytest.fixture
def operator(hostile_world: world.World) -> Client:
    client = AdminClient()
    client.force_login(new_user("Operator", is_staff=True, is_superuser=True))
    return client


def pages_of(model: type[Model], entry: Any) -> Iterator[str]:
    """The admin's pages of a model: the list, a search, and those of a few rows."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{name}_changelist")
    if entry.search_fields:
        yield reverse(f"{name}_changelist", query={"q": "<x-hacked>\"'"})
    for row in model._default_manager.order_by("pk")[:ROWS]:
        yield reverse(f"{name}_change", args=[row.pk])


def test_the_admin_shows_them_as_text(operator: Client) -> None:
    # What moderators did is told of by name, too.
    for row in User.objects.filter(nickname__contains="hacked"):
        words = {"nickname": row.nickname, "language": "zh-hans", "reason": f"{row.nickname} hacked"}
        operator.post(f"/admin/accounts/user/{row.pk}/change/", words)
    paths = ["/admin/", f"/admin/accounts/user/{row.pk}/history/"]
    for model, entry in admin.site._registry.items():
        paths += pages_of(model, entry)
    seen: list[str] = []
    for path in paths:
        answer = operator.get(path)
        assert answer.status_code in {200, 403}, path
        page = answer.content.decode()
        assert hostile.injected(page) == [], path
        seen.append(hostile.shown(page))
    assert "hacked" in seen[0], "what was changed is told on the first page"
    everything = "\n".join(seen)
    assert [text for text in hostile.SHORT if hostile.fit(text, 32) not in everything] == []


def test_mails_and_the_mail_page_hold_them_as_text(api: Callable[..., ApiClient], settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = False
    nobody = api()
    for local in ADDRESSES:
        answer = nobody.post("auth/email-codes", {"email": f"{local}@example.com", "purpose": "register"})
        assert answer.status_code in {202, 400}, local
    for mail in kept(None):
        assert "\n" not in mail["subject"]
        assert "\n" not in mail["to"]
        assert "{{" not in mail["text"]
    page = Client().get("/dev/mail/").content.decode()
    assert hostile.injected(page) == []
    assert hostile.injected(Client().get("/dev/mail/", {"to": "<x-hacked>\"'"}).content.decode()) == []


def test_a_mail_names_a_new_address_as_it_is(api: Callable[..., ApiClient], settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = False
    somebody = api("Amy", email="amy@example.com")
    new = "o'hara+&<x>@example.com"
    asked = somebody.post("auth/email-codes", {"email": new, "purpose": "change_email"})
    if asked.status_code == 400:
        new = "o'hara+&@example.com"
    code = mailed_code(somebody, new, "change_email")
    change = {"email": new, "code": code, "current_password": PASSWORD}
    ok(somebody.post("auth/email/change", change), 200, 204)
    assert new in kept("amy@example.com")[0]["text"]


def send(client: ApiClient, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """As JSON in ASCII, which can carry what UTF-8 cannot."""
    kind = {"Content-Type": "application/json"}
    return client.request(method, path, content=json.dumps(body), headers=kind)


def doors(somebody: ApiClient) -> list[tuple[str, int, Callable[[str], Any]]]:
    """Every door that takes a line of text: its name, how long that may be, and how it is sent."""
    other = somebody.create_group(name="x")
    return [
        ("nickname", 32, lambda text: send(somebody, "PATCH", "users/me", {"nickname": text})),
        ("introduction", 200, lambda text: send(somebody, "PATCH", "users/me", {"introduction": text})),
        ("group", 64, lambda text: send(somebody, "POST", "groups", {"name": text})),
        ("renamed", 64, lambda text: send(somebody, "PATCH", f"groups/{other}", {"name": text})),
        ("about", 200, lambda text: send(somebody, "PATCH", f"groups/{other}", {"introduction": text})),
    ]


def test_no_door_takes_what_is_no_text_or_no_line(api: Callable[..., ApiClient], settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = False
    amy, ben = api("Amy"), api("Ben")
    direct = amy.befriend(ben)
    group = amy.create_group(name="x", join_policy="approval")
    eve = api("Eve")
    lines = [
        *doors(amy),
        ("remark", 32, lambda text: send(amy, "PATCH", f"friends/{ben.id}", {"remark": text})),
        (
            "greeting",
            200,
            lambda text: send(amy, "POST", "friend-requests", {"user": eve.id, "greeting": text}),
        ),
        ("request", 200, lambda text: send(eve, "POST", f"groups/{group}/join", {"message": text})),
    ]
    for _, maximum, door in lines:
        hostile.refuses(door, *hostile.REFUSED, *hostile.NO_LINES, "x" * (maximum + 1))
    several = [
        lambda text: send(amy, "PATCH", f"groups/{group}", {"announcement": text}),
        lambda text: send(
            amy,
            "POST",
            f"conversations/{direct}/messages",
            {"client_id": str(uuid4()), "kind": "text", "body": text},
        ),
    ]
    for door in several:
        hostile.refuses(door, *hostile.REFUSED, "x" * 4001)


def test_a_name_that_nobody_can_see_is_no_name(api: Callable[..., ApiClient], settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = False
    amy = api("Amy")
    for name, _, door in doors(amy):
        if name in {"nickname", "group", "renamed"}:
            hostile.refuses(door, *hostile.NOBODY_SEES)
