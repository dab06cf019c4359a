"""Attacks on signing in with a third party, each refused.

The five of "Pre-hijacked accounts" (Sudhodanan and Paverd, 2022): classic-federated merge, unexpired
session, trojan identifier, unexpired e-mail change, non-verifying provider (the last is in test_profile);
then what RFC 9700 and OpenID Connect Core warn of: replay, mix-up, fixation, foreign tokens.
"""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from accounts import flows
from accounts.models import Identity, Session, User
from accounts.services.sessions import end
from chatchat.clock import now
from tests.client import PASSWORD, ApiClient, ok
from tests.third_party import faults
from tests.third_party.common import Visitor, asked_in, at_provider, refused, rows, with_params
from tests.third_party.grants import Client
from tests.third_party.provider import CLIENT_ID, CLIENT_SECRET, OpenIDProvider

New = Callable[..., Visitor]
MALLORY = {"sub": "mallory-at-other", "nickname": "Mallory"}


# --- pre-hijacking --------------------------------------------------------------------------------------


def test_classic_federated_merge(visitor: New, provider: OpenIDProvider) -> None:
    """Mallory would make an account with Amy's address and password of hers, for Amy to sign in to later."""
    mallory = visitor()
    body = {"email": "amy@example.com", "code": "123456", "password": PASSWORD, "nickname": "Amy"}
    refused(mallory.client.post("auth/register", body), 400, "code_invalid")
    assert not User.objects.exists()
    # And the other way round: with an account there, no sign-in with her address gets near it.
    provider.person |= {"email": "amy@example.com", "email_verified": True}
    amy = visitor().join("amy@example.com")["user"]
    provider.person = MALLORY | {"email": "amy@example.com", "email_verified": True}
    token = mallory.bind_token()
    refused(mallory.bind(token, "amy@example.com", "123456"), 400, "code_invalid")
    assert [identity.user_id for identity in Identity.objects.all()] == [amy["id"]]


def test_an_account_made_by_binding_has_no_password_to_guess(visitor: New, provider: OpenIDProvider) -> None:
    visitor().join("amy@example.com")
    for password in ("!", PASSWORD, User.objects.get().password):
        answer = visitor().client.post("auth/token", {"email": "amy@example.com", "password": password})
        refused(answer, 401, "invalid_credentials")


def test_unexpired_session(visitor: New, provider: OpenIDProvider) -> None:
    """Whoever was signed in before Amy set a new password is not any more, however they came in."""
    mallory, amy = visitor(), visitor()
    mallory.join("amy@example.com")  # say that the address was hers for a day
    code = amy.client.email_code("amy@example.com", "reset_password")
    new = {"email": "amy@example.com", "code": code, "password": "a new horse battery"}
    ok(amy.client.post("auth/password/reset", new), 204)
    ok(mallory.client.get("users/me"), 401)
    ok(mallory.client.post("auth/token/refresh", {"refresh": mallory.client.refresh_token}), 401)


def test_trojan_identifier_by_a_session_that_was_left_open(
    visitor: New, amy: Visitor, provider: OpenIDProvider
) -> None:
    """Mallory at Amy's open chat would add a way in of her own: not without the password."""
    Session.objects.update(created_at=now() - timedelta(minutes=11))
    provider.person = MALLORY
    refused(amy.link(), 403, "sign_in_again")
    refused(amy.link(current_password="a guess of Mallory's"), 403, "wrong_password")
    assert not Identity.objects.exists()
    assert "bind_token" in ok(visitor().sign_in()).json()


def test_trojan_identifier_begun_before_the_session_ended(
    amy: Visitor, visitor: New, provider: OpenIDProvider
) -> None:
    """A link that was begun comes to nothing once the password has changed."""
    url = ok(amy.client.post("auth/third-party/other/link", {"current_password": PASSWORD})).json()
    location = at_provider(url["authorization_url"])
    owner = visitor()
    code = owner.client.email_code("amy@example.com", "reset_password")
    new = {"email": "amy@example.com", "code": code, "password": "a new horse battery"}
    ok(owner.client.post("auth/password/reset", new), 204)
    assert amy.come_back(location).status_code == httpx.codes.UNAUTHORIZED
    assert not Identity.objects.exists()


