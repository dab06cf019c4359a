"""What the tests of signing in with a third party share."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from accounts.models import Binding, Identity, Session, User
from tests.client import TLS, ApiClient, error_code, ok
from tests.third_party.provider import OpenIDProvider

CALLBACK = "http://testserver/api/v1/auth/third-party/{}/callback"


class Visitor:
    """Somebody with a browser of their own, or with a client that keeps cookies as one."""

    def __init__(self, client: ApiClient) -> None:
        self.client = client

    def leave(self, provider: str = "other", **params: str) -> str:
        """Begin to sign in; where the browser is sent."""
        return str(
            ok(self.client.get(f"auth/third-party/{provider}/login", **params), 302).headers["Location"]
        )

    def come_back(self, location: str) -> httpx.Response:
        """Follow the provider's redirect."""
        assert "/callback?" in location, location
        return self.client.request("GET", urlsplit(location).path + "?" + urlsplit(location).query)

    def sign_in(self, provider: str = "other") -> httpx.Response:
        """There and back."""
        return self.come_back(at_provider(self.leave(provider)))

    def bind_token(self, provider: str = "other") -> str:
        """There and back, as somebody who is not known here."""
        return str(ok(self.sign_in(provider)).json()["bind_token"])

    def bind(self, token: str, email: str, code: str | None = None, **fields: Any) -> httpx.Response:
        """Prove the address, with a mailed code unless another one is given."""
        if code is None:
            code = self.client.email_code(email, "bind")
        return self.client.post(
            "auth/third-party/bind", {"bind_token": token, "email": email, "code": code, **fields}
        )

    def join(self, email: str, provider: str = "other", **fields: Any) -> dict[str, Any]:
        """From nothing to being signed in; the answer."""
        answer = ok(self.bind(self.bind_token(provider), email, **fields), 201)
        body: dict[str, Any] = answer.json()
        self.client.token, self.client.refresh_token = body["access"], body["refresh"]
        self.client.user = body["user"]
        return body

    def link(self, provider: str = "other", **body: Any) -> httpx.Response:
        """Ask to link another identity, there and back; the refusal, or the callback's answer."""
        begun = self.client.post(f"auth/third-party/{provider}/link", body)
        if begun.status_code != httpx.codes.OK:
            return begun
        return self.come_back(at_provider(begun.json()["authorization_url"]))

    def identities(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ok(self.client.get("auth/third-party/identities")).json()["results"]
        return found


def at_provider(url: str) -> str:
    """Whoever is signed in at the provider agrees; where it sends the browser."""
    return ok(httpx.get(url, timeout=10, verify=TLS), 302, 303).headers["Location"]


def asked_in(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def with_params(url: str, **params: str | None) -> str:
    """The address with these parameters in the place of its own; None leaves one out."""
    changed = {name: value for name, value in {**asked_in(url), **params}.items() if value is not None}
    return url.partition("?")[0] + "?" + urlencode(changed)


def third_parties(*providers: OpenIDProvider, **fields: Any) -> dict[str, Any]:
    """THIRD_PARTY for these."""
    return {provider.name: provider.settings(**fields) for provider in providers}


def rows() -> dict[str, int]:
    """How much there is of what a sign-in could leave behind."""
    return {model.__name__: model._default_manager.count() for model in (User, Identity, Binding, Session)}


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """Assert that it is this error, in the envelope."""
    assert (answer.status_code, error_code(answer)) == (status, code), answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    assert answer.json()["error"]["message"]
    if status == httpx.codes.SERVICE_UNAVAILABLE:
        assert int(answer.headers["Retry-After"]) >= 1
