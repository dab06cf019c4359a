"""Shutting people out, and letting them in again."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import sessions
from chatchat.clock import now
from chatchat.db import retried, write_transaction
from chatchat.errors import Forbidden, NotFound


def _locked(user_id: int) -> User:
    user: User | None = User.objects.select_for_update().filter(pk=user_id, deleted_at__isnull=True).first()
    if user is None:
        raise NotFound
    return user


@retried
def ban_person(*, user_id: int, by: User | None = None) -> None:
    """Shut the person out: every session ends, sockets close with 4403. Again changes nothing.

    ``by`` is the moderator: nobody bans themselves, and only a superuser bans staff. Raises Forbidden,
    NotFound.
    """
    with write_transaction():
        user = _locked(user_id)
        if by is not None and (by.pk == user.pk or (user.is_staff and not by.is_superuser)):
            raise Forbidden(_("You may not ban this person."))
        if user.banned_at is not None:
            return
        user.banned_at = now()
        user.save(update_fields=["banned_at"])
        sessions.end_all(user_id=user_id, reason="banned")


@retried
def unban_person(*, user_id: int) -> None:
    """Let the person in again; they sign in anew. Raises NotFound."""
    with write_transaction():
        user = _locked(user_id)
        user.banned_at = None
        user.save(update_fields=["banned_at"])
