"""What moderators of the site do about groups and who is in them, each with a reason.

A group that they dissolve is gone for everybody; who was in it as what is kept for ``MODERATION_KEEP``,
so that a mistake can be undone. Its messages stay in any case.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.audit import Action
from accounts.models import User
from accounts.services import avatars, notices, record
from chatchat.clock import now, rfc3339
from chatchat.db import retried, write_transaction
from chatchat.errors import Conflict, NotFound
from chatchat.realtime import Signal, frame, publish
from groups import access
from groups.access import Locked
from groups.models import Dissolved, Group, Membership, Role, search_key
from groups.services import invitations, lifecycle, members, requests, roster
from messaging.models import Conversation
from messaging.services import conversations

#: Of a group as it is kept.
KEPT = ("name", "introduction", "announcement", "join_policy", "history", "muted_all", "owner_id")
SWEPT = 20


@retried
def mute(*, group_id: int, user_id: int, until: datetime | None, by: User, reason: str) -> None:
    """Mute a member, whatever their role, until then; None lets them write again. Raises NotFound,"
    " Invalid."""
    record.check_term(until, needed=False)
    action = Action.UNMUTED if until is None else Action.MUTED
    with write_transaction():
        members.moderate_mute(group_id=group_id, user_id=user_id, until=until)
        _done(action, group_id, by, reason, subject=user_id, until=until)


@retried
def remove(*, group_id: int, user_id: int, by: User, reason: str) -> None:
    """Take a member out; who may come in may come back. Raises NotFound, Forbidden for the owner."""
    with write_transaction():
        members.kick(group_id=group_id, user_id=user_id)
        _done(Action.REMOVED, group_id, by, reason, subject=user_id)


@retried
def edit(*, group_id: int, by: User, reason: str, **words: Any) -> None:
    """Put a group's words right. Raises NotFound."""
    with write_transaction():
        lifecycle.edit(group_id=group_id, **words)
        _done(Action.GROUP_EDITED, group_id, by, reason, fields=sorted(words))


@retried
def remove_picture(*, group_id: int, by: User, reason: str) -> None:
    """Take a group's picture away. Raises NotFound."""
    with write_transaction():
        lifecycle.remove_avatar(group_id=group_id)
        _done(Action.PICTURE_REMOVED, group_id, by, reason)


@retried
def reject(*, group_id: int, request_id: int, user_id: int, by: User, reason: str) -> None:
    """Reject a request to join. Raises NotFound."""
    with write_transaction():
        requests.reject(group_id=group_id, request_id=request_id)
        _done(Action.JOIN_REJECTED, group_id, by, reason, subject=user_id)


@retried
def revoke(*, group_id: int, invitation_id: int, user_id: int, by: User, reason: str) -> None:
    """Take an invitation back that ``user_id`` made. Raises NotFound."""
    with write_transaction():
        invitations.revoke(group_id=group_id, invitation_id=invitation_id)
        _done(Action.INVITATION_REVOKED, group_id, by, reason, subject=user_id)


def _done(
    action: Action, group_id: int, by: User, reason: str, *, subject: int | None = None, **more: Any
) -> None:
    record.write(action, by=by.pk, subject=subject, conversation=group_id, reason=reason, **more)
    if subject is not None and action in notices.WORDS:
        title = Group.objects.values_list("name", flat=True).get(pk=group_id)
        notices.tell(
            User.objects.get(pk=subject), action, reason=reason, until=more.get("until"),
            conversation=group_id, title=title,
        )  # fmt: skip


# --- the end of a group, and back ------------------------------------------------------------------


@retried
def dissolve(*, group_id: int, by: User, reason: str) -> None:
    """End a group for everybody, with a reason; it can be restored. Raises NotFound."""
    with write_transaction():
        locked = access.lock_group(group_id)
        group = locked.group
        Dissolved.objects.update_or_create(
            conversation=locked.conversation,
            defaults={
                "name": group.name,
                "kept": _kept(locked),
                "dissolved_at": now(),
                "until": now() + settings.MODERATION_KEEP,
            },
        )
        record.write(Action.DISSOLVED, by=by.pk, subject=group.owner_id, conversation=group_id, reason=reason)
        owner, name = group.owner, group.name
        # All who are there hear why before their access ends, which happens in this order.
        said = frame(
            "notice",
            action=Action.DISSOLVED.value,
            reason=reason,
            until=None,
            conversation=group_id,
            title=name,
        )
        publish(Signal(group_id, said, owner.pk))
        notices.tell(owner, Action.DISSOLVED, reason=reason, conversation=group_id, title=name)
        lifecycle.end(locked, keep_picture=True)


