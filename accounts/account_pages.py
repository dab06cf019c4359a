"""The pages of one's own account: profile, password, address, devices, and its end."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import is_password_usable
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devices, pages
from accounts.authentication import SEEN_EVERY
from accounts.forms import (
    AvatarForm,
    DeletionForm,
    EmailChangeForm,
    PasswordByCodeForm,
    PasswordChangeForm,
    ProfileForm,
    ServiceForm,
    without_password,
)
from accounts.limits import limit_avatar, limit_login
from accounts.models import User, avatar_url
from accounts.page_forms import accepts, code_button, shown, with_code
from accounts.services import avatars, deletion, emails, passwords, profiles, sessions
from accounts.services.codes import Purpose
from chatchat.clock import now
from chatchat.errors import NotFound

# --- the profile -------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def profile(request: HttpRequest) -> HttpResponseBase:
    """What others see of one, and the language."""
    user = pages.signed_in(request)
    if request.method != "POST":
        return _profile(request, ProfileForm(initial=_said(user)))

    def action(**said: str) -> None:
        profiles.update(user=user, **said)

    form = ProfileForm(request.POST)
    if not accepts(form, action):
        return _profile(request, form)
    with override(user.language):
        messages.success(request, _("Your profile was saved."))
    response = redirect("account")
    pages.remember_language(request, response, user.language)
    return response


def _said(user: User) -> dict[str, str]:
    return {"nickname": user.nickname, "introduction": user.introduction, "language": user.language}


def _profile(request: HttpRequest, form: ServiceForm, picture: AvatarForm | None = None) -> HttpResponseBase:
    user = pages.signed_in(request)
    context = {"avatar": avatar_url(user.avatar), "picture": picture or AvatarForm()}
    return shown(request, "accounts/profile.html", form, **context)


@require_POST
@login_required
@never_cache
def avatar(request: HttpRequest) -> HttpResponseBase:
    """A new picture, whose middle square is taken; scripts send what was cropped to the REST door."""
    user = pages.signed_in(request)

    def action(image: Any) -> None:
        limit_avatar(request, user_id=user.pk)
        avatars.set_avatar(user=user, image=image)

    form = AvatarForm(request.POST, request.FILES)
    if accepts(form, action):
        messages.success(request, _("Your picture was changed."))
        return redirect("account")
    response = _profile(request, ProfileForm(initial=_said(user)), form)
    response.status_code = form.status
    return response


@require_POST
@login_required
@never_cache
def remove_avatar(request: HttpRequest) -> HttpResponseBase:
    """No picture."""
    avatars.remove_avatar(user=pages.signed_in(request))
    messages.success(request, _("Your picture was removed."))
    return redirect("account")


# --- password and address ----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@sensitive_post_parameters("password", "current_password", "code")
@never_cache
def password(request: HttpRequest) -> HttpResponseBase:
    """A new password, by the present one or, ``?by=code``, by a code to the account's address."""
    user = pages.signed_in(request)
    has_one = is_password_usable(user.password)
    by_code = request.GET.get("by") == "code" or not has_one

    def action(**given: str) -> None:
        limit_login(request, email=user.email or "")
        passwords.change(user=user, session_id=pages.session_id(request), **given)
        pages.keep_signed_in(request, user)

    form_class = PasswordByCodeForm if by_code else PasswordChangeForm
    form, done = with_code(request, form_class, Purpose.CHANGE_PASSWORD, action, user=user)
    if done:
        messages.success(request, _("Your password was changed. Your other devices were signed out."))
        return redirect("account-sign-in")
    button = code_button(request, form, Purpose.CHANGE_PASSWORD)
    context = {"by_code": by_code, "has_password": has_one, **button}
    return shown(request, "accounts/password_change.html", form, **context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@sensitive_post_parameters("current_password", "code")
@never_cache
def email(request: HttpRequest) -> HttpResponseBase:
    """A new e-mail address, by a code that was mailed there, and the password."""
    user = pages.signed_in(request)
    has_password = is_password_usable(user.password)

    def action(**given: str) -> None:
        limit_login(request, email=user.email or "")
        emails.change(user=user, session_id=pages.session_id(request), **given)

    def empty(*args: Any, **kwargs: Any) -> ServiceForm:
        form = EmailChangeForm(*args, **kwargs)
        if not has_password:
            without_password(form)
        return form

    form, done = with_code(request, empty, Purpose.CHANGE_EMAIL, action, user=user)
    if done:
        messages.success(request, _("Your e-mail address was changed."))
        return redirect("account-sign-in")
    context = {**_presence(request, user), **code_button(request, form, Purpose.CHANGE_EMAIL)}
    return shown(request, "accounts/email.html", form, **context)


def _presence(request: HttpRequest, user: User) -> dict[str, Any]:
    """How they can show that it is they: by the password, or by having signed in just now."""
    has_password = is_password_usable(user.password)
    fresh = has_password or passwords.is_fresh(session_id=pages.session_id(request))
    return {"has_password": has_password, "may_go_on": fresh}


# --- devices -------------------------------------------------------------------------------------------


@require_safe
@login_required
@never_cache
def signed_in_devices(request: HttpRequest) -> HttpResponseBase:
    """Where one is signed in, this device first, then by when they were last in use."""
    here, lately = pages.session_id(request), now() - 2 * SEEN_EVERY
    found = [
        {
            "session": session,
            "device": devices.describe(session.device),
            "here": session.pk == here,
            "just_now": session.last_seen_at > lately,
        }
        for session in sessions.of(pages.signed_in(request).pk).order_by("-last_seen_at", "-pk")
    ]
    found.sort(key=lambda one: not one["here"])
    return render(request, "accounts/devices.html", {"devices": found, "others": len(found) - 1})


@require_POST
@login_required
@never_cache
def end_device(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Sign one of one's devices out."""
    if pk == pages.session_id(request):
        pages.sign_out(request)
        return redirect("welcome")
    try:
        sessions.end(user_id=pages.signed_in(request).pk, session_id=pk)
    except NotFound:  # it has signed out meanwhile, or is nobody's business
        messages.info(request, _("That device is not signed in any more."))
    else:
        messages.success(request, _("The device was signed out."))
    return redirect("account-devices")


@require_POST
@login_required
@never_cache
def end_other_devices(request: HttpRequest) -> HttpResponseBase:
    """Sign out everywhere but here."""
    here = pages.session_id(request)
    sessions.end_all(user_id=pages.signed_in(request).pk, but=here, reason="revoked")
    messages.success(request, _("All other devices were signed out."))
    return redirect("account-devices")


# --- notifications, and the end ------------------------------------------------------------------------


@require_safe
@login_required
def notifications(request: HttpRequest) -> HttpResponseBase:
    """Whether this browser tells of messages: a matter between it and the scripts alone."""
    return render(request, "accounts/notifications.html")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@sensitive_post_parameters("current_password")
@never_cache
def delete(request: HttpRequest) -> HttpResponseBase:
    """The end of the account: what it means, and are you sure."""
    user = pages.signed_in(request)

    def action(sure: bool, current_password: str | None = None) -> None:
        limit_login(request, email=user.email or "")
        deletion.delete_person(
            user=user, session_id=pages.session_id(request), current_password=current_password
        )

    form = DeletionForm(request.POST or None)
    context = _presence(request, user)
    if not context["has_password"]:
        without_password(form)
    if request.method == "POST" and accepts(form, action):
        pages.sign_out(request)
        # leave.js takes it for having signed out.
        messages.success(request, _("Your account was deleted. Take care."), extra_tags="left")
        return redirect("welcome")
    return shown(request, "accounts/delete.html", form, **context)
