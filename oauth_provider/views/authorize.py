"""The authorization endpoint and the consent that it asks for."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.openid.connect.core import exceptions as openid

from oauth_provider import claims, services, sessions
from oauth_provider.conf import MAX_NONCE, MAX_STATE, SCOPES, issuer
from oauth_provider.csrf import page as form_page
from oauth_provider.models import Client, Person
from oauth_provider.render import error_page, page
from oauth_provider.views.endpoints import malformed

PROMPTS = {"none", "login", "consent", "select_account"}
#: Seconds in which a browser comes back from signing in: with ``max_age=0`` it would go round in circles.
JUST_NOW = 5


@dataclass(frozen=True)
class Asked:
    """A valid authorization request: this client may be sent to this address."""

    client: Client
    redirect_uri: str
    state: str | None
    scopes: list[str]
    credentials: dict[str, Any]

    def refuse(self, error: errors.OAuth2Error) -> HttpResponse:
        return _to_client(self.redirect_uri, [*error.twotuples, ("state", self.state)])


def _to_client(redirect_uri: str, parameters: list[tuple[str, str | None]]) -> HttpResponse:
    """Back to a registered address, with the issuer (RFC 9207) against mix-ups."""
    told = {name: value for name, value in parameters if value is not None} | {"iss": issuer()}
    response = HttpResponse(status=302)
    response["Location"] = add_params_to_uri(redirect_uri, list(told.items()))
    response["Cache-Control"] = "no-store"
    return response


def _no_redirect(request: HttpRequest, reason: str) -> HttpResponse:
    """Client or address are not to be trusted: the person is told, and stays here (RFC 6749, 4.1.2.1)."""
    return error_page(
        request,
        title=_("This sign-in cannot go on"),
        text=_("The application has sent a request that Meridian ID does not accept: %(reason)s")
        % {"reason": reason},
    )


def read(request: HttpRequest) -> Asked | HttpResponse:
    """The authorization request in this URL, or the answer that refuses it."""
    wrong = malformed(request.GET)
    if wrong or not request.GET.get("redirect_uri"):
        return _no_redirect(request, wrong or "Missing redirect URI.")
    try:
        scopes, credentials = get_oauthlib_core().validate_authorization_request(request)
    except FatalClientError as error:
        return _no_redirect(request, error.oauthlib_error.description or error.oauthlib_error.error)
    except OAuthToolkitError as error:
        refused = error.oauthlib_error
        return _to_client(
            request.GET["redirect_uri"], [*refused.twotuples, ("state", request.GET.get("state"))]
        )
    asked = Asked(
        client=credentials["request"].client,
        redirect_uri=credentials["redirect_uri"],
        state=credentials["state"],
        scopes=list(dict.fromkeys(scopes)),
        credentials=credentials,
    )
    unsupported = _unsupported(request)
    return asked.refuse(unsupported) if unsupported else asked


def _unsupported(request: HttpRequest) -> errors.OAuth2Error | None:
    """What oauthlib does not look at."""
    for name, error in (
        ("request", openid.RequestNotSupported),
        ("request_uri", openid.RequestURINotSupported),
        ("registration", openid.RegistrationNotSupported),
    ):
        if name in request.GET:
            refused: errors.OAuth2Error = error()
            return refused
    if request.GET.get("response_mode", "query") != "query":
        return errors.InvalidRequestError(description="Only response_mode=query is supported.")
    if len(request.GET.get("state", "")) > MAX_STATE or len(request.GET.get("nonce", "")) > MAX_NONCE:
        return errors.InvalidRequestError(description="state or nonce is too long.")
    prompts = set(request.GET.get("prompt", "").split())
    if prompts - PROMPTS or ("none" in prompts and len(prompts) > 1):
        return errors.InvalidRequestError(description="That prompt is not supported.")
    max_age = request.GET.get("max_age", "0")
    if not (max_age.isascii() and max_age.isdigit() and len(max_age) < 10):
        return errors.InvalidRequestError(description="max_age must be a number of seconds.")
    return None


@form_page
def authorize(request: HttpRequest) -> HttpResponseBase:
    """RFC 6749, 3.1; OpenID Connect Core 1.0, 3.1.2."""
    if request.method == "POST":
        # A form of the client's brings no cookie of ours (SameSite); the same request as a link does.
        return HttpResponseRedirect(f"{request.path}?{request.POST.urlencode()}", status=303)
    asked = read(request)
    if isinstance(asked, HttpResponse):
        return asked
    prompts = set(request.GET.get("prompt", "").split())
    person: Any = request.user
    if not person.is_authenticated or prompts & {"login", "select_account"} or _too_old(request):
        if "none" in prompts:
            return asked.refuse(openid.LoginRequired())
        return _to_login(request)
    if _another(request, person):
        return asked.refuse(openid.LoginRequired())
    if "consent" in prompts or not services.covers(person=person, client=asked.client, scopes=asked.scopes):
        if "none" in prompts:
            return asked.refuse(openid.ConsentRequired())
        return _ask(request, asked)
    return _grant(request, asked, person)


def _too_old(request: HttpRequest) -> bool:
    max_age = request.GET.get("max_age")
    return max_age is not None and sessions.age(request).total_seconds() > max(int(max_age), JUST_NOW)


def _another(request: HttpRequest, person: Person) -> bool:
    """The client expects somebody else, by an ID token that it has."""
    hint = request.GET.get("id_token_hint")
    return hint is not None and (claims.read_id_token(hint) or {}).get("sub") != person.subject


def _to_login(request: HttpRequest) -> HttpResponse:
    """To the login page and back here; what asked for the login is fulfilled by then."""
    wanted = request.GET.copy()
    prompts = [word for word in wanted.get("prompt", "").split() if word not in {"login", "select_account"}]
    wanted.pop("prompt", None)
    if prompts:
        wanted["prompt"] = " ".join(prompts)
    back = f"{request.path}?{wanted.urlencode()}"
    return HttpResponseRedirect(f"{reverse('oauth_provider:login')}?{urlencode({'next': back})}")


def _ask(request: HttpRequest, asked: Asked) -> HttpResponse:
    return page(
        request,
        "consent",
        {
            "client": asked.client,
            "scopes": [(scope, SCOPES[scope]) for scope in asked.scopes],
            "action": f"{reverse('oauth_provider:consent')}?{request.GET.urlencode()}",
            "host": asked.redirect_uri.split("/")[2],
        },
        form_target=asked.redirect_uri,
    )


@form_page
def consent(request: HttpRequest) -> HttpResponseBase:
    """The consent page's answer; the request is in the URL again, and is checked again."""
    if request.method != "POST":
        return HttpResponseRedirect(f"{reverse('oauth_provider:authorize')}?{request.GET.urlencode()}")
    asked = read(request)
    if isinstance(asked, HttpResponse):
        return asked
    person: Any = request.user
    if not person.is_authenticated:
        return HttpResponseRedirect(f"{reverse('oauth_provider:authorize')}?{request.GET.urlencode()}")
    if request.POST.get("decision") != "allow":
        return asked.refuse(errors.AccessDeniedError())
    services.consent(person=person, client=asked.client, scopes=asked.scopes)
    return _grant(request, asked, person)


def _grant(request: HttpRequest, asked: Asked, person: Person) -> HttpResponse:
    credentials = asked.credentials | {"auth_time": sessions.auth_time(request)}
    credentials.pop("request")
    request.user = person  # type: ignore[assignment]
    location, _headers, _body, _status = get_oauthlib_core().create_authorization_response(
        request, asked.scopes, credentials, True
    )
    response = HttpResponse(status=302)
    response["Location"] = location
    response["Cache-Control"] = "no-store"
    return response
