"""A group begins, changes, passes to another owner, and ends."""

from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from accounts.services import avatars, silences
from chatchat.clock import now
from chatchat.db import retried, write_transaction
from chatchat.errors import Invalid, NotFound
from groups import access
from groups.access import Locked
from groups.models import Group, History, JoinPolicy, Membership, Role, search_key
from groups.services import roster
from messaging.services import conversations


@retried
def create(
    *,
    owner_id: int,
    name: str,
    introduction: str = "",
    join_policy: str = JoinPolicy.OPEN,
    history: str = History.ALL,
) -> Group:
    """A new group with its owner in it. Raises Silenced."""
    silences.require_voice(owner_id)
    with write_transaction():
        conversation = conversations.create_group(title=name)
        group = Group.objects.create(
            conversation=conversation,
            name=name,
            search_key=search_key(name),
            introduction=introduction,
            join_policy=join_policy,
            history=history,
            owner_id=owner_id,
            member_count=1,
            created_at=now(),
        )
        owner = Membership.objects.create(group=group, user_id=owner_id, role=Role.OWNER, joined_at=now())
        access.require_active(owner_id)
        conversations.join(conversation, user_id=owner_id, may_moderate=True, history_from_now=False)
        roster.say(Locked(conversation, group, owner), "group.created", name=name)
    return group


@retried
def edit(*, group_id: int, actor_id: int | None = None, **fields: Any) -> Group:
    """Change ``name``, ``introduction``, ``announcement``, ``join_policy``, ``history``, ``muted_all``:
    owner and admins, or, without an actor, a moderator.

    What is as it was already is passed over, and nobody is told of it.
    """
    with write_transaction():
        locked = access.lock_as(group_id, actor_id=actor_id, at_least=Role.ADMIN)
        if actor_id is not None:
            silences.require_voice(actor_id)
        group = locked.group
        changed = {name: value for name, value in fields.items() if getattr(group, name) != value}
        for name, value in changed.items():
            setattr(group, name, value)
        group.search_key = search_key(group.name)
        group.save(update_fields=[*changed, "search_key"])
        _tell(locked, changed)
    return group


def _tell(locked: Locked, changed: dict[str, Any]) -> None:
    if "name" in changed:
        conversations.retitle(locked.conversation, title=changed["name"])
        roster.say(locked, "group.renamed", name=changed["name"])
    if "muted_all" in changed:
        _set_muted_all(locked, muted=changed["muted_all"])
    # The text itself is not in the line, which nobody can take back: it is asked for.
    if changed.get("announcement"):
        roster.say(locked, "group.announced")
        del changed["announcement"]
    if others := sorted(changed.keys() - {"name", "muted_all"}):
        roster.say(locked, "group.changed", fields=others)


def set_avatar(*, actor_id: int, group_id: int, image: IO[bytes]) -> None:
    """Make ``image`` the group's picture: owner and admins. Raises Invalid, TooLarge, UnsupportedType."""
    access.member(group_id, actor_id, at_least=Role.ADMIN)  # before any work is done for them
    avatars.keep(image, lambda name: _show(actor_id=actor_id, group_id=group_id, name=name))


def remove_avatar(*, group_id: int, actor_id: int | None = None) -> None:
    """No picture; also if there was none: owner and admins, or, without an actor, a moderator."""
    _show(actor_id=actor_id, group_id=group_id, name="")


@retried
def _show(*, actor_id: int | None, group_id: int, name: str) -> None:
    with write_transaction():
        locked = access.lock_as(group_id, actor_id=actor_id, at_least=Role.ADMIN)
        if locked.conversation.avatar == name:
            return
        avatars.forget_on_commit(locked.conversation.avatar)
        conversations.retitle(locked.conversation, avatar=name)
        roster.say(locked, "group.changed", fields=["avatar"])


def _set_muted_all(locked: Locked, *, muted: bool) -> None:
    members = Membership.objects.filter(group=locked.group, role=Role.MEMBER)
    conversations.set_rights_of_all(
        locked.conversation, may_send=not muted, user_ids=list(members.values_list("user_id", flat=True))
    )
    roster.say(locked, "group.muted_all" if muted else "group.unmuted_all")


@retried
def transfer(*, actor_id: int, group_id: int, user_id: int) -> Group:
    """Make another member the owner; the old one stays as an admin."""
    with write_transaction():
        locked = access.lock_as(group_id, actor_id=actor_id, at_least=Role.OWNER)
        if user_id == actor_id:
            raise Invalid(details={"user": [_("That is you.")]})
        heir = access.membership_of(group_id, user_id)
        if heir is None:
            raise NotFound
        access.require_active(user_id)
        _pass_on(locked, heir)
        Membership.objects.filter(group=group_id, user=actor_id).update(role=Role.ADMIN)
    return locked.group


def _pass_on(locked: Locked, heir: Membership) -> None:
    heir.role, heir.muted_until = Role.OWNER, None
    heir.save(update_fields=["role", "muted_until"])
    locked.group.owner_id = heir.user_id
    locked.group.save(update_fields=["owner"])
    conversations.set_rights(
        locked.conversation, user_id=heir.user_id, may_send=True, may_moderate=True, muted_until=None
    )
    roster.say(locked, "group.transferred", user=heir.user_id)


@retried
def dissolve(*, group_id: int, actor_id: int | None = None) -> None:
    """End a group for everybody: its owner, or, without an actor, a moderator.

    The conversation and its messages stay in the database, where only moderators see them.
    """
    with write_transaction():
        locked = access.lock_as(group_id, actor_id=actor_id, at_least=Role.OWNER)
        end(locked)


def end(locked: Locked, *, keep_picture: bool = False) -> None:
    """End a locked group in the caller's transaction; its picture's file goes, unless it is kept."""
    roster.say(locked, "group.dissolved")
    if not keep_picture:
        avatars.forget_on_commit(locked.conversation.avatar)
    conversations.retitle(locked.conversation, avatar="")
    conversations.leave_all(locked.conversation, reason="dissolved")
    locked.group.delete()


def person_deleted(user_id: int) -> None:
    """Leave every group; ``policies.person_deleted`` calls it in its transaction.

    An owned group passes to the longest-serving admin, else the longest-serving member, else it ends.
    """
    mine = Membership.objects.filter(user=user_id).order_by("group_id")
    for group_id in mine.values_list("group_id", flat=True):
        locked = access.lock_group(group_id)
        membership = access.membership_of(group_id, user_id)
        if membership is not None:
            _leave_for_good(locked, membership)
    access.requests_of(user_id).delete()


def _leave_for_good(locked: Locked, membership: Membership) -> None:
    if membership.role == Role.OWNER:
        heir = access.heir_of(locked.group)
        if heir is None:
            end(locked)
            return
        _pass_on(locked, heir)
    roster.remove(locked, membership, reason="left")
    roster.say(locked, "member.left", user=membership.user_id)
