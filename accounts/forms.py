"""The forms of the pages: what is typed, as text; the services hold the rules."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import NICKNAME_MAX, normalise_email
from accounts.services.passwords import PASSWORD_MAX
from chatchat.errors import ChatError


class ServiceForm(forms.Form):
    """A form whose service may refuse: what it says is shown at the field, or above the form."""

    refused: ChatError | None = None

    def refuse(self, error: ChatError) -> None:
        """Show ``error``, at the fields that it names if they are here."""
        self.refused = error
        named = {name: texts for name, texts in error.details.items() if name in self.fields}
        for name, texts in named.items():
            self.add_error(name, [str(text) for text in texts])
        if not named:
            self.add_error(None, str(error.message))

    @property
    def status(self) -> int:
        """The HTTP status to answer with."""
        if self.refused is not None:
            return self.refused.status
        return 400 if self.errors else 200


def _email_field(**attributes: Any) -> forms.EmailField:
    return forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", **attributes}),
    )


def _password_field(label: Any, autocomplete: str, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        strip=False,
        max_length=PASSWORD_MAX,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class AddressForm(ServiceForm):
    """Where to send a code."""

    email = _email_field()

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])


class LoginForm(AddressForm):
    """E-mail address and password."""

    password = _password_field(_("Password"), "current-password")


class _CodeForm(AddressForm):
    code = forms.RegexField(
        label=_("Code from the mail"),
        regex=r"^\d{6}$",
        error_messages={"invalid": _("Six digits, as they are in the mail.")},
        widget=forms.TextInput(
            attrs={"class": "code", "inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 6}
        ),
    )


class RegisterForm(_CodeForm):
    """A new account."""

    nickname = forms.CharField(
        label=_("Nickname"),
        max_length=NICKNAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    password = _password_field(_("Password"), "new-password")


class ResetForm(_CodeForm):
    """A new password."""

    password = _password_field(_("New password"), "new-password")


class BindForm(_CodeForm):
    """The address that somebody from a third party proves, and what to call them if they are new."""

    nickname = forms.CharField(
        label=_("Nickname, if you are new here"),
        max_length=NICKNAME_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )


class PasswordForm(ServiceForm):
    """The password again, or nothing where it need not be."""

    password = _password_field(_("Your password"), "current-password", required=False)


class LanguageForm(forms.Form):
    """One of the languages that the site speaks."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)
