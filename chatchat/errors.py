"""One exception class a failure, with a stable code; the doors turn them into answers in one place each.

On every door an error reads ``{"error": {"code", "message", "details"}}``: the code is for programs
and never changes, the message is for people and in their language, details name the fields.
"""

import errno
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ChatError(Exception):
    """A refusal that the caller is told about.

    ``status`` is the HTTP status of the REST door, ``code`` the wire's word, ``details`` names the
    fields at fault, ``retry_after`` (seconds) says when trying again may help.
    """

    status = 400
    code = "invalid"
    message: str | Promise = _("That input is not valid.")

    def __init__(
        self,
        message: str | Promise | None = None,
        *,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code or self.code)
        if message is not None:
            self.message = message
        if code is not None:
            self.code = code
        self.details: dict[str, Any] = dict(details or {})
        self.retry_after = retry_after

    def envelope(self) -> dict[str, Any]:
        """The error as both doors write it, worded in the language now active."""
        return {"error": {"code": self.code, "message": str(self.message), "details": self.details}}


class Invalid(ChatError):
    """400: the input itself; ``details`` is {field: [what is wrong]}."""


class NotAuthenticated(ChatError):
    """401: who are you."""

    status = 401
    code = "not_authenticated"
    message = _("Sign in first.")


class Forbidden(ChatError):
    """403: you may not, and you may know that it exists."""

    status = 403
    code = "forbidden"
    message = _("You may not do that.")


class NotFound(ChatError):
    """404: not there, or not for you; the two look the same."""

    status = 404
    code = "not_found"
    message = _("There is no such thing here.")


class Conflict(ChatError):
    """409: it clashes with what is there."""

    status = 409
    code = "conflict"
    message = _("That clashes with what is there already.")


class TooLarge(ChatError):
    """413."""

    status = 413
    code = "too_large"
    message = _("That is too big.")


class UnsupportedType(ChatError):
    """415."""

    status = 415
    code = "unsupported_type"
    message = _("That kind of content is not taken here.")


class TooMany(ChatError):
    """429: too often; ``retry_after`` is set."""

    status = 429
    code = "rate_limited"
    message = _("Too many requests. Wait a moment and try again.")

    def __init__(self, *args: Any, retry_after: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, retry_after=retry_after, **kwargs)


class Unavailable(ChatError):
    """503: a part that is needed is away."""

    status = 503
    code = "unavailable"
    message = _("A part of the service is away. Try again in a moment.")

    def __init__(self, *args: Any, retry_after: int = 2, **kwargs: Any) -> None:
        super().__init__(*args, retry_after=retry_after, **kwargs)


def is_full(error: OSError) -> bool:
    """Whether there was no room for something: on the disk, in a quota, or below a limit on files."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