def test_trojan_identifier_begun_before_signing_out(amy: Visitor, provider: OpenIDProvider) -> None:
    url = ok(amy.client.post("auth/third-party/other/link", {})).json()["authorization_url"]
    location = at_provider(url)
    end(user_id=amy.client.id, session_id=Session.objects.get().pk)
    assert amy.come_back(location).status_code == httpx.codes.UNAUTHORIZED
    assert not Identity.objects.exists()


def test_the_owner_is_told_of_a_new_way_in(amy: Visitor, provider: OpenIDProvider) -> None:
    provider.person = MALLORY
    ok(amy.link())
    mail = amy.client.mails("amy@example.com")
    assert len(mail) == 1
    assert "Other" in mail[0]["text"]
    ok(amy.link())  # again: nothing new
    assert len(amy.client.mails("amy@example.com")) == 1


def test_unexpired_email_change(visitor: New, provider: OpenIDProvider) -> None:
    """Mallory begins to change to Amy's address, and would finish once Amy has an account by it."""
    mallory = visitor("Mallory", email="mallory@example.com")
    code = mallory.client.email_code("amy@example.com", "change_email")
    amy = visitor().join("amy@example.com")["user"]
    change = {"email": "amy@example.com", "code": code, "current_password": PASSWORD}
    answer = mallory.client.post("auth/email/change", change)
    assert answer.status_code in (400, 409), answer.text
    assert User.objects.get(email="amy@example.com").pk == amy["id"]
    assert User.objects.get(email="mallory@example.com").pk == mallory.client.id
    assert Identity.objects.get().user_id == amy["id"]


@pytest.mark.parametrize("purpose", ["register", "reset_password", "change_email"])
def test_a_code_for_something_else_binds_nothing(
    visitor: New, amy: Visitor, provider: OpenIDProvider, purpose: str
) -> None:
    address = {
        "register": "new@example.com",
        "reset_password": "amy@example.com",
        "change_email": "new@example.com",
    }
    code = amy.client.email_code(address[purpose], purpose)
    mallory = visitor()
    refused(mallory.bind(mallory.bind_token(), address[purpose], code), 400, "code_invalid")
    assert not Identity.objects.exists()


def test_a_code_for_binding_does_nothing_else(visitor: New, provider: OpenIDProvider) -> None:
    somebody = visitor().client
    code = somebody.email_code("new@example.com", "bind")
    body = {"email": "new@example.com", "code": code, "password": PASSWORD, "nickname": "New"}
    refused(somebody.post("auth/register", body), 400, "code_invalid")
    refused(somebody.post("auth/password/reset", body), 400, "code_invalid")


# --- state, code, provider -------------------------------------------------------------------------------


def test_another_browser_s_state(visitor: New, provider: OpenIDProvider) -> None:
    """Fixation: Mallory hands Amy the address that signs her in as Mallory."""
    mallory, amy = visitor(), visitor()
    mallory.join("mallory@example.com")
    before = rows()
    location = at_provider(mallory.leave())
    refused(amy.come_back(location), 400, "invalid_state")
    # Also when a sign-in of Amy's own is under way in her browser.
    amy.leave()
    refused(amy.come_back(location), 400, "invalid_state")
    assert rows() == before
    assert len(provider.asked_for("token")) == 1  # Mallory's first; nothing was asked for Amy


def test_a_link_is_of_the_browser_that_began_it(visitor: New, amy: Visitor, provider: OpenIDProvider) -> None:
    """Amy's account would get Mallory's identity, or Mallory's account Amy's."""
    mallory = visitor("Mallory", email="mallory@example.com")
    provider.person = MALLORY
    url = ok(mallory.client.post("auth/third-party/other/link", {})).json()["authorization_url"]
    provider.person = {"sub": "amy-at-other"}
    refused(amy.come_back(at_provider(url)), 400, "invalid_state")
    assert not Identity.objects.exists()


@pytest.mark.parametrize("state", [None, "", "another", "a" * 5000, "\0", "状态", "__proto__"])
def test_a_state_that_was_never_given(nobody: Visitor, provider: OpenIDProvider, state: str | None) -> None:
    location = at_provider(nobody.leave())
    refused(nobody.come_back(with_params(location, state=state)), 400, "invalid_state")
    assert set(rows().values()) == {0}


