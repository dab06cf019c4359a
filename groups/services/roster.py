"""Who comes in and who goes: what the use cases share, on a locked group."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chatchat.clock import now
from chatchat.errors import Conflict
from groups import access
from groups.access import Locked
from groups.models import Group, History, Membership, Role
from messaging.services import conversations


def say(locked: Locked, event: str, **data: Any) -> None:
    """A line of the system's in the group, naming who did it, unless that was the system."""
    if locked.by is not None:
        data["by"] = locked.by
    conversations.say(locked.conversation, event=event, **data)


def may_send(group: Group, role: int) -> bool:
    """Owner and admins may always write; members unless all are muted."""
    return role <= Role.ADMIN or not group.muted_all


def require_room(group: Group) -> None:
    """Raise ``Conflict`` ``group_full`` at the limit."""
    if group.member_count >= settings.GROUP_MAX_MEMBERS:
        raise Conflict(_("This group is full."), code="group_full")


def admit(locked: Locked, user_id: int, **said: Any) -> Membership:
    """Let somebody in as a member; ``said`` is added to the system's line about it."""
    group = locked.group
    require_room(group)
    membership = Membership.objects.create(group=group, user_id=user_id, joined_at=now())
    access.require_active(user_id)
    _count(group, 1)
    conversations.join(
        locked.conversation,
        user_id=user_id,
        may_send=may_send(group, Role.MEMBER),
        history_from_now=group.history == History.SINCE_JOINED,
    )
    conversations.say(locked.conversation, event="member.joined", user=user_id, **said)
    return membership


def remove(locked: Locked, membership: Membership, *, reason: str) -> None:
    """Take somebody out; their access ends with the commit."""
    membership.delete()
    _count(locked.group, -1)
    conversations.leave(locked.conversation, user_id=membership.user_id, reason=reason)


def _count(group: Group, change: int) -> None:
    group.member_count += change
    group.save(update_fields=["member_count"])
