"""Serializer fields of accounts' inputs."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import normalise_email
from accounts.services.passwords import PASSWORD_MAX, check_new_password
from chatchat.errors import ChatError
from chatchat.fields import TextField


class EmailField(serializers.EmailField):
    """An e-mail address, normalised; what stands before the @ is ASCII."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return normalise_email(super().to_internal_value(data))

    def run_validation(self, data: Any = serializers.empty) -> Any:
        # Python's case-insensitive [A-Z] takes the Kelvin sign for a k, and so does Django's validator.
        if isinstance(data, str) and not data.rpartition("@")[0].isascii():
            self.fail("invalid")
        return super().run_validation(data)


class PasswordField(TextField):
    """A password that exists already: anything; it either fits or not."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=PASSWORD_MAX, write_only=True, style={"input_type": "password"}, **kwargs)


class NewPasswordField(TextField):
    """A password to be: the rules are checked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            write_only=True,
            style={"input_type": "password"},
            help_text=_("10 to 128 characters, not only digits, not a common one."),
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> str:
        password = super().to_internal_value(data)
        try:
            return check_new_password(password)
        except ChatError as error:
            raise serializers.ValidationError([str(text) for text in error.details["password"]]) from None


class CodeField(TextField):
    """Six digits from a mail; what has another form is just a code that doesn't fit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, trim_whitespace=True, **kwargs)