def test_two_states_in_one_address(nobody: Visitor, provider: OpenIDProvider) -> None:
    location = at_provider(nobody.leave())
    refused(nobody.come_back(location + "&state=another"), 400, "invalid_state")


def test_a_state_is_good_for_one_return(visitor: New, provider: OpenIDProvider) -> None:
    """Back button, reload, or somebody who read the address over a shoulder."""
    amy = visitor()
    amy.join("amy@example.com")
    location = at_provider(amy.leave())
    ok(amy.come_back(location))
    before = rows()
    refused(amy.come_back(location), 400, "invalid_state")
    refused(visitor().come_back(location), 400, "invalid_state")
    assert rows() == before


def test_a_state_that_failed_is_used_up_too(nobody: Visitor, provider: OpenIDProvider) -> None:
    location = at_provider(nobody.leave())
    provider.answers["token"] = faults.oauth_error("invalid_grant")
    refused(nobody.come_back(location), 400, "code_refused")
    provider.answers.clear()
    refused(nobody.come_back(location), 400, "invalid_state")


def test_a_state_is_good_for_ten_minutes(
    nobody: Visitor, provider: OpenIDProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = at_provider(nobody.leave())
    monkeypatch.setattr(flows, "LASTS", 0)
    refused(nobody.come_back(location), 400, "invalid_state")
    assert not provider.asked_for("token")


def test_a_browser_remembers_a_few_sign_ins_only(nobody: Visitor, provider: OpenIDProvider) -> None:
    """Whoever makes it begin hundreds fills neither the session nor the way of the last one."""
    urls = [nobody.leave() for _ in range(20)]
    refused(nobody.come_back(at_provider(urls[0])), 400, "invalid_state")
    ok(nobody.come_back(at_provider(urls[-1])))


def test_a_code_that_was_used(visitor: New, provider: OpenIDProvider) -> None:
    """Replay: an old code with a state of today."""
    amy, mallory = visitor(), visitor()
    location = at_provider(amy.leave())
    ok(amy.come_back(location))
    stolen = with_params(at_provider(mallory.leave()), code=asked_in(location)["code"])
    before = rows()
    refused(mallory.come_back(stolen), 400, "code_refused")
    assert rows() == before


def test_a_code_that_another_browser_was_given(visitor: New, provider: OpenIDProvider) -> None:
    """Injection: Amy's code, not used yet, in Mallory's browser. PKCE and nonce are of Amy's."""
    amy, mallory = visitor(), visitor()
    code = asked_in(at_provider(amy.leave()))["code"]
    provider.person = MALLORY
    location = with_params(at_provider(mallory.leave()), code=code)
    answer = mallory.come_back(location)
    assert answer.status_code in (400, 503), answer.text
    assert set(rows().values()) == {0}


@pytest.mark.parametrize("code", [None, "", " ", "\0", "a" * 5_000, "码"], ids=lambda code: str(code)[:5])
def test_a_code_that_is_none(nobody: Visitor, provider: OpenIDProvider, code: str | None) -> None:
    location = at_provider(nobody.leave())
    refused(nobody.come_back(with_params(location, code=code)), 400, "code_refused")
    assert set(rows().values()) == {0}


def test_mix_up_at_the_callback_of_another(
    nobody: Visitor, provider: OpenIDProvider, second: OpenIDProvider
) -> None:
    """What one provider was asked, another one answers."""
    honest = nobody.leave("other")
    answer = at_provider(nobody.leave("second"))
    for changed in (
        with_params(answer, state=asked_in(honest)["state"]),
        answer.replace("/second/", "/other/"),
        with_params(answer, state=asked_in(honest)["state"]).replace("/second/", "/other/"),
    ):
        assert nobody.come_back(changed).status_code in (400, 503)
    assert not provider.asked_for("token")
    assert set(rows().values()) == {0}


@pytest.mark.parametrize(
    "issuer", ["https://evil.example", "", "/", "HTTP", " ", None], ids=lambda issuer: str(issuer)
)
def test_mix_up_by_the_issuer_of_the_answer(
    nobody: Visitor, provider: OpenIDProvider, issuer: str | None
) -> None:
    """RFC 9207; where a provider says that it names itself, leaving it out is wrong, too."""
    near = {
        "/": provider.issuer + "/",
        "HTTP": provider.issuer.replace("http:", "HTTP:"),
        " ": provider.issuer + " ",
    }
    location = with_params(at_provider(nobody.leave()), iss=near.get(issuer, issuer) if issuer else issuer)
    answer = nobody.come_back(location)
    assert answer.status_code == httpx.codes.BAD_REQUEST, answer.text
    assert not provider.asked_for("token")
    assert set(rows().values()) == {0}


def test_a_provider_that_does_not_name_itself_need_not(nobody: Visitor, provider: OpenIDProvider) -> None:
    provider.lies.iss = ""
    provider.lies.discovery = {"authorization_response_iss_parameter_supported": False}
    nobody.join("amy@example.com")


def test_a_provider_that_lies_about_its_name(nobody: Visitor, provider: OpenIDProvider) -> None:
    provider.lies.iss = "https://evil.example"
    refused(nobody.sign_in(), 400, "invalid_state")


def test_a_token_for_another_client_of_the_provider(nobody: Visitor, provider: OpenIDProvider) -> None:
    """Wrong audience: another client has got it honestly and shows it here."""
    provider.clients["another"] = Client(
        "another", CLIENT_SECRET, set(provider.clients[CLIENT_ID].redirect_uris)
    )
    location = at_provider(with_params(nobody.leave(), client_id="another"))
    answer = nobody.come_back(location)
    assert answer.status_code in (400, 503), answer.text
    provider.lies.id_token = {"aud": ["another"]}
    refused(nobody.sign_in(), 503, "provider_unavailable")
    assert set(rows().values()) == {0}


def test_tokens_of_the_provider_are_no_tokens_here(visitor: New, provider: OpenIDProvider) -> None:
    """Neither the access token nor the id_token opens the chat's own doors."""
    amy = visitor()
    amy.join("amy@example.com")
    answer = httpx.post(
        f"{provider.issuer}/token",
        data={"grant_type": "password", "username": "amy", "password": "there", "scope": "openid"},
        auth=(CLIENT_ID, CLIENT_SECRET),
    )
    assert answer.status_code == httpx.codes.BAD_REQUEST
    provider.passwords["amy"] = (provider.person, "there")
    tokens = httpx.post(
        f"{provider.issuer}/token",
        data={"grant_type": "password", "username": "amy", "password": "there", "scope": "openid"},
        auth=(CLIENT_ID, CLIENT_SECRET),
    ).json()
    for token in (tokens["access_token"], tokens["id_token"]):
        ok(
            ApiClient.request(
                visitor().client, "GET", "users/me", headers={"Authorization": f"Bearer {token}"}
            ),
            401,
        )
        ok(visitor().client.post("auth/token/refresh", {"refresh": token}), 401)


# --- refusals ---------------------------------------------------------------------------------------------


def test_they_say_no_at_the_provider(nobody: Visitor, provider: OpenIDProvider) -> None:
    provider.consents = False
    refused(nobody.sign_in(), 403, "consent_refused")
    assert not provider.asked_for("token")
    assert set(rows().values()) == {0}


@pytest.mark.parametrize(
    ("error", "status"),
    [("server_error", 503), ("temporarily_unavailable", 503), ("invalid_scope", 400), ("login_required", 400),
     ("<script>alert(1)</script>", 400), ("", 400), ("错误", 400)],
)  # fmt: skip
def test_the_provider_answers_with_an_error(
    nobody: Visitor, provider: OpenIDProvider, error: str, status: int
) -> None:
    state = asked_in(nobody.leave())["state"]
    answer = nobody.client.get(
        "auth/third-party/other/callback", error=error, state=state, iss=provider.issuer,
        error_description="<script>alert(2)</script>",
    )  # fmt: skip
    assert answer.status_code == status, answer.text
    assert "script" not in answer.text
    assert set(rows().values()) == {0}


def test_an_error_of_another_browser_ends_nothing(visitor: New, provider: OpenIDProvider) -> None:
    amy, mallory = visitor(), visitor()
    url = amy.leave()
    answer = mallory.client.get(
        "auth/third-party/other/callback", error="access_denied", state=asked_in(url)["state"]
    )
    refused(answer, 400, "invalid_state")
    ok(amy.come_back(at_provider(url)))
