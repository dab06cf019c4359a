"""Clients of other makers, unchanged, at the provider on a real server: Authlib, requests-oauthlib, and
from npm oauth4webapi and openid-client. Each does all that the provider offers a confidential client.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.oauth_provider import node
from tests.oauth_provider.common import PASSWORD, SECRET, client, person
from tests.stack.server import Server

CLIENT_ID = "app"
CALLBACK = "https://app.example/cb"
SCOPE = "openid profile email"
METHODS = ["client_secret_basic", "client_secret_post"]


@dataclass
class Site:
    """The provider as others meet it, and somebody in front of a browser."""

    issuer: str

    def given(self, method: str) -> dict[str, Any]:
        """What the operator of a client copies into its settings."""
        return {
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "redirect_uri": CALLBACK,
            "method": method,
        }

    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(
            f"{self.issuer}/.well-known/openid-configuration", timeout=10
        ).json()
        return found

    def browse(self, url: str) -> str:
        """Sign in and allow, as a person does page by page; where the browser is sent in the end."""
        fields = {"login": "mei", "password": PASSWORD, "decision": "allow"}
        with requests.Session() as browser:
            answer = browser.get(url, allow_redirects=False, timeout=10)
            for _ in range(10):
                location = answer.headers.get("Location", "")
                if location.startswith(CALLBACK):
                    return location
                if location:
                    answer = browser.get(urljoin(answer.url, location), allow_redirects=False, timeout=10)
                else:
                    assert answer.status_code == requests.codes.ok, answer.text
                    answer = _submit(browser, answer, fields)
        raise AssertionError(f"still not back after ten pages, but at {answer.url}")


def _submit(browser: requests.Session, page: requests.Response, known: dict[str, str]) -> requests.Response:
    """Send the page's form in its main part, its fields filled with what is known."""
    [form] = re.findall(r"<form.*?</form>", page.text[page.text.index("<main") :], re.DOTALL)[:1]
    action = re.search(r'action="([^"]+)"', form)
    assert action, form
    hidden = dict(re.findall(r'type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"', form))
    body = {name: html.unescape(value) for name, value in hidden.items()}
    body |= {name: value for name, value in known.items() if f'name="{name}"' in form}
    return browser.post(
        urljoin(page.url, html.unescape(action[1])),
        body,
        headers={"Origin": page.url.partition("/provider")[0], "Referer": page.url},
        allow_redirects=False,
        timeout=10,
    )


@pytest.fixture
def site(server: Server) -> Site:
    """With a client that is not the chat, and somebody."""
    client(CLIENT_ID, redirect_uris=CALLBACK)
    person("mei")
    return Site(f"http://localhost:{server.port}/provider")


def all_is_well(site: Site, result: dict[str, Any]) -> None:
    """What every one of them has to have found out."""
    token, userinfo = result["id_token"], result["userinfo"]
    assert token["iss"] == site.issuer
    assert CLIENT_ID in (token["aud"] if isinstance(token["aud"], list) else [token["aud"]])
    assert token["sub"] == userinfo["sub"]
    assert (userinfo["nickname"], userinfo["email"]) == ("Mei", "mei@meridian.example")
    assert result["active"]["active"] is True
    assert result["active"]["client_id"] == CLIENT_ID
    assert set(result["active"]["scope"].split()) == set(SCOPE.split())
    assert result["rotated"] is True
    assert result["own"]["active"] is True
    assert result["own"].get("sub") in (None, "", CLIENT_ID)  # nobody's but the client's own
    assert result["revoked"] == {"active": False}
    assert result["late"] == "invalid_grant"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("script", ["oauth4webapi.mjs", "openid-client.mjs"])
def test_from_npm(site: Site, script: str, method: str) -> None:
    all_is_well(site, node.run(script, site.given(method), site.browse))


