"""Who may act on whom: a superuser on everybody, an administrator on moderators, those on people."""

from enum import IntEnum

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chatchat.errors import Forbidden
from chatchat.roles import ADMINISTRATOR


class Rank(IntEnum):
    """The higher acts on the lower."""

    PERSON = 0
    MODERATOR = 1
    ADMINISTRATOR = 2
    SUPERUSER = 3


def rank_of(user: User) -> Rank:
    """Of who may enter the admin by their role, of all others as people."""
    if not user.is_staff:
        return Rank.PERSON
    if user.is_superuser:
        return Rank.SUPERUSER
    return Rank.ADMINISTRATOR if user.groups.filter(name=ADMINISTRATOR).exists() else Rank.MODERATOR


def require_over(by: User | None, user: User) -> None:
    """Raise Forbidden unless ``by`` outranks the person; nobody outranks themselves. None: the system."""
    if by is not None and (by.pk == user.pk or rank_of(by) <= rank_of(user)):
        raise Forbidden(_("You may not do that to yourself, or to somebody of your own rank or above."))
