"""A provider that is not ours takes part by settings alone: there, back, bound, and back again."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from pytest_django.fixtures import Settings

from accounts.models import Binding, Identity, Session, User
from tests.client import PASSWORD, ApiClient, ok
from tests.third_party.common import Visitor, asked_in, at_provider, refused, third_parties
from tests.third_party.provider import CLIENT_ID, CLIENT_SECRET, OpenIDProvider

New = Callable[..., Visitor]


def test_the_list_names_the_providers_and_keeps_their_secrets(
    nobody: Visitor, second: OpenIDProvider, provider: OpenIDProvider, settings: Settings
) -> None:
    settings.THIRD_PARTY["second"] = second.settings(password=True)
    answer = ok(nobody.client.get("auth/third-party"))
    assert answer.json() == {
        "results": [
            {"id": "other", "name": "Other", "password": False},
            {"id": "second", "name": "Second", "password": True},
        ],
        "next": None,
    }
    assert CLIENT_SECRET not in answer.text


def test_without_settings_there_is_nobody(nobody: Visitor, settings: Settings) -> None:
    settings.THIRD_PARTY = {}
    assert ok(nobody.client.get("auth/third-party")).json() == {"results": [], "next": None}
    for method, path in (
        ("GET", "other/login"),
        ("GET", "other/callback?code=a&state=b"),
        ("POST", "other/password"),
    ):
        refused(nobody.client.request(method, f"auth/third-party/{path}"), 404, "not_found")


def test_the_browser_is_sent_with_state_nonce_and_s256(nobody: Visitor, provider: OpenIDProvider) -> None:
    url = nobody.leave()
    assert url.startswith(f"{provider.issuer}/authorize?")
    asked = asked_in(url)
    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT_ID
    assert asked["redirect_uri"] == "http://testserver/api/v1/auth/third-party/other/callback"
    assert "openid" in asked["scope"].split()
    assert asked["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[\w-]{43}", asked["code_challenge"])
    assert min(len(asked["state"]), len(asked["nonce"])) >= 20
    again = asked_in(nobody.leave())
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name] != again[name]


def test_neither_the_address_nor_the_cookie_tells_what_is_remembered(
    nobody: Visitor, provider: OpenIDProvider
) -> None:
    answer = nobody.client.get("auth/third-party/other/login")
    nonce = asked_in(answer.headers["Location"])["nonce"]
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie  # with Strict the browser would come back without it
    assert nonce not in cookie
    assert CLIENT_SECRET not in answer.headers["Location"] + cookie
    assert "no-store" in answer.headers["Cache-Control"] or "no-cache" in answer.headers["Cache-Control"]


def test_somebody_unknown_proves_an_address_and_has_a_new_account(
    nobody: Visitor, provider: OpenIDProvider
) -> None:
    answer = ok(nobody.sign_in()).json()
    assert set(answer) == {"bind_token", "profile"}
    assert answer["profile"] == {"nickname": "Amy of the other site", "avatar": None}
    assert not User.objects.exists()
    assert not Session.objects.exists()

    body = ok(nobody.bind(answer["bind_token"], "amy@example.com"), 201).json()
    assert set(body) == {"user", "access", "refresh"}
    assert body["user"]["nickname"] == "Amy of the other site"
    user, identity = User.objects.get(), Identity.objects.get()
    assert user.pk == body["user"]["id"]
    assert (user.email, user.has_usable_password()) == ("amy@example.com", False)
    assert (identity.user_id, identity.issuer, identity.subject) == (user.pk, provider.issuer, "amy-at-other")
    assert not Binding.objects.exists()
    nobody.client.token = body["access"]
    assert ok(nobody.client.get("users/me")).json()["email"] == "amy@example.com"
    ok(nobody.client.post("auth/token/refresh", {"refresh": body["refresh"]}))


def test_the_nickname_may_be_another_one(nobody: Visitor, provider: OpenIDProvider) -> None:
    assert nobody.join("amy@example.com", nickname="Amelia")["user"]["nickname"] == "Amelia"


def test_the_address_may_have_an_account_which_is_linked(
    visitor: New, amy: Visitor, provider: OpenIDProvider
) -> None:
    body = visitor().join("AMY@Example.com", nickname="Somebody else")
    assert body["user"]["id"] == amy.client.id
    assert body["user"]["nickname"] == "Amy"
    assert User.objects.get().check_password(PASSWORD)
    assert [one["provider"] for one in amy.identities()] == ["other"]
    # And they are told.
    assert "Other" in amy.client.mails("amy@example.com")[0]["text"]


def test_who_is_known_is_signed_in_at_once(visitor: New, provider: OpenIDProvider) -> None:
    first = visitor().join("amy@example.com")
    before = Identity.objects.get()
    again = ok(visitor().sign_in()).json()
    assert set(again) == {"user", "access", "refresh"}
    assert again["user"]["id"] == first["user"]["id"]
    assert again["access"] != first["access"]
    assert (User.objects.count(), Identity.objects.count(), Session.objects.count()) == (1, 1, 2)
    assert Identity.objects.get().last_used_at > before.last_used_at


def test_a_client_that_may_only_send_its_secret_in_the_body(
    nobody: Visitor, provider: OpenIDProvider
) -> None:
    provider.lies.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    nobody.join("amy@example.com")
    asked = provider.asked_for("token")[0]
    assert asked["form"]["client_secret"] == CLIENT_SECRET
    assert "Authorization" not in asked["headers"]


def test_the_secret_is_only_shown_to_the_token_endpoint(nobody: Visitor, provider: OpenIDProvider) -> None:
    nobody.join("amy@example.com")
    assert {one["endpoint"] for one in provider.asked} == {
        "discovery", "authorize", "token", "jwks", "userinfo",
    }  # fmt: skip
    for asked in provider.asked:
        assert CLIENT_SECRET not in asked["url"]
        if asked["endpoint"] != "token":
            assert "Basic" not in asked["headers"].get("Authorization", "")
        if asked["endpoint"] in ("discovery", "jwks"):
            assert "Authorization" not in asked["headers"]


def test_the_address_for_the_server_is_another_than_the_one_for_browsers(
    nobody: Visitor, provider: OpenIDProvider, settings: Settings
) -> None:
    """As in a compose network: people reach the provider where this server cannot."""
    reached, outside = provider.issuer, "http://localhost:9/realms/outside"
    provider.issuer = outside
    settings.THIRD_PARTY = third_parties(provider, server=reached)
    url = nobody.leave()
    assert url.startswith(f"{outside}/authorize?")
    answer = ok(nobody.come_back(at_provider(url.replace(outside, reached)))).json()
    ok(nobody.bind(answer["bind_token"], "amy@example.com"), 201)
    assert Identity.objects.get().issuer == outside


def test_keys_that_were_rotated_between_two_logins(visitor: New, provider: OpenIDProvider) -> None:
    visitor().join("amy@example.com")
    provider.rotate()
    assert "access" in ok(visitor().sign_in()).json()
    assert len(provider.asked_for("jwks")) == 2


def test_discovery_and_keys_are_asked_for_once(visitor: New, provider: OpenIDProvider) -> None:
    visitor().join("amy@example.com")
    visitor().sign_in()
    assert (len(provider.asked_for("discovery")), len(provider.asked_for("jwks"))) == (1, 1)


def test_several_tabs_sign_in_at_the_same_time(nobody: Visitor, provider: OpenIDProvider) -> None:
    urls = [nobody.leave() for _ in range(3)]
    for url in reversed(urls):
        assert "bind_token" in ok(nobody.come_back(at_provider(url))).json()


def test_the_callback_address_is_the_host_that_was_asked(
    api: Callable[[], ApiClient], provider: OpenIDProvider
) -> None:
    """Not what a header of a stranger says; hosts that are not ours do not get this far."""
    asked = api().get("auth/third-party/other/login")
    assert urlsplit(asked_in(asked.headers["Location"])["redirect_uri"]).netloc == "testserver"
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}):
        answer = api().request("GET", "auth/third-party/other/login", headers=headers)
        assert "evil.example" not in answer.headers.get("Location", "")
