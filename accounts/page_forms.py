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
from accounts.services import mailing
from accounts.services.codes import Purpose
from chatchat.errors import ChatError


def next_page(request: HttpRequest) -> str:
    """Where to go afterwards: ``next``, if that is a page of this site, or the chat."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("chat")


def shown(request: HttpRequest, template: str, form: ServiceForm, **context: Any) -> HttpResponse:
    """``template`` with ``form`` as it stands, under the status of what it was refused for."""
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
    request: HttpRequest, form_class: type[ServiceForm], purpose: Purpose, action: Callable[..., Any]
) -> tuple[ServiceForm, bool]:
    """One form with two buttons, of which one has a code mailed; and whether all is done."""
    if request.method != "POST":
        return form_class(), False
    if "send_code" not in request.POST:
        form = form_class(request.POST)
        return form, accepts(form, action)

    def send(email: str) -> None:
        limit_codes(request, email=email)
        mailing.request_code(purpose=purpose, email=email, language=mail.language_now())

    address = AddressForm(request.POST)
    if accepts(address, send):
        messages.info(
            request,
            _("A code is on its way to %(email)s. It is good for %(seconds)d seconds.")
            % {"email": address.cleaned_data["email"], "seconds": settings.EMAIL_CODE_SECONDS},
        )
        # What is typed already stays; browsers are not sent passwords back.
        return form_class(initial=request.POST.dict()), False
    return address, False
