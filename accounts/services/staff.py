"""What moderators and administrators do about people beside banning and silencing them."""

from typing import Any

from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from accounts.audit import Action
from accounts.models import User
from accounts.services import avatars, deletion, notices, profiles, record, sessions, third_party
from accounts.services.bans import locked
from accounts.services.ranks import Rank, rank_of, require_over
from chatchat.db import retried, write_transaction
from chatchat.errors import Forbidden, Invalid
from chatchat.roles import ADMINISTRATOR, MODERATOR

NOBODY = "none"
SUPERUSER = "superuser"
ROLES = (NOBODY, MODERATOR, ADMINISTRATOR, SUPERUSER)


@retried
def end_sessions(*, user_id: int, by: User, reason: str) -> None:
    """End all of a person's sessions; they may sign in again. Raises Forbidden, NotFound."""
    with write_transaction():
        user = locked(user_id)
        require_over(by, user)
        record.write(Action.SESSIONS_ENDED, by=by.pk, subject=user_id, reason=reason)
        # Told before the sockets close, which happens in this order.
        notices.tell(user, Action.SESSIONS_ENDED, reason=reason)
        sessions.end_all(user_id=user_id, reason="moderator")


@retried
def end_session(*, user_id: int, session_id: int, by: User, reason: str) -> None:
    """End one of a person's sessions. Raises Forbidden, NotFound."""
    with write_transaction():
        user = locked(user_id)
        require_over(by, user)
        sessions.end(user_id=user_id, session_id=session_id, reason="moderator")
        record.write(Action.SESSION_ENDED, by=by.pk, subject=user_id, reason=reason, session=session_id)


@retried
def appoint(*, user_id: int, role: str, by: User, reason: str) -> None:
    """Give a person a role in the place of the one they had. Raises Forbidden, NotFound, Invalid.

    Nobody gives more than they may take away again: an administrator makes moderators and
    administrators, of people who are neither administrators nor superusers; a superuser makes anybody.
    """
    if role not in ROLES:
        raise Invalid(details={"role": [_("There is no such role.")]})
    with write_transaction():
        user = locked(user_id)
        require_over(by, user)
        if role == SUPERUSER and rank_of(by) is not Rank.SUPERUSER:
            raise Forbidden(_("Only a superuser makes superusers."))
        before = role_of(user)
        held = set(user.groups.values_list("name", flat=True))
        if before == role and held == {role} - {NOBODY, SUPERUSER}:
            return
        user.is_staff, user.is_superuser = role != NOBODY, role == SUPERUSER
        user.save(update_fields=["is_staff", "is_superuser"])
        user.groups.set(Group.objects.filter(name=role))
        user.user_permissions.clear()
        record.write(Action.ROLE, by=by.pk, subject=user_id, reason=reason, before=before, after=role)


def role_of(user: User) -> str:
    """One of ``ROLES``."""
    return (NOBODY, MODERATOR, ADMINISTRATOR, SUPERUSER)[rank_of(user)]


@retried
def edit_profile(*, user: User, by: User, reason: str, **changes: Any) -> None:
    """Put right what a person says about themselves. Raises Forbidden, Invalid."""
    with write_transaction():
        require_over(by, user)
        profiles.update(user=user, **changes)
        record.write(Action.PROFILE_EDITED, by=by.pk, subject=user.pk, reason=reason, fields=sorted(changes))


@retried
def remove_avatar(*, user: User, by: User, reason: str) -> None:
    """Take a person's picture away. Raises Forbidden."""
    with write_transaction():
        require_over(by, user)
        avatars.remove_avatar(user=user)
        record.write(Action.AVATAR_REMOVED, by=by.pk, subject=user.pk, reason=reason)


@retried
def erase(*, user_id: int, by: User, reason: str) -> None:
    """Delete an account for good, as its person could. Raises Forbidden, NotFound."""
    with write_transaction():
        require_over(by, User.objects.get(pk=user_id))
        deletion.erase_person(user_id=user_id, by=by.pk, reason=reason)


@retried
def unlink(*, user_id: int, identity_id: int, by: User, reason: str) -> None:
    """Take an identity of a third party's away from a person. Raises Forbidden, NotFound, LastWayIn."""
    with write_transaction():
        require_over(by, User.objects.get(pk=user_id))
        third_party.unlink(user_id=user_id, identity_id=identity_id, by=by.pk, reason=reason)
