"""The Authlib parts of the tests' OpenID provider: a client, a code, a token, and the grants over them."""

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6749.errors import InvalidGrantError
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode, OpenIDToken, UserInfoEndpoint
from flask import Flask
from joserfc.jws import JWSRegistry

if TYPE_CHECKING:
    from tests.third_party.provider import OpenIDProvider

Person = dict[str, Any]  # claims

#: In a lie: this claim is not there at all.
LEFT_OUT = object()
SCOPES = ["openid", "profile", "email"]


@dataclass
class Client(ClientMixin):  # type: ignore[misc]
    """A confidential client: it may come by code, and by password where that is set."""

    client_id: str
    client_secret: str
    redirect_uris: set[str] = field(default_factory=set)
    password: bool = False
    client_metadata: dict[str, Any] = field(default_factory=dict)

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(name for name in (scope or "").split() if name in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.client_secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code" or (grant_type == "password" and self.password)


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """What a person has agreed to, until the client fetches it."""

    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    person: Person
    code_challenge: str | None
    code_challenge_method: str | None
    auth_time: int = field(default_factory=lambda: int(time.time()))

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Token(TokenMixin):  # type: ignore[misc]
    """An access token."""

    client: Client
    person: Person
    scope: str
    expires_at: float

    def check_client(self, client: Client) -> bool:
        return client.client_id == self.client.client_id

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return int(self.expires_at - time.time())

    def is_expired(self) -> bool:
        return self.expires_at < time.time()

    def is_revoked(self) -> bool:
        return False

    def get_user(self) -> Person:
        return self.person

    def get_client(self) -> Client:
        return self.client


def told(person: Person, lies: dict[str, Any]) -> dict[str, Any]:
    """What is said of a person: the truth, but for the lies."""
    return {name: value for name, value in {**person, **lies}.items() if value is not LEFT_OUT}


def signed(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    """A JWT with just these claims, also one that no library would make."""
    text = ".".join(_packed(json.dumps(part).encode()) for part in (header, claims)).encode()
    if header["alg"] == "none":
        signature = b""
    elif isinstance(key, bytes):
        signature = hmac.digest(key, text, "sha256")
    else:
        signature = JWSRegistry(algorithms=[header["alg"]]).get_alg(header["alg"]).sign(text, key)
    return f"{text.decode()}.{_packed(signature)}"


class IdTokens(OpenIDCode):  # type: ignore[misc]
    """id_token as Authlib makes it, then what this test wants changed in it."""

    def __init__(self, provider: "OpenIDProvider") -> None:
        super().__init__()
        self.provider = provider

    def resolve_client_private_key(self, client: Client) -> Any:
        return self.provider.key

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self.provider.issuer, "aud": [client.client_id]}

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        return {"alg": "RS256", "kid": self.provider.kid}

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(code.nonce == nonce for code in self.provider.codes.values())

    def generate_user_info(self, user: Person, scope: str) -> dict[str, Any]:
        return {"sub": user["sub"]} if "sub" in user else {}

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        true = str(super().encode_id_token(token, request))
        lies = self.provider.lies
        if not (lies.id_token or lies.header or lies.key or lies.secret):
            return true
        header, claims = (_unpacked(part) for part in true.split(".")[:2])
        header = told(header, lies.header)
        return signed(header, told(claims, lies.id_token), lies.secret or lies.key or self.provider.key)

    def process_token(self, grant: Any, response: Any) -> Any:
        if self.provider.lies.no_id_token:
            return response[1]
        return super().process_token(grant, response)


class PasswordIdTokens(IdTokens):
    """The same for the password grant, which has no request at the authorization endpoint."""

    __call__ = OpenIDToken.__call__


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Authorization code."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def save_authorization_code(self, code: str, request: Any) -> None:
        asked = request.payload.data
        self.server.provider.codes[code] = Code(
            client_id=request.client.client_id,
            redirect_uri=asked["redirect_uri"],
            scope=request.scope,
            nonce=asked.get("nonce"),
            person=dict(request.user),
            code_challenge=asked.get("code_challenge"),
            code_challenge_method=asked.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = self.server.provider.codes.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        codes = self.server.provider.codes
        for text in [text for text, code in codes.items() if code is authorization_code]:
            del codes[text]

    def authenticate_user(self, authorization_code: Code) -> Person:
        return authorization_code.person


class PasswordGrant(grants.ResourceOwnerPasswordCredentialsGrant):  # type: ignore[misc]
    """Login name and password, for the client that is trusted with them."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def authenticate_user(self, username: str, password: str) -> Person:
        person, known = self.server.provider.passwords.get(username, ({}, None))
        if known != password:
            # Authlib would say invalid_request, where RFC 6749, section 5.2, has another word.
            raise InvalidGrantError
        return dict(person)


class TokenValidator(BearerTokenValidator):  # type: ignore[misc]
    """Knows the access tokens."""

    def __init__(self, provider: "OpenIDProvider") -> None:
        super().__init__()
        self.provider = provider

    def authenticate_token(self, token_string: str) -> Token | None:
        return self.provider.tokens.get(token_string)


class UserInfo(UserInfoEndpoint):  # type: ignore[misc]
    """Says who it is to whoever has their token."""

    def generate_user_info(self, user: Person, scope: str) -> dict[str, Any]:
        return told(user, self.server.provider.lies.userinfo)


class Issuer(IssuerParameter):  # type: ignore[misc]
    """`iss` in every redirect (RFC 9207)."""

    def __init__(self, provider: "OpenIDProvider") -> None:
        self.provider = provider

    def get_issuer(self) -> str | None:
        lie = self.provider.lies.iss
        return self.provider.issuer if lie is None else lie or None


def authorization_server(provider: "OpenIDProvider", app: Flask) -> AuthorizationServer:
    """Authlib's server for this provider."""

    def save_token(token: dict[str, Any], request: Any) -> None:
        until = time.time() + token["expires_in"]
        saved = Token(request.client, request.user, token.get("scope", ""), until)
        provider.tokens[token["access_token"]] = saved

    server = AuthorizationServer(app, query_client=provider.clients.get, save_token=save_token)
    server.provider = provider
    server.register_grant(CodeGrant, [IdTokens(provider), CodeChallenge(required=True)])
    server.register_grant(PasswordGrant, [PasswordIdTokens(provider)])
    server.register_extension(Issuer(provider))
    protector = ResourceProtector()
    protector.register_token_validator(TokenValidator(provider))
    server.register_endpoint(UserInfo(resource_protector=protector))
    return server


def _packed(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def _unpacked(part: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims
