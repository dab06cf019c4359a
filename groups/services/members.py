"""Members: joining, leaving, removing, roles, mutes."""

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from chatchat.clock import now, rfc3339
from chatchat.db import retried, write_transaction
from chatchat.errors import Conflict, Forbidden, Invalid, NotFound
from groups import access
from groups.access import Locked
from groups.models import Invitation, JoinPolicy, JoinRequest, Membership, Role
from groups.services import requests, roster
from messaging.services import conversations
from messaging.services.conversations import UNSET, Unset


@retried
def join(*, user_id: int, group_id: int, token: str | None = None, message: str = "") -> JoinRequest | None:
    """Come in, as the group's policy has it; the request that now waits, or None for who is in.

    An invitation's ``token`` opens every group. Raises ``NotFound`` where it takes an invitation and
    there is none that holds, ``Conflict`` ``already_member``, ``already_requested``, ``group_full``.
    """
    with write_transaction():
        locked = access.lock_group(group_id, actor_id=user_id)
        if locked.actor is not None:
            raise Conflict(_("You are in this group already."), code="already_member")
        if token is not None:
            _use_invitation(group_id, token)
        elif locked.group.join_policy == JoinPolicy.INVITE:
            raise NotFound
        elif locked.group.join_policy == JoinPolicy.APPROVAL:
            return requests.ask(locked, user_id=user_id, message=message)
        requests.settle(locked, user_id=user_id)
        roster.admit(locked, user_id)
    return None


def _use_invitation(group_id: int, token: str) -> None:
    # One statement that counts and checks: of two at once with one use left, one wins.
    usable = Invitation.objects.usable(now()).filter(token=token, group=group_id)
    if not usable.update(uses=F("uses") + 1):
        raise NotFound


@retried
def leave(*, user_id: int, group_id: int) -> None:
    """Go. Raises ``Conflict`` ``owner_must_transfer`` for the owner."""
    with write_transaction():
        locked = access.lock_group(group_id, actor_id=user_id)
        membership = access.require_rank(locked.actor, Role.MEMBER)
        if membership.role == Role.OWNER:
            raise Conflict(
                _("Make somebody else the owner first, or dissolve the group."), code="owner_must_transfer"
            )
        roster.remove(locked, membership, reason="left")
        conversations.say(locked.conversation, event="member.left", user=user_id)


@retried
def kick(*, group_id: int, user_id: int, actor_id: int | None = None) -> None:
    """Remove a member: who outranks them, or, without an actor, a moderator (not the owner)."""
    with write_transaction():
        locked, target = access.lock_over(group_id, user_id, actor_id=actor_id)
        if target.role == Role.OWNER:
            raise Forbidden
        # An admin who is sent away does not come back by a link of their own making.
        Invitation.objects.filter(group=group_id, created_by=user_id).delete()
        roster.remove(locked, target, reason="kicked")
        roster.say(locked, "member.removed", user=user_id)


@retried
def change(
    *,
    actor_id: int,
    group_id: int,
    user_id: int,
    role: Role | None = None,
    muted_until: datetime | Unset | None = UNSET,
) -> Membership:
    """Change a member's role (the owner may) or mute them until then (who outranks them); None unmutes."""
    if isinstance(muted_until, datetime) and muted_until <= now():
        raise Invalid(details={"muted_until": [_("That is past.")]})
    with write_transaction():
        locked, target = access.lock_over(group_id, user_id, actor_id=actor_id)
        if role is not None:
            access.require_rank(locked.actor, Role.OWNER)
            _set_role(locked, target, role)
        if not isinstance(muted_until, Unset):
            _mute(locked, target, muted_until)
    return target


@retried
def moderate_mute(*, group_id: int, user_id: int, until: datetime | None) -> None:
    """Mute anybody in the group until then, or let them write again, as a moderator of the site."""
    with write_transaction():
        locked, target = access.lock_over(group_id, user_id, actor_id=None)
        _mute(locked, target, until)


def _set_role(locked: Locked, target: Membership, role: Role) -> None:
    if target.role == role:
        return
    target.role = role
    if role == Role.ADMIN:
        target.muted_until = None
    target.save(update_fields=["role", "muted_until"])
    conversations.set_rights(
        locked.conversation,
        user_id=target.user_id,
        may_send=roster.may_send(locked.group, role),
        may_moderate=role <= Role.ADMIN,
        muted_until=target.muted_until,
    )
    roster.say(locked, "role.changed", user=target.user_id, role=role.word)


def _mute(locked: Locked, target: Membership, until: datetime | None) -> None:
    if target.muted_until == until:
        return
    target.muted_until = until
    target.save(update_fields=["muted_until"])
    conversations.set_rights(locked.conversation, user_id=target.user_id, muted_until=until)
    if until is None:
        roster.say(locked, "member.unmuted", user=target.user_id)
    else:
        roster.say(locked, "member.muted", user=target.user_id, until=rfc3339(until))
