"""What programs call: token, revocation, introspection, userinfo, discovery, keys. Errors are RFC 6749's."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import OAuth2Error
from redis.exceptions import RedisError

from chatchat.errors import ChatError, TooMany
from oauth_provider import claims, keys
from oauth_provider.conf import BRAND, MAX_BODY, MAX_PARAMETER, MAX_PARAMETERS, SCOPES, issuer
from oauth_provider.models import AccessToken, RefreshToken
from oauth_provider.validator import Validator, checksum

View = Callable[[HttpRequest], HttpResponse]
FORM = "application/x-www-form-urlencoded"


def refusal(error: str, description: str = "", *, status: int = 400, **headers: str) -> JsonResponse:
    """An error as RFC 6749, 5.2 has it."""
    body = {"error": error} | ({"error_description": description} if description else {})
    return _uncached(JsonResponse(body, status=status, headers=headers))


def _uncached(response: JsonResponse) -> JsonResponse:
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response


def malformed(parameters: QueryDict) -> str:
    """What is wrong with a request's parameters whatever they mean; "" if nothing is."""
    if len(parameters) > MAX_PARAMETERS:
        return "Too many parameters."
    for name, values in parameters.lists():
        if len(values) > 1:
            return "A parameter is there twice."
        if len(name) > MAX_PARAMETER or len(values[0]) > MAX_PARAMETER:
            return "A parameter is too long."
        if "\x00" in name or "\x00" in values[0]:
            return "NUL characters are not allowed."
    return ""


def _broken_form(request: HttpRequest) -> JsonResponse | None:
    """The refusal of a body that is no plain form; reading it may raise as well."""
    if request.method != "POST":
        return refusal("invalid_request", "Only POST is taken here.", status=405, Allow="POST")
    if request.content_type != FORM:
        return refusal("invalid_request", f"The body must be {FORM}.")
    if len(request.body) > MAX_BODY:
        return refusal("invalid_request", "The body is too long.")
    if request.GET:
        return refusal("invalid_request", "Parameters belong in the body.")
    wrong = malformed(request.POST)
    return refusal("invalid_request", wrong) if wrong else None


def form_endpoint(view: View) -> View:
    """A POST of a form by a client, not by a browser: no cookies, no CSRF token; always JSON back."""

    @csrf_exempt
    @sensitive_post_parameters()
    @functools.wraps(view)
    def endpoint(request: HttpRequest) -> HttpResponse:
        try:
            return _broken_form(request) or view(request)
        except OAuth2Error as error:
            return _told(error.json, error.status_code, error.headers)
        except TooMany as error:
            wait = str(error.retry_after)
            return refusal("temporarily_unavailable", "Too many tries.", status=429, **{"Retry-After": wait})
        except (OperationalError, InterfaceError, RedisError, ChatError):
            return refusal(
                "temporarily_unavailable", "Try again in a moment.", status=503, **{"Retry-After": "2"}
            )
        except (BadRequest, SuspiciousOperation, RequestDataTooBig, UnicodeError):
            return refusal("invalid_request", "The body is not a form.")

    return endpoint


def _told(body: str | None, status: int, headers: Mapping[str, str]) -> HttpResponse:
    """What oauthlib answered."""
    response = HttpResponse(body or "", status=status, content_type="application/json")
    for name, value in headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    if status == 401:
        response["WWW-Authenticate"] = f'Basic realm="{BRAND}"'
    return response


@form_endpoint
def token(request: HttpRequest) -> HttpResponse:
    """RFC 6749, 3.2: a code, a refresh token, a password or a client's own name for tokens."""
    if not request.POST.get("grant_type"):
        return refusal("invalid_request", "Missing grant_type parameter.")
    _, headers, body, status = get_oauthlib_core().create_token_response(request)
    return _told(body, status, headers)


@form_endpoint
def revoke(request: HttpRequest) -> HttpResponse:
    """RFC 7009."""
    _, headers, body, status = get_oauthlib_core().create_revocation_response(request)
    return _told(body, status, headers)


