"""Conversations as one person sees them, for any number of them in a constant number of queries."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import avatar_url
from chatchat.clock import now, rfc3339
from messaging import history, wire
from messaging.models import Conversation, Message, Participant

RECEIPTS_LIMIT = 200  # participants up to which a group's markers are told


def mine(user_id: int) -> QuerySet[Participant]:
    """The conversations in which a person takes part, most recently active first."""
    return (
        Participant.objects.filter(user_id=user_id, left_at=None)
        .placed()
        .order_by("-conversation__last_message_id", "-conversation_id")
    )


def states(participants: Iterable[Participant]) -> list[dict[str, Any]]:
    """``conversation`` on the wire for each participant, in their order.

    The participants have to be ``placed``; three more queries (last messages, their
    reactions, the other people of direct conversations).
    """
    rows = list(participants)
    last_ids = {row.conversation.last_message_id for row in rows}
    # An empty conversation's id is of a message elsewhere, so seq is compared too.
    found = history.shapes(Message.objects.filter(pk__in=last_ids))
    last = {(conversation, shape["seq"]): shape for conversation, shape in found}
    peers = _peers([row.conversation_id for row in rows if row.conversation.kind == Conversation.Kind.DIRECT])
    return [
        _state(
            row,
            last.get((row.conversation_id, row.conversation.last_seq)),
            peers.get(row.conversation_id, ()),
        )
        for row in rows
    ]


def _peers(conversation_ids: list[int]) -> dict[int, list[Participant]]:
    found: dict[int, list[Participant]] = {}
    if conversation_ids:
        for row in Participant.objects.filter(conversation__in=set(conversation_ids)).select_related("user"):
            found.setdefault(row.conversation_id, []).append(row)
    return found


def may_send(participant: Participant) -> bool:
    """Whether the person may speak now: the right, and no mute that still lasts, here or everywhere."""
    return participant.may_send and not is_muted(participant) and silence_of(participant) is None


def is_muted(participant: Participant) -> bool:
    """Whether a moderator's mute still lasts."""
    return participant.muted_until is not None and participant.muted_until > now()


def silence_of(participant: Participant) -> tuple[datetime, str] | None:
    """Until when, and why, a moderator has stopped the person from writing anywhere; None: not, or not any
    more. The participant has to be ``placed``."""
    row: Any = participant
    if row.silenced_until is None or row.silenced_until <= now():
        return None
    return row.silenced_until, row.silence_reason


def _silenced(me: Participant) -> dict[str, Any] | None:
    silence = silence_of(me)
    return {"until": rfc3339(silence[0]), "reason": silence[1]} if silence is not None else None


def _state(me: Participant, last: dict[str, Any] | None, both: Sequence[Participant]) -> dict[str, Any]:
    conversation = me.conversation
    other = next((row for row in both if row.user_id != me.user_id), None)
    peer = wire.person(other.user_id, other.user.nickname, other.user.avatar) if other else None
    if last is not None and last["seq"] < me.visible_from_seq:
        last = None
    return {
        "id": conversation.pk,
        "kind": conversation.kind,
        "title": peer["nickname"] if peer else conversation.title,
        "avatar": peer["avatar"] if peer else avatar_url(conversation.avatar),
        "peer": peer,
        "first_seq": me.visible_from_seq,
        "last_seq": conversation.last_seq,
        "last_version": conversation.last_version,
        "delivered_seq": me.delivered_seq,
        "read_seq": me.read_seq,
        "unread": unread_of(me),
        "last_message": wire.preview(last) if last else None,
        "muted": is_muted(me),
        "muted_until": rfc3339(me.muted_until) if me.muted_until and is_muted(me) else None,
        "silenced": _silenced(me),
        "may_send": may_send(me),
        "may_moderate": me.may_moderate,
        "pinned": me.pinned,
        "notifications": me.notifications,
        # A direct conversation that is closed for sending tells nothing of the other any more.
        "receipts": [receipt(other)] if other and me.may_send else [],
    }


def unread_of(participant: Participant) -> int:
    """Messages past the read marker, neither one's own nor the system's."""
    return max(0, participant.conversation.last_ordinal - participant.read_ordinal)


def receipt(participant: Participant) -> dict[str, Any]:
    """A participant's markers, as others are told them."""
    return {
        "user": participant.user_id,
        "delivered_seq": participant.delivered_seq,
        "read_seq": participant.read_seq,
    }


def with_receipts(me: Participant) -> dict[str, Any]:
    """One conversation's state with the others' markers, in groups of up to ``RECEIPTS_LIMIT`` too."""
    state = states([me])[0]
    if me.conversation.kind == Conversation.Kind.GROUP:
        others = Participant.objects.filter(conversation=me.conversation, left_at=None).exclude(pk=me.pk)
        rows = list(others.order_by("pk")[:RECEIPTS_LIMIT])
        state["receipts"] = [receipt(row) for row in rows] if len(rows) < RECEIPTS_LIMIT else []
    return state
