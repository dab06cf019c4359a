"""A client of the provider within this process: what a browser, and what a relying party, would do."""

import base64
import hashlib
import html
import re
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.http.response import HttpResponseBase
from django.test import Client as Browser

from oauth_provider import demo
from oauth_provider.conf import CALLBACK_PATH
from oauth_provider.models import Client, Person

PASSWORD = "a meridian password"
SECRET = "a-secret-of-a-client-of-the-tests-" + "0" * 20
CALLBACK = "https://app.example/cb"
FORM = "application/x-www-form-urlencoded"


def person(login: str = "mei", **fields: Any) -> Person:
    made = Person(login=login, **{"nickname": login.title(), "email": f"{login}@meridian.example"} | fields)
    made.set_password(PASSWORD)
    made.save()
    return made


def client(client_id: str = "app", **fields: Any) -> Client:
    values = {
        "name": "App",
        "client_type": Client.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": Client.GRANT_AUTHORIZATION_CODE,
        "redirect_uris": CALLBACK,
        "post_logout_redirect_uris": "https://app.example/bye",
        "client_secret": SECRET,
        "algorithm": Client.RS256_ALGORITHM,
    }
    made: Client = Client.objects.create(client_id=client_id, **values | fields)
    return made


def public(client_id: str = "spa", **fields: Any) -> Client:
    return client(client_id, client_type=Client.CLIENT_PUBLIC, client_secret="", **fields)


def chat() -> str:
    """The chat's own client, with its secret; its first redirect URI."""
    demo.prepare_client()
    return f"{settings.SITE_URL}{CALLBACK_PATH}"


def browser(signed_in: Person | None = None) -> Browser:
    new = Browser(enforce_csrf_checks=True)
    if signed_in is not None:
        assert sign_in(new, signed_in.login).status_code == 302
    return new


def fields(page: HttpResponseBase) -> dict[str, str]:
    """The hidden fields of a page's forms, the CSRF token among them."""
    text = html.unescape(getattr(page, "content", b"").decode())
    found = re.findall(r'<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"', text)
    return dict(reversed(found))


def sign_in(browser: Browser, login: str, password: str = PASSWORD, **extra: str) -> Any:
    token = fields(browser.get("/provider/login/"))["csrfmiddlewaretoken"]
    given = {"login": login, "password": password, "csrfmiddlewaretoken": token} | extra
    return browser.post("/provider/login/", given)


class Flow:
    """One authorization request of a client, with PKCE, state and nonce."""

    def __init__(self, client_id: str = "app", redirect_uri: str = CALLBACK, **changes: Any) -> None:
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.client_id, self.redirect_uri = client_id, redirect_uri
        self.state, self.nonce = secrets.token_urlsafe(8), secrets.token_urlsafe(8)
        asked: dict[str, Any] = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid profile email",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        } | changes
        self.query = urlencode({k: v for k, v in asked.items() if v is not None}, doseq=True)
        self.path = f"/provider/authorize?{self.query}"

    def ask(self, browser: Browser) -> Any:
        return browser.get(self.path)

    def decide(self, browser: Browser, decision: str = "allow") -> Any:
        page = self.ask(browser)
        if page.status_code != 200:
            return page
        token = fields(page)["csrfmiddlewaretoken"]
        path = f"/provider/consent?{self.query}"
        return browser.post(path, {"decision": decision, "csrfmiddlewaretoken": token})

    def code(self, browser: Browser) -> str:
        answer = answered(self.decide(browser))
        assert answer["state"] == self.state
        return answer["code"]

    def exchange(self, code: str, **changes: Any) -> Any:
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        } | changes
        return call("token", body, client_id=self.client_id)

    def tokens(self, browser: Browser) -> dict[str, Any]:
        response = self.exchange(self.code(browser))
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found


def answered(response: Any) -> dict[str, str]:
    """What the provider told the client in the address that it sent the browser to."""
    assert response.status_code == 302, response.content
    return {name: values[0] for name, values in parse_qs(urlsplit(response["Location"]).query).items()}


def basic(client_id: str = "app", secret: str = SECRET) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def call(
    endpoint: str,
    body: dict[str, Any] | Iterable[tuple[str, str]] | str,
    *,
    client_id: str | None = "app",
    secret: str | None = SECRET,
    **headers: str,
) -> Any:
    """A client's own call: no cookies, a form; by Basic, or by the body alone where `secret` is None."""
    if not isinstance(body, str):
        body = urlencode([(k, v) for k, v in dict(body).items() if v is not None])
    if client_id is not None and secret is not None:
        headers.setdefault("Authorization", basic(client_id, secret))
    elif client_id is not None:
        body = f"{body}&{urlencode({'client_id': client_id})}"
    return Browser().post(f"/provider/{endpoint}", body, content_type=FORM, headers=headers)


def refresh(token: str, **how: Any) -> Any:
    return call("token", {"grant_type": "refresh_token", "refresh_token": token}, **how)


def userinfo(token: str) -> Any:
    return Browser().get("/provider/userinfo", headers={"Authorization": f"Bearer {token}"})


def introspect(token: str, **how: Any) -> Any:
    return call("introspect", {"token": token}, **how)


def alive(token: str, **how: Any) -> bool:
    """Whether the provider still takes this token, by its own word to its client."""
    return bool(introspect(token, **how).json()["active"])
