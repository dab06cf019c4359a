"""Whoever runs the simulation finds people, clients and grants in the chat's admin, and no secret."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from oauth_provider.models import AccessToken, Client, Consent, Grant, Person, RefreshToken
from tests.oauth_provider.common import (
    PASSWORD,
    Flow,
    alive,
    browser,
    call,
    client,
    person,
    sign_in,
    userinfo,
)
from tests.people import new_user

pytestmark = pytest.mark.django_db

LISTS = ("person", "client", "grant", "accesstoken", "refreshtoken", "consent")


@pytest.fixture
def admin() -> Browser:
    window = Browser()
    window.force_login(new_user("Admin", is_staff=True, is_superuser=True))
    return window


@pytest.mark.parametrize("what", LISTS)
def test_everything_is_listed_searched_and_opened_without_a_secret(admin: Browser, what: str) -> None:
    client()
    flow = Flow()
    window = browser(person("mei"))
    code = flow.code(window)
    tokens = flow.exchange(code).json()
    page = admin.get(f"/admin/oauth_provider/{what}/", {"q": "app" if what == "client" else "mei"})
    assert page.status_code == 200
    assert b"1 " in page.content
    model: Any = {
        "person": Person,
        "client": Client,
        "grant": Grant,
        "accesstoken": AccessToken,
        "refreshtoken": RefreshToken,
        "consent": Consent,
    }[what]
    row = model.objects.order_by("-pk").first()
    opened = admin.get(f"/admin/oauth_provider/{what}/{row.pk}/change/")
    assert opened.status_code == 200
    assert b"viewsitelink" not in opened.content, "a link to a page that is not there"
    shown = page.content + opened.content
    for secret in (code, tokens["access_token"], tokens["refresh_token"], "argon2$"):
        assert secret.encode() not in shown
    for field in ("token_checksum", "code_challenge", "client_secret"):
        assert field.encode() not in shown
    if what in {"grant", "accesstoken", "refreshtoken", "consent"}:
        assert admin.get(f"/admin/oauth_provider/{what}/add/").status_code == 403
        assert (
            admin.post(f"/admin/oauth_provider/{what}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
        )


def test_the_admin_has_a_section_only_where_the_provider_runs(admin: Browser, settings: Settings) -> None:
    assert b"/admin/oauth_provider/person/" in admin.get("/admin/").content
    assert b"/admin/oauth_provider/idtoken/" not in admin.get("/admin/").content
    settings.OAUTH_PROVIDER = False
    assert b"/admin/oauth_provider/person/" not in admin.get("/admin/").content


def test_a_person_is_made_without_a_password_and_given_one(admin: Browser) -> None:
    given = {"login": "Anna.B", "nickname": "安娜", "email": "anna@meridian.example", "is_active": "on"}
    assert admin.post("/admin/oauth_provider/person/add/", given).status_code == 302
    anna = Person.objects.get(login="anna.b")
    assert not anna.has_usable_password()
    assert sign_in(browser(), "anna.b").status_code == 400
    path = f"/admin/oauth_provider/person/{anna.pk}/password/"
    assert path.encode() in admin.get(f"/admin/oauth_provider/person/{anna.pk}/change/").content
    assert admin.get(path).status_code == 200
    for wrong in (
        {"password": PASSWORD, "again": "something else"},
        {"password": "short", "again": "short"},
        {"password": "x\x00" * 8, "again": "x\x00" * 8},
        {},
    ):
        assert admin.post(path, wrong).status_code == 200
    assert admin.post(path, {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert sign_in(browser(), "anna.b").status_code == 302


@pytest.mark.parametrize("login", ["a", "-a", "a b", "ä", "梅", "a" * 33, "\u212a1", "mei"])
def test_a_login_name_is_plain_and_the_only_one(admin: Browser, login: str) -> None:
    person("mei")
    refused = admin.post("/admin/oauth_provider/person/add/", {"login": login, "nickname": "X"})
    assert refused.status_code == 200
    assert Person.objects.count() == 1


def test_a_new_password_and_a_deactivation_end_what_went_on(admin: Browser) -> None:
    client()
    mei = person("mei")
    window = browser(mei)
    first = Flow().tokens(window)["access_token"]
    path = f"/admin/oauth_provider/person/{mei.pk}"
    admin.post(f"{path}/password/", {"password": "another password", "again": "another password"})
    assert userinfo(first).status_code == 401
    assert window.get("/provider/applications/").status_code == 302
    assert sign_in(window, "mei", "another password").status_code == 302
    second = Flow().tokens(window)["access_token"]
    given = {"login": "mei", "nickname": "Mei", "email": ""}
    assert admin.post(f"{path}/change/", given).status_code == 302
    assert not alive(second)
    assert window.get("/provider/applications/").status_code == 302
    admin.post(f"{path}/change/", given | {"is_active": "on"})
    assert not alive(second)


def test_a_client_is_made_with_a_secret_that_is_kept_hashed(admin: Browser) -> None:
    given = {
        "client_id": "shop",
        "name": "Shop",
        "client_type": "confidential",
        "authorization_grant_type": "authorization-code",
        "redirect_uris": "https://shop.example/cb",
        "new_secret": "s" * 40,
    }
    path = "/admin/oauth_provider/client/add/"
    for wrong in (
        {"authorization_grant_type": "implicit"},
        {"authorization_grant_type": "password"},
        {"redirect_uris": "javascript:alert(1)"},
        {"redirect_uris": "https://shop.example/cb#x"},
        {"redirect_uris": ""},
        {"new_secret": "short"},
    ):
        assert admin.post(path, given | wrong).status_code == 200
    assert admin.post(path, given).status_code == 302
    shop = Client.objects.get(client_id="shop")
    assert shop.client_secret.startswith("argon2$")
    body = {"grant_type": "client_credentials"}
    assert call("token", body, client_id="shop", secret="s" * 40).status_code == 200
    kept = shop.client_secret
    admin.post(
        f"/admin/oauth_provider/client/{shop.pk}/change/", given | {"new_secret": "", "name": "Shop 2"}
    )
    shop.refresh_from_db()
    assert (shop.name, shop.client_secret) == ("Shop 2", kept)


def test_a_consent_is_taken_back_with_its_tokens(admin: Browser) -> None:
    client()
    token = Flow().tokens(browser(person()))["access_token"]
    consent = Consent.objects.get()
    answer = admin.post(
        "/admin/oauth_provider/consent/", {"action": "withdraw", "_selected_action": str(consent.pk)}
    )
    assert answer.status_code == 302
    assert not alive(token)
    assert not Consent.objects.exists()


def test_a_moderator_without_the_permission_changes_no_password() -> None:
    mei = person("mei")
    moderator = new_user("Mo", is_staff=True)
    moderator.user_permissions.add(Permission.objects.get(codename="view_person"))
    window = Browser()
    window.force_login(moderator)
    path = f"/admin/oauth_provider/person/{mei.pk}"
    assert window.get(f"{path}/change/").status_code == 200
    given = {"password": "another password", "again": "another password"}
    assert window.post(f"{path}/password/", given).status_code == 403
    stranger = Browser()
    assert stranger.post(f"{path}/password/", given)["Location"].startswith("/admin/login/")
    signed_in_here: Callable[..., Any] = browser(mei).get
    assert signed_in_here("/admin/")["Location"].startswith("/admin/login/")
    assert sign_in(browser(), "mei").status_code == 302
