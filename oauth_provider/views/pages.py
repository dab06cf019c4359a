"""What people see: front page, login, granted applications, logout, pictures."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from oauthlib.common import add_params_to_uri

from chatchat.errors import TooMany
from oauth_provider import avatars, claims, services, sessions
from oauth_provider.conf import LANGUAGE_COOKIE, MAX_PARAMETER, MOUNT, SCOPES
from oauth_provider.csrf import page as form_page
from oauth_provider.models import Client, Consent, Person
from oauth_provider.render import error_page, page
from oauth_provider.views.endpoints import malformed

MAX_NEXT = 4 * MAX_PARAMETER
#: What a logout request may say.
LOGOUT = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


def _allowed_next(request: HttpRequest) -> str:
    """Where to go after the login: one of three pages of the provider's own; anything else is dropped."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    home = reverse("oauth_provider:home")
    own = {home, reverse("oauth_provider:authorize"), reverse("oauth_provider:applications")}
    if len(wanted) > MAX_NEXT or not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return home
    parts = urlsplit(wanted)
    if parts.path not in own or any(ord(character) < 33 for character in wanted):
        return home
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _asking(after: str) -> tuple[Client | None, str | None, str]:
    """The client that sent this person to the login page, its registered address, and who it expects."""
    query = {name: values[-1] for name, values in parse_qs(urlsplit(after).query).items()}
    client_id, target = query.get("client_id", ""), query.get("redirect_uri", "")
    if not client_id or "\x00" in client_id:
        return None, None, ""
    client = Client.objects.filter(client_id=client_id).first()
    if client is None or not client.redirect_uri_allowed(target):
        return None, None, ""
    return client, target, query.get("login_hint", "")[:32]


@form_page
def home(request: HttpRequest) -> HttpResponseBase:
    """Who one is here, and that all of this is simulated."""
    person: Any = request.user
    granted = Consent.objects.filter(person=person).count() if person.is_authenticated else 0
    return page(request, "home", {"granted": granted})


@sensitive_post_parameters("password")
@form_page
def login(request: HttpRequest) -> HttpResponseBase:
    after = _allowed_next(request)
    client, target, hint = _asking(after)
    error, status, headers = "", 200, {}
    if request.method == "POST":
        given = request.POST.get("login", "")[:MAX_PARAMETER], request.POST.get("password", "")
        hint = given[0][:32]
        try:
            person = services.authenticate(request, login=given[0], password=given[1])
        except TooMany as refused:
            error, status = str(refused.message), 429
            headers = {"Retry-After": str(refused.retry_after)}
        else:
            if person is not None:
                sessions.sign_in(request, person)
                return redirect(after)
            error, status = _("That login name and password do not belong together."), 400
    context = {"next": after, "client": client, "login_name": hint, "error": error}
    response = page(request, "login", context, status=status, form_target=target)
    for name, value in headers.items():
        response[name] = value
    return response


@form_page
def sign_out(request: HttpRequest) -> HttpResponseBase:
    if request.method == "POST":
        sessions.sign_out(request)
    return redirect("oauth_provider:home")


@form_page
def applications(request: HttpRequest) -> HttpResponseBase:
    """What this person has granted; a POST takes one of them back."""
    person: Any = request.user
    if not person.is_authenticated:
        return redirect(f"{reverse('oauth_provider:login')}?next={request.path}")
    if request.method == "POST":
        number = request.POST.get("client", "")
        if number.isascii() and number.isdigit() and len(number) < 19:
            services.withdraw(person=person, client_id=int(number))
        return redirect("oauth_provider:applications")
    consents = Consent.objects.filter(person=person).select_related("client").order_by("-given_at")
    granted = [(consent, [SCOPES[name] for name in consent.scopes if name in SCOPES]) for consent in consents]
    return page(request, "applications", {"granted": granted})


@form_page
def logout(request: HttpRequest) -> HttpResponseBase:
    """OpenID Connect RP-Initiated Logout 1.0; without a matching ID token the person is asked first."""
    given = request.POST if request.method == "POST" else request.GET
    wrong = malformed(request.GET) or malformed(request.POST)
    hint = claims.read_id_token(given.get("id_token_hint", "")) if given.get("id_token_hint") else None
    client = _leaving(given, hint)
    target = given.get("post_logout_redirect_uri", "")
    if not wrong and given.get("id_token_hint") and hint is None:
        wrong = _("The ID token is not one of ours.")
    if not wrong and target and (client is None or not client.post_logout_redirect_uri_allowed(target)):
        wrong = _("The address to return to is not registered.")
    if wrong:
        return error_page(request, title=_("This sign-out cannot go on"), text=wrong)
    person: Any = request.user
    sure = hint is not None and person.is_authenticated and hint.get("sub") == person.subject
    decision = request.POST.get("decision")
    if person.is_authenticated and not sure and decision != "sign-out":
        if decision == "stay":
            return redirect("oauth_provider:home")
        carried = [(name, given[name]) for name in LOGOUT if name in given]
        return page(request, "logout", {"client": client, "fields": carried}, form_target=target or None)
    sessions.sign_out(request)
    return _gone(target, given.get("state")) if target else page(request, "signed_out")


def _gone(target: str, state: str | None) -> HttpResponse:
    response = HttpResponse(status=302)
    response["Location"] = add_params_to_uri(target, [("state", state)]) if state else target
    return response


def _leaving(given: Any, hint: dict[str, Any] | None) -> Client | None:
    """The client that asks for the logout: by its name, by the ID token, or by both if they agree."""
    named = given.get("client_id") or (hint or {}).get("aud")
    if not isinstance(named, str) or "\x00" in named or (hint and hint.get("aud") != named):
        return None
    client: Client | None = Client.objects.filter(client_id=named).first()
    return client


@form_page
def language(request: HttpRequest) -> HttpResponseBase:
    """The provider's own choice of language, beside the chat's."""
    after = request.POST.get("next", "")
    inside = after.startswith(MOUNT) and url_has_allowed_host_and_scheme(after, allowed_hosts=None)
    response = HttpResponseRedirect(after if inside else reverse("oauth_provider:home"))
    wanted = request.POST.get("language", "")
    if request.method == "POST" and wanted in dict(settings.LANGUAGES):
        response.set_cookie(
            LANGUAGE_COOKIE,
            wanted,
            max_age=365 * 24 * 3600,
            path=MOUNT,
            secure=settings.SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


@require_safe
def avatar(request: HttpRequest, name: str) -> HttpResponseBase:
    """A person's picture, for anybody."""
    if not Person.objects.filter(avatar=name).exists():
        return missing(request)
    return HttpResponse(
        avatars.picture(name), content_type="image/png", headers={"Cache-Control": "public, max-age=86400"}
    )


@form_page
def missing(request: HttpRequest, rest: str = "") -> HttpResponse:
    return error_page(request, title=_("There is no such page here"), status=404)
