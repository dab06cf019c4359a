"""Asking for a code by e-mail."""

from django.utils.translation import gettext_lazy as _

from accounts import mail
from accounts.models import User
from accounts.services import codes
from accounts.services.codes import Purpose
from chatchat.errors import Invalid


def request_code(*, purpose: Purpose, email: str, user: User | None = None, language: str) -> None:
    """Mail a code for ``purpose`` to ``email`` (normalised).

    ``bind``: whoever reads the address, whether it has an account or not. ``register``: an address that
    has an account gets a note instead. ``reset_password``: one that has
    none gets nothing. ``change_password``: must be the signed-in ``user``'s own. ``change_email``: the
    new address; one that has an account gets the note. The asker learns none of this, and the same
    queries, cache writes and hashes are made whichever it is.
    """
    holder = User.objects.filter(email=email).first()
    real, template = True, "code"
    if purpose is Purpose.RESET_PASSWORD:
        real = holder is not None and holder.is_active
        template = "code" if real else ""
    elif purpose is Purpose.BIND:
        real = holder is None or holder.is_active
        template = "code" if real else ""
    elif purpose is Purpose.CHANGE_PASSWORD:
        if holder is None or user is None or holder.pk != user.pk:
            raise Invalid(details={"email": [_("That is not the address of your account.")]})
    elif holder is not None:
        if user is not None and holder.pk == user.pk:
            raise Invalid(details={"email": [_("That is the address of your account already.")]})
        real, template = False, "already_registered"
    code = codes.issue(purpose=purpose, email=email, user_id=user.pk if user else None, real=real)
    mail.send(
        template=template or None,
        to=email,
        language=holder.language if holder else language,
        code=code,
        purpose=purpose.value,
    )
