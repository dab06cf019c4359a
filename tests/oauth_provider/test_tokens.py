"""How tokens live and die, and who may ask about them."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client as Browser
from django.utils import timezone

from oauth_provider import services
from oauth_provider.models import AccessToken, Grant, PersonSession, RefreshToken
from tests.oauth_provider.common import (
    Flow,
    alive,
    basic,
    browser,
    call,
    client,
    introspect,
    person,
    public,
    refresh,
    userinfo,
)

pytestmark = pytest.mark.django_db


def test_a_replayed_refresh_token_ends_the_whole_family() -> None:
    client()
    first = Flow().tokens(browser(person()))
    second = refresh(first["refresh_token"]).json()
    third = refresh(second["refresh_token"]).json()
    assert not alive(first["access_token"])
    assert alive(third["access_token"])
    assert refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert not alive(third["access_token"])
    assert refresh(third["refresh_token"]).json()["error"] == "invalid_grant"


def test_another_family_of_the_same_person_lives_on() -> None:
    client()
    window = browser(person())
    one, other = Flow().tokens(window), Flow().tokens(window)
    refresh(one["refresh_token"])
    refresh(one["refresh_token"])
    assert alive(other["access_token"])
    assert refresh(other["refresh_token"]).status_code == 200


@pytest.mark.parametrize("end", ["password", "deactivated", "deactivated and back", "raw"])
def test_with_the_password_or_the_account_every_token_dies(end: str) -> None:
    client()
    mei, tom = person("mei"), person("tom")
    tokens, others = Flow().tokens(browser(mei)), Flow().tokens(browser(tom))
    match end:
        case "password":
            services.set_password(person=mei, password="another password")
        case "raw":  # whoever sets it, by whatever way
            mei.set_password("another password")
            mei.save()
        case _:
            services.set_active(person=mei, active=False)
            if "back" in end:
                services.set_active(person=mei, active=True)
    assert not alive(tokens["access_token"])
    assert not alive(tokens["refresh_token"])
    assert userinfo(tokens["access_token"]).status_code == 401
    assert refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert alive(others["access_token"])


def test_lifetimes_end() -> None:
    client()
    tokens = Flow().tokens(browser(person()))
    AccessToken.objects.update(expires=timezone.now())
    assert userinfo(tokens["access_token"]).status_code == 401
    assert not alive(tokens["access_token"])
    RefreshToken.objects.update(created=F("created") - timedelta(days=30))
    assert not alive(tokens["refresh_token"])
    assert refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_client_learns_of_its_own_tokens_only() -> None:
    client()
    client("nosy")
    mei = person("mei")
    tokens = Flow().tokens(browser(mei))
    for kind in ("access_token", "refresh_token"):
        mine = introspect(tokens[kind]).json()
        assert mine["active"] is True
        assert (mine["client_id"], mine["sub"], mine["username"]) == ("app", mei.subject, "mei")
        assert set(mine["scope"].split()) == {"openid", "profile", "email"}
        assert introspect(tokens[kind], client_id="nosy").json() == {"active": False}
    assert introspect("nothing of the kind").json() == {"active": False}
    own = call("token", {"grant_type": "client_credentials"}).json()["access_token"]
    assert introspect(own).json()["sub"] == "app"


def test_nobody_else_may_introspect() -> None:
    client()
    public("spa")
    token = Flow().tokens(browser(person()))["access_token"]
    for how in (
        {"secret": "wrong"},
        {"client_id": "nobody"},
        {"client_id": "spa", "secret": ""},
        {"client_id": "spa", "secret": None},
        {"client_id": None},
    ):
        refused = introspect(token, **how)
        assert refused.status_code == 401
        assert refused.json()["error"] == "invalid_client"
        assert refused["WWW-Authenticate"].startswith("Basic")
    bearer = Browser().post(
        "/provider/introspect",
        f"token={token}",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert bearer.status_code == 401


def test_a_client_without_a_secret_set_cannot_be_played_with_an_empty_one() -> None:
    client("bare", client_secret="")
    for secret in ("", " ", "!"):
        assert (
            call("token", {"grant_type": "client_credentials"}, client_id="bare", secret=secret).status_code
            == 401
        )
        body = {"grant_type": "client_credentials", "client_secret": secret}
        assert call("token", body, client_id="bare", secret=None).status_code == 401


def test_one_method_of_authentication_at_a_time() -> None:
    client()
    client("other")
    mixed = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "x"}
    assert call("token", mixed).json()["error"] == "invalid_request"
    as_other = {"grant_type": "client_credentials", "client_id": "other"}
    assert call("token", as_other).json()["error"] == "invalid_client"
    lower = basic().replace("Basic", "basic")
    assert call("token", {"grant_type": "client_credentials"}, Authorization=lower).status_code == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_either_token_revoked_ends_both(kind: str) -> None:
    client()
    client("nosy")
    tokens = Flow().tokens(browser(person()))
    stranger = call("revoke", {"token": tokens[kind]}, client_id="nosy")
    assert stranger.status_code == 200
    assert alive(tokens["access_token"])
    assert call("revoke", {"token": tokens[kind], "token_type_hint": "nonsense"}).status_code == 200
    assert not alive(tokens["access_token"])
    assert refresh(tokens["refresh_token"]).status_code == 400
    assert call("revoke", {"token": "never was"}).status_code == 200
    assert call("revoke", {"token": tokens[kind]}, secret="wrong").status_code == 401
    assert call("revoke", {}).json()["error"] == "invalid_request"


def test_userinfo_takes_a_bearer_token_from_the_header_only() -> None:
    client()
    token = Flow().tokens(browser(person()))["access_token"]
    query = Browser().get("/provider/userinfo", {"access_token": token})
    assert query.status_code == 401
    assert query["WWW-Authenticate"] == 'Bearer realm="Meridian"'
    wrong = userinfo("wrong")
    assert 'error="invalid_token"' in wrong["WWW-Authenticate"]
    assert wrong.json()["error"] == "invalid_token"
    posted = Browser().post("/provider/userinfo", headers={"Authorization": f"bearer {token}"})
    assert posted.status_code == 200
    assert posted["Cache-Control"] == "no-store"
    assert Browser().delete("/provider/userinfo").status_code == 405


def test_what_is_past_its_time_is_cleaned_away_and_nothing_else() -> None:
    client()
    window = browser(person())
    kept, old = Flow().tokens(window), Flow().tokens(window)
    refresh(old["refresh_token"])
    long_ago = timedelta(days=40)
    gone = RefreshToken.objects.order_by("-id").first()
    assert gone is not None
    RefreshToken.objects.filter(token_family=gone.token_family).update(created=F("created") - long_ago)
    AccessToken.objects.filter(family=gone.token_family).update(expires=F("expires") - long_ago)
    Grant.objects.filter(family=gone.token_family).update(expires=F("expires") - long_ago)
    PersonSession.objects.create(session_key="x", session_data="", expire_date=timezone.now() - long_ago)
    assert services.clean() == {"codes": 1, "refresh tokens": 2, "access tokens": 1, "sessions": 1}
    assert alive(kept["access_token"])
    assert refresh(kept["refresh_token"]).status_code == 200
