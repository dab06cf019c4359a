"""The page behind an invitation's link, and its QR code."""

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from groups.models import Invitation
from tests.client import ApiClient, ok
from tests.groups.common import invite, role_of
from tests.witness import lines, told, untouched


@pytest.fixture
def browser() -> Callable[..., Client]:
    """A browser without JavaScript, in which somebody is signed in, or nobody."""

    def open_(person: ApiClient | None = None) -> Client:
        client = Client()
        if person is not None:
            client.force_login(
                User.objects.get(pk=person.id), backend="django.contrib.auth.backends.ModelBackend"
            )
        return client

    return open_


@pytest.fixture
def page(group: int, olga: ApiClient) -> str:
    """The path of an invitation's page; the group is by invitation only."""
    ok(olga.patch(f"groups/{group}", {"join_policy": "invite", "introduction": "Every Saturday"}))
    return str(urlsplit(invite(olga, group)["url"]).path)


def test_who_is_not_signed_in_sees_the_group_and_comes_back_here(
    page: str, browser: Callable[..., Client]
) -> None:
    answer = browser().get(page)
    text = answer.content.decode()
    assert answer.status_code == 200
    for shown in ("周末爬山 Hikers", "3 members", "Every Saturday", "Olga", f"/login/?next={page}"):
        assert shown in text
    assert "no-store" in answer.headers["Cache-Control"]
    posted = browser().post(page)
    assert (posted.status_code, unquote(posted.headers["Location"])) == (302, f"/login/?next={page}")


def test_joining_takes_one_button(
    group: int, page: str, eve: ApiClient, browser: Callable[..., Client]
) -> None:
    client = browser(eve)
    assert "Join the group" in client.get(page).content.decode()
    assert role_of(group, eve) is None
    with told() as events:
        joined = client.post(page)
    assert (joined.status_code, joined.headers["Location"].rstrip("/").endswith(str(group))) == (302, True)
    assert lines(events, group) == [{"event": "member.joined", "user": eve.id}]
    # It was good for one; who is in is led on all the same.
    assert "You are in this group." in client.get(page).content.decode()
    assert client.post(page).status_code == 302


def test_joining_takes_a_token_against_forgery(group: int, page: str, eve: ApiClient) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(pk=eve.id), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(page).status_code == 403
    assert role_of(group, eve) is None


@pytest.mark.parametrize("how", ["expired", "used", "unknown", "too long", "no token"])
def test_what_does_not_hold_is_a_page_that_says_so(
    page: str, eve: ApiClient, browser: Callable[..., Client], how: str
) -> None:
    rows = Invitation.objects.all()
    if how == "expired":
        rows.update(expires_at=timezone.now())
    elif how == "used":
        rows.update(uses=1)
    else:
        page = {"unknown": "abc", "too long": "a" * 65, "no token": "é%00"}[how]
        page = f"/invite/{page}/"
    for client in (browser(), browser(eve)):
        with untouched():
            for answer in (client.get(page), client.post(page)):
                assert answer.status_code == 404
                assert "does not hold" in answer.content.decode()
                assert "Hikers" not in answer.content.decode()


def test_a_full_group_says_so(
    group: int, page: str, eve: ApiClient, browser: Callable[..., Client], settings: Settings
) -> None:
    settings.GROUP_MAX_MEMBERS = 3
    answer = browser(eve).post(page)
    assert answer.status_code == 409
    assert "This group is full." in answer.content.decode()
    assert Invitation.objects.get().uses == 0


def test_names_are_text(olga: ApiClient, browser: Callable[..., Client]) -> None:
    group = olga.create_group(name="<script>alert(1)</script>")
    text = browser().get(urlsplit(invite(olga, group)["url"]).path).content.decode()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_guesses_are_limited(
    page: str, eve: ApiClient, browser: Callable[..., Client], settings: Settings
) -> None:
    settings.LOGIN_IP_RATE = settings.COST_RATE = "1/d"
    for client in (browser(), browser(eve)):
        assert client.get(page).status_code == 200
        assert client.get(page).status_code == 429


def test_the_page_asks_the_database_little(
    page: str, browser: Callable[..., Client], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = browser()
    with django_assert_num_queries(2):  # the invitation with who made it, the group
        client.get(page)


def test_the_qr_code_is_a_picture_of_the_link(group: int, olga: ApiClient, eve: ApiClient) -> None:
    made = invite(olga, group)
    assert made["url"] == f"http://testserver/invite/{made['token']}/"
    assert ok(olga.get(f"groups/{group}/invitations")).json()["results"][0]["url"] == made["url"]
    path = f"invitations/{made['token']}/qr"
    for accept in ("image/svg+xml", "*/*", "application/json"):
        answer = ok(eve.request("GET", path, headers={"Accept": accept}))
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert eve.get("invitations/none/qr").json()["error"]["code"] == "not_found"
    Invitation.objects.update(uses=1)
    assert eve.get(path).status_code == 404
