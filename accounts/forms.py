"""The forms of the pages: what is typed, as text; the services hold the rules."""

import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import INTRODUCTION_MAX, NICKNAME_MAX, normalise_email
from accounts.services.passwords import PASSWORD_MAX
from chatchat.errors import ChatError

PASSWORD_RULES = _("10 characters at least, not only digits, and none that everybody uses.")


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

    def blame(self, other: "ServiceForm") -> None:
        """Show here what was wrong with ``other``, a part of this one that was sent first."""
        self.refused = other.refused
        for name, texts in other.errors.items():
            self.errors[name if name in self.fields else NON_FIELD_ERRORS] = texts

    @property
    def status(self) -> int:
        """The HTTP status to answer with."""
        if self.refused is not None:
            return self.refused.status
        return 400 if self.errors else 200

    def focus_first_wrong(self) -> None:
        """Let the page open with the cursor where something is to be mended.

        A refusal that names no field is most often about a secret, and secrets come back empty anyway.
        """
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong is None and self.errors:
            wrong = next((name for name in SECRETS if name in self.fields), None)
        if wrong is not None:
            self.fields[wrong].widget.attrs["autofocus"] = True


#: In the order in which they are most likely what was refused.
SECRETS = ("code", "current_password", "password")


class CodeField(forms.CharField):
    """Six digits from a mail, also as they come by copying or from a Chinese keyboard: "１２３ ４５６"."""

    widget = forms.TextInput(
        attrs={"class": "code", "inputmode": "numeric", "autocomplete": "one-time-code", "data-code": True}
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": _("Code from the mail"), **kwargs})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return "".join(unicodedata.normalize("NFKC", text).split())

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not (len(value) == 6 and value.isascii() and value.isdigit()):
            raise forms.ValidationError(_("Six digits, as they are in the mail."))


def _email_field(label: Any) -> forms.EmailField:
    return forms.EmailField(
        label=label, max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


def _password_field(
    label: Any, autocomplete: str, *, required: bool = True, help_text: Any = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        strip=False,
        max_length=PASSWORD_MAX,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete, "data-password": True}),
    )


def _new_password_field(label: Any) -> forms.CharField:
    return _password_field(label, "new-password", help_text=PASSWORD_RULES)


class AddressForm(ServiceForm):
    """Where to send a code."""

    email = _email_field(_("E-mail address"))

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])


class LoginForm(AddressForm):
    """E-mail address and password."""

    password = _password_field(_("Password"), "current-password")


class _CodeForm(AddressForm):
    code = CodeField()


class RegisterForm(_CodeForm):
    """A new account."""

    nickname = forms.CharField(
        label=_("Nickname"),
        max_length=NICKNAME_MAX,
        help_text=_("What others see. You can change it whenever you like."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    password = _new_password_field(_("Password"))


class ResetForm(_CodeForm):
    """A new password."""

    password = _new_password_field(_("New password"))


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


# --- one's own account ------------------------------------------------------------------------------


class ProfileForm(ServiceForm):
    """What others see, and the language of the pages and mails."""

    nickname = forms.CharField(
        label=_("Nickname"),
        help_text=format_lazy(_("1 to {maximum} characters."), maximum=NICKNAME_MAX),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    introduction = forms.CharField(
        label=_("Introduction"),
        required=False,
        help_text=format_lazy(_("A line about you, at most {maximum} characters."), maximum=INTRODUCTION_MAX),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        # Each by its own name: who does not read the one now shown finds theirs.
        choices=[("en", "English"), ("zh-hans", "简体中文")],
        help_text=_("Of the pages, and of the mails to you."),
    )

    def clean_introduction(self) -> str:
        """One line, whatever the Enter key was pressed for."""
        return " ".join(str(self.cleaned_data["introduction"]).split())


class AvatarForm(ServiceForm):
    """A picture; what it really is, the service finds out."""

    image = forms.FileField(
        label=_("Picture"),
        allow_empty_file=True,
        error_messages={"required": _("Choose a picture first.")},
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )


class PasswordChangeForm(ServiceForm):
    """A new password by the present one."""

    current_password = _password_field(_("Current password"), "current-password")
    password = _new_password_field(_("New password"))


class PasswordByCodeForm(ServiceForm):
    """A new password by a code to the account's own address."""

    code = CodeField()
    password = _new_password_field(_("New password"))


class EmailChangeForm(AddressForm):
    """A new address, proven by a code, and the password of whoever has one."""

    email = _email_field(_("New e-mail address"))
    code = CodeField()
    current_password = _password_field(_("Your password"), "current-password")


class DeletionForm(ServiceForm):
    """The password of whoever has one, and a nod."""

    current_password = _password_field(_("Your password"), "current-password")
    sure = forms.BooleanField(
        label=_("Yes, delete my account for good."),
        error_messages={"required": _("Tick this if you are sure.")},
    )


def without_password(form: forms.Form) -> None:
    """For whoever has none: a sign-in just now stands for it."""
    form.fields.pop("current_password", None)
