"""The pages of accounts: register, sign in and out, a forgotten password, the language, kept mail."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devmail, mail, pages
from accounts.forms import LanguageForm, LoginForm, RegisterForm, ResetForm
from accounts.limits import limit_login
from accounts.models import User
from accounts.page_forms import accepts, code_button, next_page, shown, with_code
from accounts.services import passwords, profiles, registration
from accounts.services.codes import Purpose
from accounts.third_party import providers
from chatchat import demo

MAILS_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def login(request: HttpRequest) -> HttpResponseBase:
    """E-mail address and password."""
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(next_page(request))
        form = LoginForm(initial={"email": request.GET.get("email", "")})
        return shown(
            request, "accounts/login.html", form, demo=_demo_logins(), providers=providers().values()
        )

    def action(email: str, password: str) -> None:
        limit_login(request, email=email)
        pages.sign_in(request, passwords.authenticate(email=email, password=password))

    form = LoginForm(request.POST)
    if accepts(form, action):
        return redirect(next_page(request))
    return shown(request, "accounts/login.html", form, demo=_demo_logins(), providers=providers().values())


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

    form, done = with_code(request, RegisterForm, Purpose.REGISTER, action)
    if done:
        return redirect(next_page(request))
    button = code_button(request, form, Purpose.REGISTER)
    return shown(request, "accounts/register.html", form, **button)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password", "code")
@never_cache
def password(request: HttpRequest) -> HttpResponseBase:
    """A forgotten password: first a code to the address, then the new one."""

    def action(email: str, code: str, password: str) -> None:
        limit_login(request, email=email)
        passwords.reset(email=email, code=code, password=password)

    form, done = with_code(request, ResetForm, Purpose.RESET_PASSWORD, action)
    if done:
        messages.success(request, _("Your password was changed. Sign in with the new one."))
        return redirect("login")
    button = code_button(request, form, Purpose.RESET_PASSWORD)
    return shown(request, "accounts/password.html", form, **button)


@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Choose the site's language; who is signed in keeps it in the profile, for mails."""
    response = redirect(next_page(request))
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return response
    chosen = form.cleaned_data["language"]
    if isinstance(request.user, User):
        profiles.update(user=request.user, language=chosen)
    pages.remember_language(request, response, chosen)
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
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        limit = 1 if request.GET.get("limit") == "1" else None  # has something new come?
        return JsonResponse(
            {"results": devmail.kept(to or None, limit=limit)}, json_dumps_params={"ensure_ascii": False}
        )
    mails = [
        {**mail, "code": devmail.code_in(mail), "sent_at": datetime.fromisoformat(mail["sent_at"])}
        for mail in devmail.kept(to or None, limit=MAILS_SHOWN)
    ]
    context = {"mails": mails, "to": to, "newest": mails[0]["id"] if mails else ""}
    return render(request, "accounts/dev_mail.html", context)
