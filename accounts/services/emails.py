"""The account's e-mail address."""

from django.db import IntegrityError

from accounts import mail
from accounts.audit import Action
from accounts.models import User
from accounts.services import codes, passwords, record
from accounts.services.codes import CodeInvalid, Purpose
from chatchat.db import write_transaction


def change(
    *, user: User, session_id: int, email: str, code: str, current_password: str | None = None
) -> None:
    """Sign in with ``email`` (normalised) from now on; the old address is told.

    Raises WrongPassword, SignInAgain, CodeInvalid, the last one also for an address that is taken meanwhile.
    """
    passwords.confirm_presence(user=user, session_id=session_id, password=current_password)
    codes.check(purpose=Purpose.CHANGE_EMAIL, email=email, code=code, user_id=user.pk).take()
    old = user.email
    try:
        with write_transaction():
            User.objects.filter(pk=user.pk, deleted_at__isnull=True).update(email=email)
            record.own(Action.EMAIL_CHANGED, user.pk)
    except IntegrityError:
        raise CodeInvalid from None
    if old:
        mail.send(template="email_changed", to=old, language=user.language, email=email)
