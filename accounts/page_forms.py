"""What the pages' forms have in common: shown, refused, with a button that has a code mailed."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts import mail
from accounts.forms import AddressForm, ServiceForm
from accounts.limits import limit_codes
from accounts.models import User
from accounts.services import mailing
from accounts.services.codes import Purpose
from chatchat.errors import ChatError
from chatchat.ratelimit import distance


def next_page(request: HttpRequest) -> str:
    """Where to go afterwards: ``next``, if that is a page of this site, or the chat."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("chat")


def shown(request: HttpRequest, template: str, form: ServiceForm, **context: Any) -> HttpResponse:
    """``template`` with ``form`` as it stands, under the status of what it was refused for."""
    form.focus_first_wrong()
    given = {"form": form, "next": request.POST.get("next") or request.GET.get("next", ""), **context}
    response = render(request, template, given, status=form.status)
    if form.refused is not None and form.refused.retry_after is not None:
        response["Retry-After"] = str(form.refused.retry_after)
    return response


def accepts(form: ServiceForm, action: Callable[..., Any]) -> bool:
    """Whether ``form`` is valid and ``action``, called with its data, did not refuse."""
    if not form.is_valid():
        return False
    try:
        action(**form.cleaned_data)
    except ChatError as error:
        form.refuse(error)
        return False
    return True


def with_code(
    request: HttpRequest,
    form_class: Callable[..., ServiceForm],
    purpose: Purpose,
    action: Callable[..., Any],
    *,
    user: User | None = None,
) -> tuple[ServiceForm, bool]:
    """One form with two buttons, of which one has a code mailed; and whether all is done.

    ``user`` is who is signed in, where the purpose has to know.
    """
    if request.method != "POST":
        return form_class(), False
    form = form_class(request.POST)
    # The Enter key presses a form's first button, so whoever has filled in all of it wants to be done.
    if "send_code" not in request.POST or form.is_valid():
        return form, accepts(form, action)

    def send(email: str) -> None:
        limit_codes(request, email=email)
        mailing.request_code(purpose=purpose, email=email, user=user, language=mail.language_now())

    own = purpose is Purpose.CHANGE_PASSWORD and user is not None
    address = AddressForm({"email": user.email} if own and user else request.POST)
    # What is typed already stays; browsers are not sent passwords back.
    form = form_class(initial=request.POST.dict())
    if accepts(address, send):
        messages.info(
            request,
            _("A code is on its way to %(email)s. It is good for %(seconds)d seconds.")
            % {"email": address.cleaned_data["email"], "seconds": settings.EMAIL_CODE_SECONDS},
        )
        form.fields["code"].widget.attrs["autofocus"] = True
        return form, False
    form.blame(address)
    return form, False


def code_button(request: HttpRequest, form: ServiceForm, purpose: Purpose) -> dict[str, Any]:
    """What the template needs for the button: purpose and the seconds until a code may be asked for again."""
    wait = 0
    if "send_code" in request.POST:
        wait = form.refused.retry_after or 0 if form.refused else distance(settings.CODE_RATE)
    return {"purpose": purpose.value, "wait": wait, "dev_mail": settings.DEV_MAIL}
