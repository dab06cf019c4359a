"""The pages of accounts: register, sign in and out, a forgotten password, the language, kept mail."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devmail, mail, pages
from accounts.forms import AddressForm, LanguageForm, LoginForm, RegisterForm, ResetForm, ServiceForm
from accounts.limits import limit_codes, limit_login
from accounts.models import User
from accounts.services import mailing, passwords, profiles, registration
from accounts.services.codes import Purpose
from chatchat import demo
from chatchat.errors import ChatError


def _next(request: HttpRequest) -> str:
    """Where to go afterwards: ``next``, if that is a page of this site, or the chat."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("chat")


def _shown(request: HttpRequest, template: str, form: ServiceForm, **context: Any) -> HttpResponse:
    given = {"form": form, "next": request.POST.get("next") or request.GET.get("next", ""), **context}
    response = render(request, template, given, status=form.status)
    if form.refused is not None and form.refused.retry_after is not None:
        response["Retry-After"] = str(form.refused.retry_after)
    return response


def _accepts(form: ServiceForm, action: Callable[..., Any]) -> bool:
    """Whether ``form`` is valid and ``action``, called with its data, did not refuse."""
    if not form.is_valid():
        return False
    try:
        action(**form.cleaned_data)
    except ChatError as error:
        form.refuse(error)
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def login(request: HttpRequest) -> HttpResponseBase:
    """E-mail address and password."""
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(_next(request))
        form = LoginForm(initial={"email": request.GET.get("email", "")})
        return _shown(request, "accounts/login.html", form, demo=_demo_logins())

    def action(email: str, password: str) -> None:
        limit_login(request, email=email)
        pages.sign_in(request, passwords.authenticate(email=email, password=password))

    form = LoginForm(request.POST)
    if _accepts(form, action):
        return redirect(_next(request))
    return _shown(request, "accounts/login.html", form, demo=_demo_logins())


def _demo_logins() -> list[demo.Login]:
    """The demo people, where this is somebody's own machine and they were made there."""
    return demo.logins() if settings.DEV_MAIL else []


@require_POST
def logout(request: HttpRequest) -> HttpResponseBase:
    """End this browser's session, and its sockets."""
    pages.sign_out(request)
    return redirect("welcome")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password", "code")
@never_cache
def register(request: HttpRequest) -> HttpResponseBase:
    """A new account: first a code to the address, then the rest."""

    def action(email: str, code: str, nickname: str, password: str) -> None:
        limit_login(request, email=email)
        user = registration.create(
            email=email, code=code, password=password, nickname=nickname, language=mail.language_now()
        )
        pages.sign_in(request, user)

    form, done = _with_code(request, RegisterForm, Purpose.REGISTER, action)
    if done:
        return redirect(_next(request))
    return _shown(request, "accounts/register.html", form, dev_mail=settings.DEV_MAIL)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password", "code")
@never_cache
def password(request: HttpRequest) -> HttpResponseBase:
    """A forgotten password: first a code to the address, then the new one."""

    def action(email: str, code: str, password: str) -> None:
        limit_login(request, email=email)
        passwords.reset(email=email, code=code, password=password)

    form, done = _with_code(request, ResetForm, Purpose.RESET_PASSWORD, action)
    if done:
        messages.success(request, _("Your password was changed. Sign in with the new one."))
        return redirect("login")
    return _shown(request, "accounts/password.html", form, dev_mail=settings.DEV_MAIL)


def _with_code(
    request: HttpRequest, form_class: type[ServiceForm], purpose: Purpose, action: Callable[..., Any]
) -> tuple[ServiceForm, bool]:
    """One form with two buttons, of which one has a code mailed; and whether all is done."""
    if request.method != "POST":
        return form_class(), False
    if "send_code" not in request.POST:
        form = form_class(request.POST)
        return form, _accepts(form, action)

    def send(email: str) -> None:
        limit_codes(request, email=email)
        mailing.request_code(purpose=purpose, email=email, language=mail.language_now())

    address = AddressForm(request.POST)
    if _accepts(address, send):
        messages.info(
            request,
            _("A code is on its way to %(email)s. It is good for %(seconds)d seconds.")
            % {"email": address.cleaned_data["email"], "seconds": settings.EMAIL_CODE_SECONDS},
        )
        # What is typed already stays; browsers are not sent passwords back.
        return form_class(initial=request.POST.dict()), False
    return address, False


@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Choose the site's language; who is signed in keeps it in the profile, for mails."""
    response = redirect(_next(request))
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return response
    chosen = form.cleaned_data["language"]
    if isinstance(request.user, User):
        profiles.update(user=request.user, language=chosen)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=365 * 24 * 3600,
        secure=request.is_secure(),
        samesite="Lax",
    )
    return response


@require_safe
@never_cache
def dev_mail(request: HttpRequest) -> HttpResponseBase:
    """The mails that were kept instead of sent, newest first; ``?to=`` only those to one address.

    JSON ``{"results": [{id, to, sender, subject, text, sent_at}]}`` to ``Accept: application/json``.
    """
    if not settings.DEV_MAIL:
        raise Http404
    to = request.GET.get("to", "").strip()
    mails = devmail.kept(to or None)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"results": mails}, json_dumps_params={"ensure_ascii": False})
    return render(request, "accounts/dev_mail.html", {"mails": mails[:100], "to": to})
