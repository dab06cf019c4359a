"""The pages of signing in with a third party: leaving, coming back, binding, and one's ways in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import is_password_usable
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import flows, mail, pages
from accounts.forms import BindForm, PasswordForm
from accounts.limits import limit_login
from accounts.models import Identity, User
from accounts.page_forms import code_button, next_page, shown, with_code
from accounts.services import passwords, third_party
from accounts.services.codes import Purpose
from accounts.third_party import find, provider_name, providers
from chatchat.errors import ChatError

# --- there and back ----------------------------------------------------------------------------------


@require_safe
@never_cache
def leave(request: HttpRequest, provider: str) -> HttpResponseBase:
    """To the provider's sign-in page; ``?next=`` is where to go in the end."""
    try:
        return redirect(flows.begin(request, find(provider), page=True, next=next_page(request)))
    except ChatError as error:
        return refused(request, error)


def refused(request: HttpRequest, error: ChatError) -> HttpResponse:
    """Why signing in came to nothing, and how to go on."""
    signed_in = request.user.is_authenticated
    context = {"error": error, "back": reverse("account-sign-in" if signed_in else "login")}
    response = render(request, "accounts/third_party_refused.html", context, status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response


def enter(request: HttpRequest, user: User, wanted: str) -> HttpResponseBase:
    """Sign the browser in as whom the provider has vouched for. Raises ``Banned``."""
    pages.sign_in(request, user)
    return redirect(wanted or "chat")


def to_bind(request: HttpRequest, token: str, wanted: str) -> HttpResponseBase:
    """On to the address that proves who this is here."""
    flows.keep_bind_token(request.session, token)
    return redirect(reverse("third-party-bind", query={"next": wanted} if wanted else None))


def linked(request: HttpRequest, identity: Identity) -> HttpResponseBase:
    """Back among one's ways in."""
    name = provider_name(identity.provider)
    messages.success(request, _("From now on %(name)s signs you in, too.") % {"name": name})
    return redirect("account-sign-in")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code")
@never_cache
def bind(request: HttpRequest) -> HttpResponseBase:
    """An address, proven by a code: the account of whom the provider has vouched for."""
    token, browser = flows.bind_token(request.session), flows.browser(request.session)
    waiting = third_party.waiting(token=token, browser=browser) if token else None
    if waiting is None:
        return refused(request, third_party.BindTokenInvalid())

    def action(email: str, code: str, nickname: str) -> None:
        limit_login(request, email=email)
        user = third_party.bind(
            token=token,
            browser=browser,
            email=email,
            code=code,
            nickname=nickname or None,
            language=mail.language_now(),
        )
        flows.forget_bind_token(request.session)
        pages.sign_in(request, user)

    form, done = with_code(request, BindForm, Purpose.BIND, action)
    if done:
        return redirect(next_page(request))
    if request.method != "POST":
        form = BindForm(initial={"nickname": waiting.nickname})
    elif isinstance(form.refused, third_party.BindTokenInvalid):
        return refused(request, form.refused)
    own = waiting.picture.startswith(f"{request.scheme}://{request.get_host()}/")
    context = {"provider": provider_name(waiting.provider), "picture": waiting.picture if own else ""}
    return shown(request, "accounts/bind.html", form, **context, **code_button(request, form, Purpose.BIND))


# --- one's ways in -----------------------------------------------------------------------------------


@require_safe
@login_required
@never_cache
def ways_in(request: HttpRequest) -> HttpResponseBase:
    """How one signs in: the address, the password, and identities at third parties."""
    return _ways_in(request, PasswordForm())


def _ways_in(request: HttpRequest, form: PasswordForm) -> HttpResponse:
    user = pages.signed_in(request)
    identities = [
        {"id": identity.pk, "name": provider_name(identity.provider), "identity": identity}
        for identity in third_party.of(user.pk).order_by("pk")
    ]
    context = {
        "identities": identities,
        "providers": list(providers().values()),
        "has_password": is_password_usable(user.password),
        "fresh": passwords.is_fresh(session_id=pages.session_id(request)),
    }
    return shown(request, "accounts/sign_in.html", form, **context)


@require_POST
@login_required
@sensitive_post_parameters("password")
@never_cache
def link(request: HttpRequest, provider: str) -> HttpResponseBase:
    """To the provider, to link what one is there. A page in between: forms lead nowhere but here."""
    known = find(provider)
    user, session_id = pages.signed_in(request), pages.session_id(request)
    form = PasswordForm(request.POST)
    try:
        if not form.is_valid():
            return _ways_in(request, form)
        limit_login(request, email=user.email or "")
        password = form.cleaned_data["password"] or None
        passwords.confirm_presence(user=user, session_id=session_id, password=password, always=False)
        url = flows.begin(request, known, page=True, user=user.pk, session=session_id)
    except ChatError as error:
        form.refuse(error)
        return _ways_in(request, form)
    response = render(request, "accounts/leave.html", {"provider": known, "url": url})
    response["Refresh"] = f"0; url={url}"
    return response


@require_POST
@login_required
@never_cache
def unlink(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take one away."""
    try:
        third_party.unlink(user_id=pages.signed_in(request).pk, identity_id=pk)
    except ChatError as error:
        messages.error(request, str(error.message))
    return redirect("account-sign-in")
