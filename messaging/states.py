"""Conversations as one person sees them, for any number of them in a constant number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db import connection
from django.db.models import QuerySet

from accounts.models import avatar_url
from chatchat.clock import now, rfc3339
from chatchat.db import in_utc, placeholders
from messaging import history, wire
from messaging.models import Conversation, Participant

RECEIPTS_LIMIT = 200  # participants up to which a group's markers are told


@dataclass(slots=True)
class Standing:
    """A person's place in a conversation, with what its state says of the conversation."""

    user_id: int
    conversation_id: int
    visible_from_seq: int
    delivered_seq: int
    read_seq: int
    read_ordinal: int
    may_send: bool
    may_moderate: bool
    muted_until: datetime | None
    pinned: bool
    notifications: str
    kind: str
    title: str
    avatar: str
    last_seq: int
    last_version: int
    last_ordinal: int
    last_message_id: int
    #: Of the person, wherever they write.
    silenced_until: datetime | None
    silence_reason: str

    @classmethod
    def of(cls, row: Participant) -> Self:
        """From a ``placed`` participant."""
        placed: Any = row
        place: list[Any] = [getattr(row, name) for name in _PLACE]
        conversation = [getattr(row.conversation, name) for name in _CONVERSATION]
        return cls(*[*place, *conversation, placed.silenced_until, placed.silence_reason])


_PLACE = (
    "user_id", "conversation_id", "visible_from_seq", "delivered_seq", "read_seq", "read_ordinal",
    "may_send", "may_moderate", "muted_until", "pinned", "notifications",
)  # fmt: skip
_CONVERSATION = (
    "kind", "title", "avatar", "last_seq", "last_version", "last_ordinal", "last_message_id",
)  # fmt: skip
_STANDINGS = (
    f"SELECT {', '.join(f'p.{name}' for name in _PLACE)}, "  # noqa: S608 - names are ours
    f"{', '.join(f'c.{name}' for name in _CONVERSATION)}, "
    "u.silenced_until, u.silence_reason "
    "FROM messaging_participant p JOIN messaging_conversation c ON c.id = p.conversation_id "
    "JOIN accounts_user u ON u.id = p.user_id WHERE p.left_at IS NULL AND p.user_id IN "
)


def standings(user_ids: Iterable[int]) -> dict[int, list[Standing]]:
    """{person: where they take part, most recently active first}; one query, see ``resume``."""
    found: dict[int, list[Standing]] = {user_id: [] for user_id in user_ids}
    with connection.cursor() as cursor:
        cursor.execute(f"{_STANDINGS}({placeholders(len(found))})", list(found))
        for row in cursor.fetchall():
            found[row[0]].append(Standing(*map(in_utc, row)))
    for rows in found.values():
        rows.sort(key=lambda row: (row.last_message_id, row.conversation_id), reverse=True)
    return found


def mine(user_id: int) -> QuerySet[Participant]:
    """The conversations in which a person takes part, most recently active first."""
    return (
        Participant.objects.filter(user_id=user_id, left_at=None)
        .placed()
        .order_by("-conversation__last_message_id", "-conversation_id")
    )


def states(places: Iterable[Participant | Standing]) -> list[dict[str, Any]]:
    """``conversation`` on the wire for each place, in their order.

    Participants have to be ``placed``; two more queries (last messages, the other people of direct
    conversations), and one if there are reactions to last messages.
    """
    rows = [place if isinstance(place, Standing) else Standing.of(place) for place in places]
    last = history.by_ids({row.last_message_id for row in rows})
    peers = _peers({row.conversation_id for row in rows if row.kind == Conversation.Kind.DIRECT})
    return [_state(row, _last(row, last), peers.get(row.conversation_id, ())) for row in rows]


def _last(row: Standing, found: dict[int, tuple[int, dict[str, Any]]]) -> dict[str, Any] | None:
    conversation, shape = found.get(row.last_message_id, (0, {}))
    # An empty conversation's id is of a message elsewhere; and not everybody sees all of a conversation.
    if conversation != row.conversation_id or shape["seq"] < row.visible_from_seq:
        return None
    return shape


@dataclass(slots=True)
class Peer:
    """One of the two of a direct conversation."""

    conversation_id: int
    user_id: int
    delivered_seq: int
    read_seq: int
    nickname: str
    avatar: str


_PEERS = (
    "SELECT p.conversation_id, p.user_id, p.delivered_seq, p.read_seq, u.nickname, u.avatar "
    "FROM messaging_participant p JOIN accounts_user u ON u.id = p.user_id WHERE p.conversation_id IN "
)


def _peers(conversation_ids: set[int]) -> dict[int, list[Peer]]:
    found: dict[int, list[Peer]] = {}
    if conversation_ids:
        with connection.cursor() as cursor:
            cursor.execute(f"{_PEERS}({placeholders(len(conversation_ids))})", list(conversation_ids))
            for row in cursor.fetchall():
                found.setdefault(row[0], []).append(Peer(*row))
    return found


def may_send(participant: Participant | Standing) -> bool:
    """Whether the person may speak now: the right, and no mute that still lasts, here or everywhere."""
    return bool(participant.may_send) and not is_muted(participant) and silence_of(participant) is None


def is_muted(participant: Participant | Standing) -> bool:
    """Whether a moderator's mute still lasts."""
    return participant.muted_until is not None and participant.muted_until > now()


def silence_of(participant: Participant | Standing) -> tuple[datetime, str] | None:
    """Until when, and why, a moderator has stopped the person from writing anywhere; None: not, or not any
    more. The participant has to be ``placed``."""
    row: Any = participant
    if row.silenced_until is None or row.silenced_until <= now():
        return None
    return row.silenced_until, row.silence_reason


def _silenced(me: Standing) -> dict[str, Any] | None:
    silence = silence_of(me)
    return {"until": rfc3339(silence[0]), "reason": silence[1]} if silence is not None else None


def _state(me: Standing, last: dict[str, Any] | None, both: Sequence[Peer]) -> dict[str, Any]:
    other = next((row for row in both if row.user_id != me.user_id), None)
    peer = wire.person(other.user_id, other.nickname, other.avatar) if other else None
    return {
        "id": me.conversation_id,
        "kind": me.kind,
        "title": peer["nickname"] if peer else me.title,
        "avatar": peer["avatar"] if peer else avatar_url(me.avatar),
        "peer": peer,
        "first_seq": me.visible_from_seq,
        "last_seq": me.last_seq,
        "last_version": me.last_version,
        "delivered_seq": me.delivered_seq,
        "read_seq": me.read_seq,
        "unread": _unread(me.last_ordinal, me.read_ordinal),
        "last_message": wire.preview(last) if last else None,
        "muted": is_muted(me),
        "muted_until": rfc3339(me.muted_until) if me.muted_until and is_muted(me) else None,
        "silenced": _silenced(me),
        "may_send": may_send(me),
        "may_moderate": bool(me.may_moderate),
        "pinned": bool(me.pinned),
        "notifications": me.notifications,
        # A direct conversation that is closed for sending tells nothing of the other any more.
        "receipts": [receipt(other)] if other and me.may_send else [],
    }


def unread_of(participant: Participant) -> int:
    """Messages past the read marker, neither one's own nor the system's."""
    return _unread(participant.conversation.last_ordinal, participant.read_ordinal)


def _unread(last_ordinal: int, read_ordinal: int) -> int:
    return max(0, last_ordinal - read_ordinal)


def receipt(participant: Participant | Peer) -> dict[str, Any]:
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
