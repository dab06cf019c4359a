"""Where settings come from: the variable NAME, or the file that NAME_FILE names, as secrets are given."""

import contextlib
import secrets
from pathlib import Path
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


def keep_once(path: Path, secret: str) -> None:
    """Write ``secret`` to ``path``, for its owner alone, unless another process that starts now has done so.

    Nobody reads half of it, nor a second one: a link appears whole or not at all, and never replaces
    what is there.
    """
    mine = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    mine.touch(mode=0o600)
    mine.write_text(secret)
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(mine)
    mine.unlink()


class Env(environ.FileAwareEnv):
    """django-environ's, but that every value is taken as it stands."""

    ENVIRON = _Variables()

    def __init__(self, **scheme: Any) -> None:
        super().__init__(**scheme)
        self.escape_proxy = True  # undoes what _Variables puts before each "$"


env = Env()
