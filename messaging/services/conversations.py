"""Conversations and who takes part in them, for the apps that own the rules: social and groups.

Everything here runs inside the caller's ``write_transaction``, on a conversation that ``lock``,
``open_direct`` or ``create_group`` returned (its row is locked), and publishes on commit.
"""

from datetime import datetime
from typing import Any, Final

from accounts.models import Revocation
from accounts.services.revocations import revoke, revoke_participation
from chatchat.clock import now
from chatchat.errors import NotFound
from chatchat.realtime import Restate, publish
from messaging import store, wire
from messaging.models import Conversation, Message, Notifications, Participant


class Unset:
    """The type of "leave it as it is"."""


UNSET: Final = Unset()


def lock(conversation_id: int) -> Conversation:
    """The conversation, its row locked until the transaction ends; ``NotFound`` if there is none."""
    conversation = Conversation.objects.select_for_update().filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFound
    return conversation


def _pair(user_ids: tuple[int, int]) -> str:
    low, high = sorted(user_ids)
    return f"{low}:{high}"


def direct_of(*, user_ids: tuple[int, int]) -> int | None:
    """The id of two people's direct conversation, if they ever had one."""
    return Conversation.objects.filter(pair=_pair(user_ids)).values_list("pk", flat=True).first()


def open_direct(*, user_ids: tuple[int, int]) -> Conversation:
    """The one direct conversation of two people, locked; made if it is missing, with both in it."""
    pair = _pair(user_ids)
    made, _ = Conversation.objects.get_or_create(
        pair=pair, defaults={"kind": Conversation.Kind.DIRECT, "last_message_id": _newest_message()}
    )
    conversation = lock(made.pk)
    present = set(conversation.participants.values_list("user_id", flat=True))
    for user_id in sorted(set(user_ids) - present):
        join(conversation, user_id=user_id, history_from_now=False)
    return conversation


def _newest_message() -> int:
    return Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def create_group(*, title: str) -> Conversation:
    """A new group's conversation, locked, with nobody in it."""
    made = Conversation.objects.create(kind=Conversation.Kind.GROUP, title=title)
    return lock(made.pk)


def join(
    conversation: Conversation,
    *,
    user_id: int,
    may_send: bool = True,
    may_moderate: bool = False,
    history_from_now: bool,
) -> None:
    """Let a person take part, for the first time or again; what was there before counts as read.

    ``history_from_now``: they see only what comes after; otherwise everything.
    """
    Participant.objects.update_or_create(
        conversation=conversation,
        user_id=user_id,
        defaults={
            "visible_from_seq": conversation.last_seq + 1 if history_from_now else 1,
            "delivered_seq": conversation.last_seq,
            "read_seq": conversation.last_seq,
            "read_ordinal": conversation.last_ordinal,
            "may_send": may_send,
            "may_moderate": may_moderate,
            "muted_until": None,
            "pinned": False,
            "notifications": Notifications.ALL,
            "left_at": None,
        },
    )
    revoke(
        kind=Revocation.Kind.PARTICIPATION,
        user_id=user_id,
        conversation_id=conversation.pk,
        reason="joined",
    )


def leave(conversation: Conversation, *, user_id: int, reason: str) -> None:
    """End a person's access, at once and on every process; ``reason``: left, kicked or dissolved."""
    ended = Participant.objects.filter(conversation=conversation, user_id=user_id, left_at=None).update(
        left_at=now(), may_send=False, may_moderate=False
    )
    if ended:
        revoke(
            kind=Revocation.Kind.PARTICIPATION,
            user_id=user_id,
            conversation_id=conversation.pk,
            reason=reason,
        )


def leave_all(conversation: Conversation, *, reason: str) -> None:
    """End everybody's access."""
    present = Participant.objects.filter(conversation=conversation, left_at=None)
    user_ids = list(present.order_by("pk").values_list("user_id", flat=True))
    present.update(left_at=now(), may_send=False, may_moderate=False)
    revoke_participation(user_ids=user_ids, conversation_id=conversation.pk, reason=reason)


def come_back(conversation: Conversation, *, user_ids: list[int], may_send: bool, may_moderate: bool) -> None:
    """Give people their places back as they left them: markers, mutes, and from where they see."""
    left = Participant.objects.filter(conversation=conversation, user_id__in=user_ids)
    left.update(left_at=None, may_send=may_send, may_moderate=may_moderate)
    revoke_participation(user_ids=user_ids, conversation_id=conversation.pk, reason="joined")


def set_rights(
    conversation: Conversation,
    *,
    user_id: int,
    may_send: bool | None = None,
    may_moderate: bool | None = None,
    muted_until: datetime | Unset | None = UNSET,
) -> None:
    """Change what one participant may do; None leaves a right as it is. Their sockets are told."""
    changes: dict[str, Any] = {}
    if may_send is not None:
        changes["may_send"] = may_send
    if may_moderate is not None:
        changes["may_moderate"] = may_moderate
    if not isinstance(muted_until, Unset):
        changes["muted_until"] = muted_until
    present = Participant.objects.filter(conversation=conversation, user_id=user_id, left_at=None)
    if changes and present.update(**changes):
        revoke(
            kind=Revocation.Kind.PARTICIPATION,
            user_id=user_id,
            conversation_id=conversation.pk,
            reason="rights",
        )


def set_rights_of_all(
    conversation: Conversation, *, may_send: bool, user_ids: list[int] | None = None
) -> None:
    """Change the right to send of all participants, or of ``user_ids``; everybody's sockets are told."""
    present = Participant.objects.filter(conversation=conversation, left_at=None)
    if user_ids is not None:
        present = present.filter(user_id__in=user_ids)
    present.update(may_send=may_send)
    publish(Restate(conversation.pk))


def retitle(conversation: Conversation, *, title: str | None = None, avatar: str | None = None) -> None:
    """Change what the conversation is called or shows; everybody's sockets are told."""
    if title is not None:
        conversation.title = title
    if avatar is not None:
        conversation.avatar = avatar
    conversation.save(update_fields=["title", "avatar"])
    publish(Restate(conversation.pk))


def say(conversation: Conversation, **data: Any) -> Message:
    """Append a line of the system's, ``data`` {event, …}, worded by each client in its own language."""
    draft = store.Draft(conversation.pk, Message.Kind.SYSTEM.value, data=data)
    heads = {conversation.pk: _head(conversation)}
    store.append([draft], heads)
    head = heads[conversation.pk]
    conversation.last_seq, conversation.last_version = head.last_seq, head.last_version
    said = Message.objects.get(conversation=conversation, seq=draft.seq)
    conversation.last_message_id = said.pk
    shape = wire.message(
        seq=draft.seq,
        version=draft.version,
        sender=None,
        kind=draft.kind,
        body="",
        data=data,
        reply_to=None,
        reactions=[],
        client_id=None,
        sent_at=draft.sent_at,
    )
    publish(wire.change(conversation.pk, shape))
    return said


def _head(conversation: Conversation) -> store.Head:
    return store.Head(
        conversation.pk,
        conversation.kind,
        conversation.last_seq,
        conversation.last_version,
        conversation.last_ordinal,
    )


def restate_directs(user_id: int) -> None:
    """A person's nickname or avatar changed: it is what their direct conversations are called."""
    directs = Participant.objects.filter(user_id=user_id, conversation__kind=Conversation.Kind.DIRECT)
    publish(*(Restate(id_) for id_ in directs.values_list("conversation_id", flat=True)))
