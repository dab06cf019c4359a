"""django-oauth-toolkit's rules, made stricter where it leaves something open.

oauthlib asks these questions, in this order, for each request. Codes come in hashed already (core.py).
"""

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, identify_hasher
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from chatchat.db import write_transaction
from oauth_provider import claims, services
from oauth_provider.conf import REFRESH_TOKEN_AGE, issuer
from oauth_provider.models import AccessToken, Client, Grant, Person, RefreshToken

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")  # an unpadded SHA-256
PERSON_GRANTS = {"authorization_code", "refresh_token", "password"}


@dataclass(frozen=True)
class _Issue:
    """What new tokens come of."""

    family: uuid.UUID
    auth_time: datetime
    source: RefreshToken | None = None


class _Replayed(Exception):
    def __init__(self, family: uuid.UUID) -> None:
        super().__init__()
        self.family = family


def checksum(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


class Validator(OAuth2Validator):
    # ------------------------------------------------------------ clients

    def _extract_basic_auth(self, request: Any) -> str | None:
        scheme, _, credentials = (request.headers.get("HTTP_AUTHORIZATION") or "").partition(" ")
        return credentials.strip() or None if scheme.lower() == "basic" else None

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        try:
            identify_hasher(stored_secret)
        except ValueError:  # none was set
            return False
        # Of an empty one there may well be a hash: a client that was made without a secret.
        return bool(provided_secret) and check_password(provided_secret, stored_secret)

    def _load_application(self, client_id: str | None, request: Any) -> Any:
        if not client_id or "\x00" in client_id:
            return None
        return super()._load_application(client_id, request)

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """One method at a time (RFC 6749, 2.3): a failed Basic is not made good by the body."""
        if self._extract_basic_auth(request) is None:
            authenticated = self._authenticate_request_body(request)
        else:
            if request.client_secret:
                raise errors.InvalidRequestError(
                    description="More than one client authentication method.", request=request
                )
            named = request.client_id
            authenticated = self._authenticate_basic_auth(request)
            if authenticated and named and named != request.client.client_id:
                return False
        # A public client has no secret that could be right.
        return bool(authenticated and request.client.is_confidential)

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        if grant_type == "refresh_token":  # bound to the client that it was issued to
            return True
        return bool(client.allows_grant_type(grant_type.replace("_", "-")))

    # ------------------------------------------------------------ the authorization request

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        if response_type != "code":
            raise errors.UnsupportedResponseTypeError(request=request)
        return bool(client.allows_grant_type(Client.GRANT_AUTHORIZATION_CODE))

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Of everybody, with S256: oauthlib would take `plain`, and that where no method is named."""
        if request.code_challenge is not None:
            if request.code_challenge_method != "S256":
                raise errors.UnsupportedCodeChallengeMethodError(request=request)
            if not CHALLENGE.match(request.code_challenge):
                raise errors.InvalidRequestError(description="Malformed code_challenge.", request=request)
        return True

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        if request.grant_type == "client_credentials":
            return not scopes  # there is no person to be told about
        return set(scopes) <= set(settings.OAUTH2_PROVIDER["SCOPES"])

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return [] if request.grant_type == "client_credentials" else ["openid"]

    def _create_authorization_code(self, request: Any, code: Any, expires: Any = None) -> Any:
        lifetime = timedelta(seconds=settings.OAUTH2_PROVIDER["AUTHORIZATION_CODE_EXPIRE_SECONDS"])
        return Grant.objects.create(
            application=request.client,
            user=request.user,
            code=checksum(code["code"]),
            expires=timezone.now() + lifetime,
            redirect_uri=request.redirect_uri,
            scope=" ".join(request.scopes),
            code_challenge=request.code_challenge,
            code_challenge_method=request.code_challenge_method,
            nonce=request.nonce or "",
            auth_time=request.auth_time,
        )

    def get_default_redirect_uri(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> str:
        """There is none: it was in the authorization request, so it is asked for again (RFC 6749, 4.1.3)."""
        raise errors.MissingRedirectURIError(request=request)

    # ------------------------------------------------------------ the token request

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        grant = Grant.objects.select_related("user").filter(code=code, application=client).first()
        if grant is None:
            return False
        if grant.used_at is not None:
            services.end_family(grant.family)
            return False
        if grant.is_expired() or not grant.user.vouches_for(grant.created):
            return False
        request.grant = grant
        request.user = grant.user
        request.scopes = grant.scope.split()
        request.auth_time = grant.auth_time
        return True

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Done where the tokens are made, in the same transaction."""

    def validate_user(
        self, username: str, password: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        door = HttpRequest()
        door.META = request.headers
        person = services.authenticate(door, login=username, password=password, for_many=True)
        if person is None:
            return False
        request.user = person
        request.auth_time = timezone.now()
        return True

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        token = (
            RefreshToken.objects.select_related("user")
            .filter(token_checksum=checksum(refresh_token), application=client)
            .order_by(F("revoked").desc(nulls_first=True))
            .first()
        )
        if token is None:
            return False
        if token.revoked is not None or not token.user.vouches_for(token.created):
            services.end_family(token.token_family)
            return False
        if token.created + REFRESH_TOKEN_AGE <= timezone.now():
            return False
        request.user = token.user
        request.auth_time = token.auth_time
        request.refresh_token_instance = token
        return True

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        scopes: list[str] = request.refresh_token_instance.scope.split()
        return scopes

    # ------------------------------------------------------------ tokens

    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        try:
            with write_transaction():
                self._issue(token, request)
        except _Replayed as replay:  # another request was first: both are the thief's or neither
            services.end_family(replay.family)
            raise errors.InvalidGrantError(request=request) from None

    def _issue(self, token: Any, request: Any) -> None:
        """Locks the person, then the code or the refresh token: each is exchanged once."""
        if request.grant_type in PERSON_GRANTS:
            self._lock_person(request)
        else:
            request.user = None
        issue = self._claim(request)
        access = AccessToken(
            user=request.user,
            application=request.client,
            scope=token["scope"],
            expires=timezone.now() + timedelta(seconds=token["expires_in"]),
            family=issue.family,
            source_refresh_token=issue.source,
        )
        self._set_token_value(access, token["access_token"])
        access.save()
        if "refresh_token" in token:
            refresh = RefreshToken(
                user=request.user,
                application=request.client,
                access_token=access,
                token_family=issue.family,
                # Of a narrowed refresh only the access token is narrower (RFC 6749, 6).
                scope=issue.source.scope if issue.source else token["scope"],
                auth_time=issue.auth_time,
            )
            self._set_token_value(refresh, token["refresh_token"])
            refresh.save()

    def _lock_person(self, request: Any) -> None:
        """A password that was changed since the request was looked at counts, too."""
        known = request.user
        person = Person.objects.select_for_update().get(pk=known.pk)
        if not person.is_active or person.credentials_changed_at != known.credentials_changed_at:
            raise errors.InvalidGrantError(request=request)

    def _claim(self, request: Any) -> _Issue:
        if request.grant_type == "authorization_code":
            grant = Grant.objects.select_for_update().get(pk=request.grant.pk)
            if grant.used_at is not None:
                raise _Replayed(grant.family)
            grant.used_at = timezone.now()
            grant.save(update_fields=["used_at"])
            return _Issue(grant.family, grant.auth_time)
        if request.grant_type == "refresh_token":
            old = RefreshToken.objects.select_for_update().get(pk=request.refresh_token_instance.pk)
            if old.revoked is not None:
                raise _Replayed(old.token_family)
            old.revoke()
            return _Issue(old.token_family, old.auth_time, old)
        return _Issue(uuid.uuid4(), getattr(request, "auth_time", None) or timezone.now())

    def revoke_token(
        self, token: str, token_type_hint: str | None, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """With either token of the client's own, both end, and all that came of the same authorization."""
        digest = checksum(token)
        access = AccessToken.objects.filter(token_checksum=digest, application=request.client).first()
        if access is not None:
            services.end_family(access.family)
        refresh = RefreshToken.objects.filter(token_checksum=digest, application=request.client).first()
        if refresh is not None:
            services.end_family(refresh.token_family)

    # ------------------------------------------------------------ ID tokens

    def finalize_id_token(self, id_token: Any, token: Any, token_handler: Any, request: Any) -> str:
        """Signed and sent, never kept: the signature is enough to know it again."""
        lifetime = settings.OAUTH2_PROVIDER["ID_TOKEN_EXPIRE_SECONDS"]
        told = claims.about(request.user, request.scopes) | {
            "iss": issuer(),
            "exp": id_token["iat"] + lifetime,
            "auth_time": int(request.auth_time.timestamp()),
            "jti": str(uuid.uuid4()),
        }
        return claims.signed(id_token | told)
