"""Codes by e-mail: proof that somebody reads an address. They live in the cache, hashed.

Three keys a code. ``code:<subject>`` names the newest code of a purpose and address by a random
number; under that number are the hash, which is deleted by the one use that wins, and the count of
tries, which is never deleted: ``RedisCache.incr`` asks whether a key exists before it increments, so
a key that another thread may delete in between would come back without an expiry.
"""

import enum
import hashlib
import secrets

from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from chatchat.errors import ChatError, Unavailable


class Purpose(enum.StrEnum):
    """What a code is good for; it is good for nothing else."""

    REGISTER = "register"
    RESET_PASSWORD = "reset_password"  # noqa: S105
    CHANGE_PASSWORD = "change_password"  # noqa: S105
    CHANGE_EMAIL = "change_email"
    #: To finish signing in with a third party.
    BIND = "bind"


class CodeInvalid(ChatError):
    """Wrong, used, expired, or tried too often: which of these is nobody's business."""

    code = "code_invalid"
    message = _("This code is not valid, or not any more. Ask for a new one.")


def _subject(purpose: Purpose, email: str, user_id: int | None) -> str:
    name = f"{purpose}:{user_id or ''}:{email}"
    return hashlib.sha256(name.encode()).hexdigest()


def _hash(number: str, code: str) -> str:
    return salted_hmac("accounts.codes", f"{number}:{code}", algorithm="sha256").hexdigest()


def issue(*, purpose: Purpose, email: str, user_id: int | None = None, real: bool = True) -> str:
    """A new code for the purpose and normalised address; the one before it is worth nothing now.

    ``user_id`` is the signed-in asker, if the purpose has one. Without ``real`` all is as always,
    but no code in the world will fit: for addresses that must not be told from others.
    """
    code = f"{secrets.randbelow(10**6):06d}"
    number = secrets.token_hex(16)
    seconds = settings.EMAIL_CODE_SECONDS
    secret = _hash(number, code if real else secrets.token_hex(16))
    try:
        cache.set(f"code-tries:{number}", 0, seconds + 60)
        cache.set(f"code-hash:{number}", secret, seconds)
        cache.set(f"code:{_subject(purpose, email, user_id)}", number, seconds)
    except (RedisError, OSError):
        raise Unavailable from None
    return code


class Proof:
    """A code that fitted, not used up yet."""

    def __init__(self, number: str) -> None:
        self._number = number

    def take(self) -> None:
        """Use it up; of several at once exactly one gets through, the others raise CodeInvalid."""
        try:
            won = cache.delete(f"code-hash:{self._number}")
        except (RedisError, OSError):
            raise Unavailable from None
        if not won:
            raise CodeInvalid


def check(*, purpose: Purpose, email: str, code: str, user_id: int | None = None) -> Proof:
    """Count a try, then compare; raise CodeInvalid, or hand out what ``take`` will use up.

    Everything else that could refuse the request is to be checked before ``take``.
    """
    try:
        number = cache.get(f"code:{_subject(purpose, email, user_id)}") or "none"
        try:
            tries = cache.incr(f"code-tries:{number}")
        except ValueError:
            tries = 0
        secret = cache.get(f"code-hash:{number}")
    except (RedisError, OSError):
        raise Unavailable from None
    fits = constant_time_compare(secret or "", _hash(number, code))
    if not fits or not 1 <= tries <= settings.EMAIL_CODE_TRIES:
        raise CodeInvalid
    return Proof(number)
