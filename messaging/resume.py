"""What a client is told when it says ``hello``: its conversations, and what it missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from messaging import history, wire
from messaging.models import Participant
from messaging.states import mine, states

LIST_LIMIT = 500  # conversations in ``ready``: those pinned, then the most recently active


@dataclass
class Start:
    """The answer to ``hello``, before any backlog."""

    user: dict[str, Any]
    conversations: list[dict[str, Any]]
    #: How far the client has got, in every conversation of the person.
    progress: list[history.Missed]


def conversation_ids(user_id: int) -> list[int]:
    """Every conversation in which the person takes part."""
    rows = Participant.objects.filter(user_id=user_id, left_at=None)
    return list(rows.values_list("conversation_id", flat=True))


def start(user_id: int, cursors: Mapping[int, int]) -> Start:
    """What ``ready`` says, and what there is after ``cursors`` {conversation: version}."""
    user = User.objects.get(pk=user_id)
    rows = list(mine(user_id))
    return Start(
        wire.person(user.pk, user.nickname, user.avatar),
        states(_listed(rows)),
        [_progress(row, cursors.get(row.conversation_id)) for row in rows],
    )


def _listed(rows: Sequence[Participant]) -> list[Participant]:
    """Those of ``rows`` that ``ready`` shows, in their order: a client puts the pinned ones first, so
    they are among them however long they have been silent."""
    pinned = sum(row.pinned for row in rows)
    others = max(0, LIST_LIMIT - pinned)
    listed: list[Participant] = []
    for row in rows:
        if row.pinned or others > 0:
            others -= not row.pinned
            listed.append(row)
    return listed[:LIST_LIMIT]


def state(user_id: int, conversation_id: int) -> tuple[dict[str, Any], history.Missed] | None:
    """One conversation's state for a person who takes part now; None for anybody else."""
    row = mine(user_id).filter(conversation_id=conversation_id).first()
    if row is None:
        return None
    return states([row])[0], _progress(row, row.conversation.last_version)


def _progress(row: Participant, cursor: int | None) -> history.Missed:
    conversation = row.conversation
    return history.Missed(
        row.conversation_id,
        row.visible_from_seq,
        row.delivered_seq,
        conversation.last_seq,
        conversation.last_version,
        cursor,
    )
