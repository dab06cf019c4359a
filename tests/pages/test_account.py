"""The pages of one's own account, by HTTP: what they change and whom they ask; none needs a script."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts import devices
from accounts.models import Session, User
from accounts.services import codes, sessions
from accounts.services.codes import Purpose
from social.access import ensure_pair
from social.models import Block
from tests.accounts.pictures import picture
from tests.client import PASSWORD
from tests.people import new_user

pytestmark = pytest.mark.django_db

SECTIONS = [
    "/account/",
    "/account/sign-in/",
    "/account/password/",
    "/account/password/?by=code",
    "/account/email/",
    "/account/devices/",
    "/account/blocked/",
    "/account/notifications/",
    "/account/delete/",
]
POSTS = [
    "/account/avatar/",
    "/account/avatar/remove/",
    "/account/devices/1/end/",
    "/account/devices/end-others/",
    "/account/blocked/1/unblock/",
]


@pytest.fixture
def amy() -> User:
    return new_user("Amy", email="amy@example.com")


def browser_of(user: User, **options: Any) -> Client:
    """A browser in which ``user`` is signed in, by the login page."""
    browser = Client(**options)
    page = browser.get("/login/")
    form = {"email": user.email, "password": PASSWORD, "csrfmiddlewaretoken": page.context["csrf_token"]}
    assert browser.post("/login/", form).status_code == 302
    return browser


@pytest.mark.parametrize("path", SECTIONS + POSTS)
def test_a_stranger_is_sent_to_sign_in_first(path: str) -> None:
    answer = Client().post(path) if path in POSTS else Client().get(path)
    assert (answer.status_code, answer["Location"][:13]) == (302, "/login/?next=")


def test_nothing_is_changed_by_a_link_or_without_the_pages_token(amy: User) -> None:
    browser = browser_of(amy, enforce_csrf_checks=True)
    for path in POSTS:
        assert browser.get(path).status_code == 405, path
        assert browser.post(path).status_code == 403, path
    for path in ("/account/", "/account/password/", "/account/email/", "/account/delete/"):
        assert browser.post(path, {"nickname": "Mallory", "language": "en"}).status_code == 403, path
    amy.refresh_from_db()
    assert (amy.nickname, amy.deleted_at) == ("Amy", None)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_section_leads_to_the_others_and_says_which_it_is(amy: User, language: str) -> None:
    browser = browser_of(amy)
    for path in SECTIONS:
        page = browser.get(path, headers={"accept-language": language}).content.decode()
        for other in SECTIONS:
            if other.count("/") == 3 and "password" not in other and "email" not in other:
                assert f'href="{other}"' in page
        assert page.count('aria-current="page"') == 1, path
        assert page.count("<h1") == 1, path
        assert 'href="#main"' in page


# --- the profile ---------------------------------------------------------------------------------------


def test_the_profile_is_changed_and_the_pages_speak_the_chosen_language(amy: User) -> None:
    browser = browser_of(amy)
    said = {"nickname": "小艾", "introduction": "Climbs.\r\nSings.", "language": "zh-hans"}
    answer = browser.post("/account/", said, follow=True)
    amy.refresh_from_db()
    assert (amy.nickname, amy.introduction, amy.language) == ("小艾", "Climbs. Sings.", "zh-hans")
    assert '<html lang="zh-hans">' in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nickname", " "),
        ("nickname", "x" * 33),
        ("introduction", "x" * 201),
        ("language", "fr"),
        ("nickname", "a\x07b"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_what_was_typed_stays(
    amy: User, field: str, value: str
) -> None:
    said = {"nickname": "New name", "introduction": "New words", "language": "en", field: value}
    answer = browser_of(amy).post("/account/", said)
    assert answer.status_code == 400
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert form[field].field.widget.attrs["autofocus"]
    assert "New" in answer.content.decode()
    amy.refresh_from_db()
    assert (amy.nickname, amy.introduction) == ("Amy", "")


def test_a_picture_is_cropped_to_its_middle_without_a_script(amy: User) -> None:
    browser = browser_of(amy)
    file = SimpleUploadedFile("me.png", picture(size=(600, 200)))
    assert browser.post("/account/avatar/", {"image": file})["Location"] == "/account/"
    amy.refresh_from_db()
    served = browser.get(f"/media/{amy.avatar}")
    with Image.open(io.BytesIO(served.content)) as image:
        assert image.size == (512, 512)
        # Red and blue meet in the middle.
        red, blue = image.convert("RGB").getpixel((20, 256)), image.convert("RGB").getpixel((490, 256))
        assert red[0] > 200 > blue[0]  # type: ignore[index]
    assert f"/media/{amy.avatar}" in browser.get("/account/").content.decode()
    browser.post("/account/avatar/remove/")
    amy.refresh_from_db()
    assert amy.avatar == ""


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (picture("JPEG", (600, 400))[:-900], 400),
        (None, 400),
    ],
)
def test_what_is_no_picture_is_refused_beside_its_field(amy: User, data: bytes | None, status: int) -> None:
    body = {} if data is None else {"image": SimpleUploadedFile("me.png", data)}
    answer = browser_of(amy).post("/account/avatar/", body)
    assert answer.status_code == status
    assert answer.context["picture"].errors["image"]
    amy.refresh_from_db()
    assert amy.avatar == ""


def test_pictures_are_limited_as_at_the_rest_door(amy: User, settings: Any) -> None:
    browser = browser_of(amy)
    settings.RATELIMIT_ENABLE, settings.COST_RATE = True, "1/d"
    statuses = [
        browser.post("/account/avatar/", {"image": SimpleUploadedFile("a.png", picture())}).status_code
        for _ in range(2)
    ]
    assert statuses == [302, 429]
    settings.COST_RATE, settings.AVATAR_MAX_BYTES = "60/m", 100
    file = SimpleUploadedFile("a.png", bytes(70_000))
    assert browser.post("/account/avatar/", {"image": file}).status_code == 413


# --- password and address -----------------------------------------------------------------------------


def test_the_password_is_changed_by_the_present_one_and_other_devices_are_out(amy: User) -> None:
    here, there = browser_of(amy), browser_of(amy)
    wrong = here.post("/account/password/", {"current_password": "no", "password": "staple horse battery"})
    assert wrong.status_code == 403
    assert "That is not your current password" in wrong.content.decode()
    common = here.post("/account/password/", {"current_password": PASSWORD, "password": "1234567890"})
    assert (common.status_code, list(common.context["form"].errors)) == (400, ["password"])
    done = here.post("/account/password/", {"current_password": PASSWORD, "password": "staple horse battery"})
    assert done["Location"] == "/account/sign-in/"
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    amy.refresh_from_db()
    assert amy.check_password("staple horse battery")


def test_who_forgot_it_uses_a_code_to_the_own_address(amy: User) -> None:
    browser, path = browser_of(amy), "/account/password/?by=code"
    asked = browser.post(path, {"send_code": "1", "email": "mallory@example.com"})
    assert asked.status_code == 200
    assert "amy@example.com" in asked.content.decode()
    assert "mallory" not in asked.content.decode()
    code = codes.issue(purpose=Purpose.CHANGE_PASSWORD, email="amy@example.com", user_id=amy.pk)
    typed = f" {code[:3]} {code[3:]}".translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    done = browser.post(path, {"code": typed, "password": "staple horse battery"})
    assert done["Location"] == "/account/sign-in/"


def test_the_address_is_changed_by_a_code_and_the_password(amy: User) -> None:
    browser = browser_of(amy)
    taken = browser.post("/account/email/", {"email": "amy@example.com", "send_code": "1"})
    assert taken.status_code == 400
    assert "your account already" in taken.content.decode()
    new = "Amy.New@Example.com"
    asked = browser.post("/account/email/", {"email": new, "send_code": "1"})
    assert asked.status_code == 200
    assert f'value="{new}"' in asked.content.decode()
    code = codes.issue(purpose=Purpose.CHANGE_EMAIL, email=new.lower(), user_id=amy.pk)
    form = {"email": new, "code": code, "current_password": "no"}
    assert browser.post("/account/email/", form).status_code == 403
    done = browser.post("/account/email/", {**form, "current_password": PASSWORD})
    assert done["Location"] == "/account/sign-in/"
    amy.refresh_from_db()
    assert amy.email == new.lower()


def test_who_has_no_password_does_it_just_after_signing_in(amy: User) -> None:
    browser = browser_of(amy)
    User.objects.filter(pk=amy.pk).update(password="!none")
    browser = Client()
    amy.refresh_from_db()
    browser.force_login(amy)
    fresh = browser.get("/account/email/")
    assert "current_password" not in fresh.context["form"].fields
    Session.objects.update(created_at="2026-01-01T00:00:00Z")
    for path in ("/account/email/", "/account/delete/"):
        assert "it has to be you who asks" in browser.get(path).content.decode()
    refused = browser.post("/account/delete/", {"sure": "on"})
    assert refused.status_code == 403
    amy.refresh_from_db()
    assert amy.deleted_at is None


def test_the_enter_key_finishes_a_form_that_is_filled_in(amy: User) -> None:
    """Without a script it presses the form's first button, which is the one that sends codes."""
    code = codes.issue(purpose=Purpose.RESET_PASSWORD, email="amy@example.com")
    form = {"email": "amy@example.com", "code": code, "password": "staple horse battery", "send_code": "1"}
    assert Client().post("/password/", form)["Location"] == "/login/"


