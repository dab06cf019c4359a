"""The account's e-mail address."""

from django.db import IntegrityError

from accounts import mail
from accounts.models import User
from accounts.services import codes, passwords
from accounts.services.codes import CodeInvalid, Purpose
from chatchat.db import write_transaction


def change(*, user: User, email: str, code: str, current_password: str) -> None:
    """Sign in with ``email`` (normalised) from now on; the old address is told.

    Raises WrongPassword, CodeInvalid, the latter also for an address that is taken meanwhile.
    """
    passwords.confirm(user, current_password)
    codes.check(purpose=Purpose.CHANGE_EMAIL, email=email, code=code, user_id=user.pk).take()
    old = user.email
    try:
        with write_transaction():
            User.objects.filter(pk=user.pk, deleted_at__isnull=True).update(email=email)
    except IntegrityError:
        raise CodeInvalid from None
    if old:
        mail.send(template="email_changed", to=old, language=user.language, email=email)
