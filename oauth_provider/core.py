"""Between Django and oauthlib: only what is understood here gets through, and only the safe flows exist."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauthlib.oauth2.rfc6749.endpoints import AuthorizationEndpoint, RevocationEndpoint, TokenEndpoint
from oauthlib.oauth2.rfc6749.grant_types import AuthorizationCodeGrant as PlainCodeGrant
from oauthlib.oauth2.rfc6749.grant_types import ClientCredentialsGrant, ResourceOwnerPasswordCredentialsGrant
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.openid.connect.core.grant_types import AuthorizationCodeGrant, RefreshTokenGrant
from oauthlib.openid.connect.core.grant_types.dispatchers import (
    AuthorizationCodeGrantDispatcher,
    AuthorizationTokenGrantDispatcher,
)

from oauth_provider.validator import checksum

#: Of an authorization request; ``prompt`` and the like are the page's business, not oauthlib's.
REQUEST = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
)
#: Of a token or revocation request.
BODY = (
    "grant_type",
    "code",
    "redirect_uri",
    "client_id",
    "client_secret",
    "code_verifier",
    "refresh_token",
    "scope",
    "username",
    "password",
    "token",
    "token_type_hint",
)


class Server(AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint):
    """oauthlib's endpoints without what RFC 9700 advises against: no implicit flow, no hybrid one."""

    def __init__(self, request_validator: Any, **kwargs: Any) -> None:
        plain = PlainCodeGrant(request_validator)
        openid = AuthorizationCodeGrant(request_validator)
        bearer = BearerToken(request_validator, expires_in=kwargs.get("token_expires_in"))
        code = AuthorizationCodeGrantDispatcher(default_grant=plain, oidc_grant=openid)
        AuthorizationEndpoint.__init__(
            self, default_response_type="code", response_types={"code": code}, default_token_type=bearer
        )
        TokenEndpoint.__init__(
            self,
            default_grant_type="authorization_code",
            grant_types={
                "authorization_code": AuthorizationTokenGrantDispatcher(
                    request_validator, default_grant=plain, oidc_grant=openid
                ),
                "refresh_token": RefreshTokenGrant(request_validator),
                "client_credentials": ClientCredentialsGrant(request_validator),
                "password": ResourceOwnerPasswordCredentialsGrant(request_validator),
            },
            default_token_type=bearer,
        )
        RevocationEndpoint.__init__(self, request_validator)


class Core(OAuthLibCore):
    def _get_escaped_full_path(self, request: HttpRequest) -> str:
        """Written anew from what Django read, so that oauthlib reads the same."""
        known = [(name, request.GET[name]) for name in REQUEST if name in request.GET]
        return f"{request.path}?{urlencode(known)}" if known else request.path

    def extract_body(self, request: HttpRequest) -> Iterable[tuple[str, str]]:
        known = {name: request.POST[name] for name in BODY if name in request.POST}
        if "code" in known:
            known["code"] = checksum(known["code"])  # as it is kept
        return known.items()
