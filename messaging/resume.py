"""What a client is told when it says ``hello``: its conversations, and what it missed.

Everybody says it, a thousand at once after a restart. So it is read for all who ask at the same time
together (``chatchat.threads.Together``), and by plain SQL, where the ORM costs four times as much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.authentication import check_sessions
from chatchat.db import placeholders
from chatchat.errors import ChatError
from chatchat.threads import Together
from messaging import history, wire
from messaging.models import Participant
from messaging.states import Standing, mine, standings, states

BACKLOGS_AT_ONCE = 20  # conversations read together for one reader, so that memory stays small
LIST_LIMIT = 500  # conversations in ``ready``: those pinned, then the most recently active


@dataclass
class Arrival:
    """Somebody whose session goes on, and every conversation in which they take part."""

    person: dict[str, Any]
    conversations: list[int]


@dataclass
class Start:
    """The answer to ``hello``, before any backlog."""

    conversations: list[dict[str, Any]]
    #: How far the client has got, in every conversation of the person.
    progress: list[history.Missed]


def arrivals(wanted: Sequence[tuple[int, int]]) -> list[Arrival | ChatError]:
    """For each (user, session) what ``hello`` begins with, or why the session is over; two queries."""
    sessions = check_sessions(wanted)
    conversations = _conversation_ids({user_id for user_id, _ in wanted})
    return [
        session
        if isinstance(session, ChatError)
        else Arrival(
            wire.person(session.user.pk, session.user.nickname, session.user.avatar),
            conversations[session.user_id],
        )
        for session in sessions
    ]


def _conversation_ids(user_ids: set[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {user_id: [] for user_id in user_ids}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT user_id, conversation_id FROM messaging_participant "  # noqa: S608 - only placeholders
            f"WHERE user_id IN ({placeholders(len(found))}) AND left_at IS NULL",
            list(found),
        )
        for user_id, conversation in cursor.fetchall():
            found[user_id].append(conversation)
    return found


def starts(wanted: Sequence[tuple[int, Mapping[int, int]]]) -> list[Start]:
    """For each (user, cursors {conversation: version}) what ``ready`` says, and what there is after them;
    three queries, and one if there are reactions."""
    rows = standings({user_id for user_id, _ in wanted})
    listed = {user_id: _listed(mine) for user_id, mine in rows.items()}
    told = iter(states([row for mine in listed.values() for row in mine]))
    shown = {user_id: [next(told) for _ in mine] for user_id, mine in listed.items()}
    return [
        Start(shown[user_id], [_progress(row, cursors.get(row.conversation_id)) for row in rows[user_id]])
        for user_id, cursors in wanted
    ]


def _backlogs(wanted: Sequence[Sequence[history.Missed]]) -> list[list[history.Backlog]]:
    found = iter(history.backlogs([missed for each in wanted for missed in each]))
    return [[next(found) for _ in each] for each in wanted]


arrive = Together(arrivals)
start = Together(starts, most=20)  # of up to LIST_LIMIT states each
#: As many messages as one reader's next backlogs may hold; SQLite joins 500 queries at most.
backlogs = Together(_backlogs, most=BACKLOGS_AT_ONCE * history.BACKLOG_LIMIT, weight=history.weight)


def _listed(rows: Sequence[Standing]) -> list[Standing]:
    """Those of ``rows`` that ``ready`` shows, in their order: a client puts the pinned ones first, so
    they are among them however long they have been silent."""
    pinned = sum(row.pinned for row in rows)
    others = max(0, LIST_LIMIT - pinned)
    listed: list[Standing] = []
    for row in rows:
        if row.pinned or others > 0:
            others -= not row.pinned
            listed.append(row)
    return listed[:LIST_LIMIT]


def state(user_id: int, conversation_id: int) -> tuple[dict[str, Any], history.Missed] | None:
    """One conversation's state for a person who takes part now; None for anybody else."""
    found: Participant | None = mine(user_id).filter(conversation_id=conversation_id).first()
    if found is None:
        return None
    row = Standing.of(found)
    return states([row])[0], _progress(row, row.last_version)


def _progress(row: Standing, cursor: int | None) -> history.Missed:
    return history.Missed(
        row.conversation_id,
        row.visible_from_seq,
        row.delivered_seq,
        row.last_seq,
        row.last_version,
        cursor,
    )