def _kept(locked: Locked) -> dict[str, Any]:
    rows = Membership.objects.filter(group=locked.group).order_by("pk")
    return {
        **{name: getattr(locked.group, name) for name in KEPT},
        "avatar": locked.conversation.avatar,
        "created_at": rfc3339(locked.group.created_at),
        "members": [
            [user, role, rfc3339(muted) if muted else None, rfc3339(joined)]
            for user, role, muted, joined in rows.values_list("user_id", "role", "muted_until", "joined_at")
        ],
    }


@retried
def restore(*, conversation_id: int, by: User, reason: str) -> None:
    """Bring a dissolved group back, with those who were in it and have an account still.

    Requests and invitations are gone. Raises NotFound, Conflict where nobody is left.
    """
    with write_transaction():
        conversation = conversations.lock(conversation_id)
        dissolved = Dissolved.objects.filter(pk=conversation_id).first()
        if dissolved is None:
            raise NotFound
        present = _still_there(dissolved.kept["members"])
        if not present:
            raise Conflict(_("Nobody who was in it has an account any more."), code="nobody_left")
        group = _made_again(conversation, dissolved.kept, present)
        dissolved.delete()
        _let_in(conversation, group)
        if dissolved.kept["avatar"]:
            conversations.retitle(conversation, avatar=dissolved.kept["avatar"])
        conversations.say(conversation, event="group.restored")
        _done(Action.GROUP_RESTORED, group.pk, by, reason, subject=group.owner_id)


def _still_there(kept: list[list[Any]]) -> list[Membership]:
    """Who comes back, by rank: the owner first, or who takes their place."""
    # Banned people come back too: a ban may be lifted.
    people = User.objects.filter(pk__in=[row[0] for row in kept], deleted_at__isnull=True)
    alive = set(people.values_list("pk", flat=True))
    back = [
        Membership(user_id=user, role=role, muted_until=_moment(muted), joined_at=_moment(joined) or now())
        for user, role, muted, joined in kept
        if user in alive
    ]
    back.sort(key=lambda row: row.role)
    if back:
        back[0].role = Role.OWNER
    return back


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def _made_again(conversation: Conversation, kept: dict[str, Any], back: list[Membership]) -> Group:
    group = Group.objects.create(
        conversation=conversation,
        search_key=search_key(kept["name"]),
        member_count=len(back),
        created_at=_moment(kept["created_at"]) or now(),
        **{name: kept[name] for name in KEPT if name != "owner_id"},
        owner_id=back[0].user_id,
    )
    for row in back:
        row.group = group
    Membership.objects.bulk_create(back, batch_size=500)
    return group


def _let_in(conversation: Conversation, group: Group) -> None:
    rows = Membership.objects.filter(group=group).values_list("user_id", "role")
    leaders = [user for user, role in rows if role <= Role.ADMIN]
    others = [user for user, role in rows if role > Role.ADMIN]
    conversations.come_back(conversation, user_ids=leaders, may_send=True, may_moderate=True)
    may_send = roster.may_send(group, Role.MEMBER)
    conversations.come_back(conversation, user_ids=others, may_send=may_send, may_moderate=False)


def forget_what_is_over() -> None:
    """Let go of groups that were kept for long enough, and of their pictures."""
    over = Dissolved.objects.filter(until__lte=now()).order_by("until")
    for conversation_id in over.values_list("pk", flat=True)[:SWEPT]:
        _forget(conversation_id=conversation_id)


@retried
def _forget(*, conversation_id: int) -> None:
    with write_transaction():
        conversations.lock(conversation_id)
        row = Dissolved.objects.filter(pk=conversation_id, until__lte=now()).first()
        if row is not None:
            avatars.forget_on_commit(row.kept["avatar"])
            row.delete()