@form_endpoint
def introspect(request: HttpRequest) -> HttpResponse:
    """RFC 7662, for confidential clients and their own tokens; of any other token nothing is told."""
    uri, method, body, headers = get_oauthlib_core()._extract_params(request)
    asked = Request(uri, method, body, headers)
    if not Validator().authenticate_client(asked):
        return _told('{"error": "invalid_client"}', 401, {})
    if not request.POST.get("token"):
        return refusal("invalid_request", "Missing token parameter.")
    return _uncached(JsonResponse(_introspection(request.POST["token"], asked.client)))


def _introspection(value: str, client: Any) -> dict[str, Any]:
    mine = {"token_checksum": checksum(value), "application": client}
    access = AccessToken.objects.select_related("user").filter(**mine).first()
    if access is not None and access.is_alive():
        return _active(access, client) | {"token_type": "Bearer", "exp": int(access.expires.timestamp())}
    refresh = RefreshToken.objects.select_related("user").filter(**mine, revoked__isnull=True).first()
    if refresh is not None and refresh.is_alive():
        return _active(refresh, client) | {"exp": int(refresh.expires.timestamp())}
    return {"active": False}


def _active(token: AccessToken | RefreshToken, client: Any) -> dict[str, Any]:
    about = {
        "active": True,
        "scope": token.scope,
        "client_id": client.client_id,
        "iss": issuer(),
        "iat": int(token.created.timestamp()),
    }
    person = token.user
    return about | (
        {"sub": person.subject, "username": person.login} if person else {"sub": client.client_id}
    )


@csrf_exempt
def userinfo(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Core 1.0, 5.3: what the token's scopes let its bearer know. Errors are RFC 6750's."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return refusal("invalid_request", "GET or POST.", status=405, Allow="GET, POST")
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        return _challenge("", "No access token in the Authorization header.")
    found = AccessToken.objects.select_related("user").filter(token_checksum=checksum(value.strip())).first()
    if found is None or not found.is_alive():
        return _challenge("invalid_token", "The access token is unknown, revoked or past its time.")
    if found.user is None or "openid" not in found.scope.split():
        return _challenge("insufficient_scope", "The access token lacks the scope openid.", status=403)
    return _uncached(JsonResponse(claims.about(found.user, found.scope.split())))


def _challenge(error: str, description: str, *, status: int = 401) -> JsonResponse:
    told = f', error="{error}", error_description="{description}"' if error else ""
    challenge = f'Bearer realm="{BRAND}"{told}'
    return refusal(error or "invalid_token", description, status=status, **{"WWW-Authenticate": challenge})


def _public(body: dict[str, Any]) -> JsonResponse:
    return JsonResponse(
        body, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
    )


def _url(name: str) -> str:
    mount = reverse("oauth_provider:home").rstrip("/")
    return issuer() + reverse(f"oauth_provider:{name}").removeprefix(mount)


_SECRETS = ["client_secret_basic", "client_secret_post"]
#: What the discovery document says beside addresses: what is supported here, and nothing else.
SUPPORTED = {
    "scopes_supported": list(SCOPES),
    "response_types_supported": ["code"],
    "response_modes_supported": ["query"],
    "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", "password"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": [*_SECRETS, "none"],
    "revocation_endpoint_auth_methods_supported": [*_SECRETS, "none"],
    "introspection_endpoint_auth_methods_supported": _SECRETS,
    "code_challenge_methods_supported": ["S256"],
    "claims_supported": [
        *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "jti"),
        *(name for names in claims.CLAIMS.values() for name in names if name != "sub"),
    ],
    "prompt_values_supported": ["none", "login", "consent", "select_account"],
    "claims_parameter_supported": False,
    "request_parameter_supported": False,
    "request_uri_parameter_supported": False,
    "authorization_response_iss_parameter_supported": True,
}


def discovery(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Discovery 1.0, 3, and RFC 8414."""
    addresses = {
        "issuer": issuer(),
        "authorization_endpoint": _url("authorize"),
        "token_endpoint": _url("token"),
        "userinfo_endpoint": _url("userinfo"),
        "jwks_uri": _url("jwks"),
        "revocation_endpoint": _url("revoke"),
        "introspection_endpoint": _url("introspect"),
        "end_session_endpoint": _url("logout"),
    }
    return _public(addresses | SUPPORTED)


def jwks(request: HttpRequest) -> HttpResponse:
    return _public({"keys": keys.public_keys()})
