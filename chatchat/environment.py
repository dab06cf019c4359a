"""Where settings come from: the variable NAME, or the file that NAME_FILE names, as secrets are given."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping


class _Variables(FileAwareMapping):
    def __getitem__(self, key: str) -> str:
        try:
            value: str = super().__getitem__(key)
        except OSError as error:
            raise ImproperlyConfigured(f"{key}_FILE cannot be read: {error}") from None
        except UnicodeDecodeError:
            raise ImproperlyConfigured(f"{key}_FILE does not hold UTF-8 text") from None
        if self.env.get(f"{key}_FILE"):
            value = value.removesuffix("\n")  # editors and `echo` end a file with one
        # A value that begins with "$" would be taken for the name of another variable.
        return value.replace("$", r"\$")


class Env(environ.FileAwareEnv):
    """django-environ's, but that every value is taken as it stands."""

    ENVIRON = _Variables()

    def __init__(self, **scheme: Any) -> None:
        super().__init__(**scheme)
        self.escape_proxy = True  # undoes what _Variables puts before each "$"


env = Env()