@pytest.mark.parametrize("method", METHODS)
def test_authlib(site: Site, method: str) -> None:
    metadata = site.metadata()
    with AuthlibSession(
        CLIENT_ID,
        SECRET,
        scope=SCOPE,
        redirect_uri=CALLBACK,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        code_challenge_method="S256",
    ) as app:
        verifier, nonce = "v" * 64, "a nonce"
        url, state = app.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        tokens = app.fetch_token(
            metadata["token_endpoint"],
            authorization_response=site.browse(url),
            state=state,
            code_verifier=verifier,
        )
        claims = _verified(metadata, tokens["id_token"])
        checked = CodeIDToken(
            claims.claims,
            claims.header,
            {"iss": {"value": site.issuer}, "aud": {"value": CLIENT_ID}},
            {"nonce": nonce, "client_id": CLIENT_ID, "access_token": tokens["access_token"]},
        )
        checked.validate()

        def introspect(token: str) -> dict[str, Any]:
            found: dict[str, Any] = app.introspect_token(
                metadata["introspection_endpoint"], token=token
            ).json()
            return found

        active = introspect(tokens["access_token"])
        refreshed = app.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
        userinfo = app.get(metadata["userinfo_endpoint"]).json()
        for name in ("access_token", "refresh_token"):
            app.revoke_token(metadata["revocation_endpoint"], token=refreshed[name]).raise_for_status()
        with AuthlibSession(CLIENT_ID, SECRET, token_endpoint_auth_method=method) as machine:
            own = machine.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        result = {
            "id_token": dict(checked),
            "userinfo": userinfo,
            "active": active,
            "rotated": refreshed["refresh_token"] != tokens["refresh_token"],
            "own": introspect(own["access_token"]),
            "revoked": introspect(refreshed["access_token"]),
            "late": _error(
                lambda: app.refresh_token(
                    metadata["token_endpoint"], refresh_token=refreshed["refresh_token"]
                )
            ),
        }
    all_is_well(site, result)


def test_requests_oauthlib(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # it would have https only
    metadata, auth = site.metadata(), HTTPBasicAuth(CLIENT_ID, SECRET)
    with OAuth2Session(CLIENT_ID, scope=SCOPE, redirect_uri=CALLBACK, pkce="S256") as app:
        url, _state = app.authorization_url(metadata["authorization_endpoint"], nonce="a nonce")
        location = site.browse(url)
        tokens = app.fetch_token(metadata["token_endpoint"], authorization_response=location, auth=auth)
        claims = dict(_verified(metadata, tokens["id_token"]).claims)
        assert claims["nonce"] == "a nonce"

        def call(name: str, token: str) -> requests.Response:
            # It has no words for these two; they are plain posts.
            answer = requests.post(metadata[name], {"token": token}, auth=auth, timeout=10)
            answer.raise_for_status()
            return answer

        active = call("introspection_endpoint", tokens["access_token"]).json()
        refreshed = app.refresh_token(metadata["token_endpoint"], tokens["refresh_token"], auth=auth)
        userinfo = app.get(metadata["userinfo_endpoint"]).json()
        for name in ("access_token", "refresh_token"):
            call("revocation_endpoint", refreshed[name])
        with OAuth2Session(client=BackendApplicationClient(CLIENT_ID)) as machine:
            own = machine.fetch_token(metadata["token_endpoint"], auth=auth)
        result = {
            "id_token": claims,
            "userinfo": userinfo,
            "active": active,
            "rotated": refreshed["refresh_token"] != tokens["refresh_token"],
            "own": call("introspection_endpoint", own["access_token"]).json(),
            "revoked": call("introspection_endpoint", refreshed["access_token"]).json(),
            "late": _error(
                lambda: app.refresh_token(metadata["token_endpoint"], refreshed["refresh_token"], auth=auth)
            ),
        }
    all_is_well(site, result)


def test_an_id_token_of_another_key_does_not_pass(site: Site) -> None:
    """That the checks above check something: the JWKS has the one key, and a changed token fails."""
    metadata = site.metadata()
    with AuthlibSession(
        CLIENT_ID, SECRET, scope=SCOPE, redirect_uri=CALLBACK, code_challenge_method="S256"
    ) as app:
        url, state = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier="v" * 64)
        tokens = app.fetch_token(
            metadata["token_endpoint"],
            authorization_response=site.browse(url),
            state=state,
            code_verifier="v" * 64,
        )
    head, body, signature = tokens["id_token"].split(".")
    middle = len(signature) // 2
    other = signature[:middle] + ("A" if signature[middle] != "A" else "B") + signature[middle + 1 :]
    with pytest.raises(Exception, match="bad_signature"):
        _verified(metadata, f"{head}.{body}.{other}")


def _verified(metadata: dict[str, Any], id_token: str) -> jwt.Token:
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    return jwt.decode(id_token, keys, algorithms=metadata["id_token_signing_alg_values_supported"])


def _error(call: Callable[[], Any]) -> str:
    """The error that an OAuth call ends with, in RFC 6749's word."""
    try:
        call()
    except OAuth2Error as error:
        return str(error.error)
    except Exception as error:
        return str(getattr(error, "error", error))
    return ""
