"""Passwords: their rules, checking, changing, resetting."""

from datetime import timedelta

from django.contrib.auth.hashers import check_password, is_password_usable, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import mail
from accounts.audit import Action
from accounts.models import Session, User
from accounts.services import codes, record, sessions
from accounts.services.codes import CodeInvalid, Purpose
from chatchat.clock import now
from chatchat.db import retried, write_transaction
from chatchat.errors import Forbidden, Invalid, NotAuthenticated
from chatchat.text import check_encodable

PASSWORD_MAX = 128
#: For how long a sign-in shows who is there.
FRESH = timedelta(minutes=10)


class WrongPassword(Forbidden):
    """403: signed in, but the current password that was given with the request is not theirs."""

    code = "wrong_password"
    message = _("That is not your current password.")


class SignInAgain(Forbidden):
    """403: neither the password nor a session begun just now."""

    code = "sign_in_again"
    message = _("Give your password, or sign in again first.")


class InvalidCredentials(NotAuthenticated):
    """401: no such account, or not its password; nobody is told which."""

    code = "invalid_credentials"
    message = _("The e-mail address or the password is wrong.")


def check_new_password(password: str) -> str:
    """10 to 128 characters, not only digits, not a common one. Raises Invalid."""
    check_encodable(password, field="password")
    if len(password) > PASSWORD_MAX:
        raise Invalid(
            details={"password": [_("At most %(maximum)d characters.") % {"maximum": PASSWORD_MAX}]}
        )
    try:
        validate_password(password)
    except ValidationError as error:
        raise Invalid(details={"password": list(error.messages)}) from None
    return password


def authenticate(*, email: str, password: str) -> User:
    """The person who signs in with these. Raises InvalidCredentials, and Banned to whom the password is.

    One query and one hash, whether the address is known or not.
    """
    user = User.objects.filter(email=email, deleted_at__isnull=True).first()
    if user is None:
        make_password(password)  # what checking would have cost
    if user is None or not _fits(user, password):
        record.login_failed(user, email=email)
        raise InvalidCredentials
    if user.banned_at is not None:
        record.login_failed(user, email=email, action=Action.LOGIN_REFUSED)
        raise sessions.Banned.of(user)
    return user


def confirm(user: User, password: str) -> None:
    """Check the current password of somebody who is signed in. Raises WrongPassword."""
    if not _fits(user, password):
        record.login_failed(user, email=user.email or "")
        raise WrongPassword


def confirm_presence(*, user: User, session_id: int, password: str | None, always: bool = True) -> None:
    """Whether it is really they who ask: by the password, or, without one, by a session begun just now.

    Who has a password gives it; not ``always``: a fresh session serves them, too. Raises WrongPassword,
    SignInAgain.
    """
    if password is not None:
        confirm(user, password)
    elif (always and is_password_usable(user.password)) or not is_fresh(session_id=session_id):
        raise SignInAgain


def is_fresh(*, session_id: int) -> bool:
    """Whether the session began so lately that it shows who is there."""
    return Session.objects.filter(pk=session_id, created_at__gt=now() - FRESH).exists()


def _fits(user: User, password: str) -> bool:
    """Whether it is the person's password; a hash by an outdated recipe is replaced on the way."""
    lost = False

    def replace(raw: str) -> None:
        nonlocal lost
        hashed = make_password(raw)
        if User.objects.filter(pk=user.pk, password=user.password).update(password=hashed):
            user.password = hashed
        else:
            lost = True

    if not check_password(password, user.password, replace):
        return False
    if lost:  # another login has replaced it first, or it was changed: what counts is what is there now
        user.refresh_from_db(fields=["password"])
        return check_password(password, user.password)
    return True


def change(
    *,
    user: User,
    session_id: int,
    password: str,
    code: str | None = None,
    current_password: str | None = None,
) -> None:
    """A new password by the current one or by a code; every other session ends.

    Raises WrongPassword, CodeInvalid.
    """
    hashed = _hash_new(password)
    if current_password is not None:
        confirm(user, current_password)
    else:
        email = user.email or ""
        codes.check(purpose=Purpose.CHANGE_PASSWORD, email=email, code=code or "", user_id=user.pk).take()
    _set(user_id=user.pk, hashed=hashed, but=session_id, by="code" if code else "password")
    user.password = hashed
    _tell(user)


def reset(*, email: str, code: str, password: str) -> None:
    """A new password by a code to the account's address; every session ends. Raises CodeInvalid."""
    proof = codes.check(purpose=Purpose.RESET_PASSWORD, email=email, code=code)
    hashed = _hash_new(password)
    user = User.objects.active().filter(email=email).first()
    if user is None:
        raise CodeInvalid
    proof.take()
    _set(user_id=user.pk, hashed=hashed, but=None, by="reset")
    _tell(user)


def _hash_new(password: str) -> str:
    # Slow on purpose, so never within a transaction.
    return make_password(check_new_password(password))


@retried
def _set(*, user_id: int, hashed: str, but: int | None, by: str) -> None:
    with write_transaction():
        User.objects.filter(pk=user_id, deleted_at__isnull=True).update(password=hashed)
        sessions.end_all(user_id=user_id, but=but, reason="password_changed")
        record.own(Action.PASSWORD_CHANGED, user_id, proof=by)


def _tell(user: User) -> None:
    if user.email:
        mail.send(template="password_changed", to=user.email, language=user.language)
