"""The end of an account."""

from accounts.audit import Action
from accounts.models import DELETED_NICKNAME, User
from accounts.services import avatars, passwords, record, sessions
from chatchat import policies
from chatchat.clock import now
from chatchat.db import retried, write_transaction


def delete_person(*, user: User, session_id: int, current_password: str | None) -> None:
    """Leave an empty shell: what they wrote stays, under a name that says so.

    Raises WrongPassword, SignInAgain.
    """
    passwords.confirm_presence(user=user, session_id=session_id, password=current_password)
    erase_person(user_id=user.pk)


@retried
def erase_person(*, user_id: int, by: int | None = None, reason: str = "") -> None:
    """``delete_person`` as an operator (``by``) does it, who was asked to. Again changes nothing."""
    with write_transaction():
        # Conversations are locked before people, here as everywhere.
        policies.person_deleted(user_id)
        user = User.objects.select_for_update().get(pk=user_id)
        if user.deleted_at is not None:
            return
        # And what was begun with them before their row was locked; nothing more can be, from here on.
        policies.person_deleted(user_id)
        avatars.forget_on_commit(user.avatar)
        user.email, user.nickname, user.introduction, user.avatar = None, DELETED_NICKNAME, "", ""
        user.is_staff = user.is_superuser = False
        user.deleted_at = now()
        user.set_unusable_password()
        user.save()
        user.identities.all().delete()
        user.groups.clear()
        user.user_permissions.clear()
        sessions.end_all(user_id=user_id, reason="deleted")
        record.write(Action.DELETED, by=by or user_id, subject=user_id, reason=reason)