def test_a_code_that_cannot_be_sent_yet_keeps_what_was_typed(settings: Any) -> None:
    settings.RATELIMIT_ENABLE = True
    form = {"email": "newcomer@example.com", "nickname": "New", "send_code": "1"}
    first, second = (Client().post("/register/", form) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    for page in (first, second):
        text = page.content.decode()
        assert 'value="newcomer@example.com"' in text
        assert 'value="New"' in text
        assert page.context["wait"] > 0


# --- devices --------------------------------------------------------------------------------------------


AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0": "Firefox on Windows",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36": (
        "Chrome on Linux"
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15": (
        "Safari on Mac"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Safari/604.1": (
        "Safari on iPhone"
    ),
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36": (
        "Chrome on Android"
    ),
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0": (
        "Edge on Windows"
    ),
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0 MicroMessenger/8.0": "WeChat on Android",
    "curl/8.5.0": "curl",
    "okhttp/4.12.0": "okhttp",
    "": "Unknown device",
    "<script>alert(1)</script>": "Unknown device",
    "‮evil": "Unknown device",
}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_device_is_called_as_people_would_call_it(agent: str) -> None:
    assert devices.describe(agent).name == AGENTS[agent]


def test_devices_are_listed_this_one_first_and_signed_out(
    amy: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    here = browser_of(amy, headers={"user-agent": next(iter(AGENTS))})
    there = browser_of(amy, headers={"user-agent": "curl/8.5.0"})
    mallory = sessions.begin(user=new_user("Mallory"))
    here.get("/account/devices/")
    with django_assert_num_queries(3):  # the cookie's row, the session, the devices
        page = here.get("/account/devices/")
    assert [one["device"].name for one in page.context["devices"]] == ["Firefox on Windows", "curl"]
    assert page.context["devices"][0]["here"]
    here.post(f"/account/devices/{mallory.pk}/end/")
    mallory.refresh_from_db()
    assert mallory.revoked_at is None
    here.post(f"/account/devices/{page.context['devices'][1]['session'].pk}/end/")
    assert there.get("/account/").status_code == 302
    others = [browser_of(amy), browser_of(amy)]
    here.post("/account/devices/end-others/")
    assert [other.get("/account/").status_code for other in others] == [302, 302]
    assert here.get("/account/").status_code == 200
    own = here.get("/account/devices/").context["devices"]
    assert len(own) == 1
    assert here.post(f"/account/devices/{own[0]['session'].pk}/end/")["Location"] == "/"
    assert here.get("/account/").status_code == 302


# --- blocked people, and the end ----------------------------------------------------------------------


def test_blocked_people_are_listed_by_pages_and_let_go(
    amy: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    people = [new_user(f"Person {number}", password="!") for number in range(52)]
    Block.objects.bulk_create(Block(blocker=amy, blocked=person) for person in people)
    Block.objects.create(blocker=people[0], blocked=people[1])
    ensure_pair(amy.pk, people[5].pk)
    browser = browser_of(amy)
    browser.get("/account/blocked/")
    with django_assert_num_queries(3):
        first = browser.get("/account/blocked/")
    second = browser.get(f"/account/blocked/?before={first.context['more']}")
    names = [one["nickname"] for page in (first, second) for one in page.context["people"]]
    assert names == [person.nickname for person in reversed(people)]
    assert second.context["more"] is None
    for odd in ("0", "-1", "x", "9" * 30, "１"):
        assert browser.get("/account/blocked/", {"before": odd}).status_code == 200
    for _ in range(2):  # the second time it is done already
        answer = browser.post(f"/account/blocked/{people[5].pk}/unblock/")
        assert answer["Location"] == "/account/blocked/"
    assert Block.objects.filter(blocker=amy).count() == 51
    assert Block.objects.count() == 52


def test_an_account_is_deleted_by_its_password_and_a_nod(amy: User) -> None:
    browser = browser_of(amy)
    for form, field in (
        ({"current_password": PASSWORD}, "sure"),
        ({"sure": "on"}, "current_password"),
    ):
        answer = browser.post("/account/delete/", form)
        assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
    assert browser.post("/account/delete/", {"sure": "on", "current_password": "no"}).status_code == 403
    done = browser.post("/account/delete/", {"sure": "on", "current_password": PASSWORD}, follow=True)
    assert "Your account was deleted" in done.content.decode()
    assert browser.get("/account/").status_code == 302
    amy.refresh_from_db()
    assert amy.deleted_at is not None


def test_tries_at_the_password_are_counted_on_every_page(amy: User, settings: Any) -> None:
    browser = browser_of(amy)
    settings.RATELIMIT_ENABLE, settings.LOGIN_RATE = True, "3/d"
    statuses = [
        browser.post(
            "/account/password/", {"current_password": "no", "password": "staple horse"}
        ).status_code,
        browser.post("/account/delete/", {"sure": "on", "current_password": "no"}).status_code,
        browser.post(
            "/account/email/", {"email": "a@example.org", "code": "123456", "current_password": "no"}
        ).status_code,
        browser.post("/account/delete/", {"sure": "on", "current_password": PASSWORD}).status_code,
    ]
    assert statuses == [403, 403, 403, 429]
    amy.refresh_from_db()
    assert amy.deleted_at is None


HOSTILE = ["<script>alert(1)</script>", "‮gnp.exe", "a" + "\u0301" * 31, "\u200b\u200d", "{{ 7|add:7 }}%(x)s"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_on_every_section(name: str) -> None:
    user = new_user(name, email="odd@example.com")
    Block.objects.create(blocker=user, blocked=new_user(name))
    browser = browser_of(user)
    for path in SECTIONS:
        page = browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()
        assert "14%" not in page.content.decode()
