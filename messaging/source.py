"""What the hub asks of the database, each question in one of the database threads."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Q

from accounts.models import Revocation
from chatchat.db import placeholders
from chatchat.realtime import Change, Receipt, Revoked, State, frame
from chatchat.threads import Together, run
from messaging import access, history
from messaging.models import Participant
from messaging.states import receipt, states


class DatabaseSource:
    """See ``chatchat.realtime.ports.Source``."""

    async def heads(self, conversations: Sequence[int]) -> dict[int, int]:
        return await _heads(conversations)

    async def changes(self, conversation: int, after: int) -> tuple[int, list[Change]]:
        return await run(history.changes, conversation, after)

    async def states(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], State]:
        return await run(_states, wanted)

    async def receipts(self, conversation: int, users: Sequence[int]) -> list[Receipt]:
        return await run(_receipts, conversation, users)

    async def visible(self, viewer: int, others: Sequence[int]) -> set[int]:
        return await run(access.shown_presence, user_id=viewer, others=others)

    async def revocations(self, after: int, among: Sequence[int]) -> list[Revoked]:
        return await run(_revocations, after, among)


def _heads_of_all(wanted: Sequence[Sequence[int]]) -> list[dict[int, int]]:
    ids = {conversation for each in wanted for conversation in each}
    heads: dict[int, int] = {}
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, last_version FROM messaging_conversation "  # noqa: S608 - only placeholders
                f"WHERE id IN ({placeholders(len(ids))})",
                list(ids),
            )
            heads.update(cursor.fetchall())
    return [{id_: heads[id_] for id_ in each if id_ in heads} for each in wanted]


_heads = Together(_heads_of_all, most=20)  # of up to 500 conversations each


def _states(wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], State]:
    users: dict[int, list[int]] = {}
    for conversation, user in wanted:
        users.setdefault(conversation, []).append(user)
    either = reduce(or_, (Q(conversation=id_, user__in=those) for id_, those in users.items()))
    rows = list(Participant.objects.filter(either, left_at=None).placed())
    return {
        (row.conversation_id, row.user_id): State(
            frame("conversation", conversation=state),
            tuple(Receipt(**told) for told in [receipt(row), *state["receipts"]]),
        )
        for row, state in zip(rows, states(rows), strict=True)
    }


def _receipts(conversation: int, users: Sequence[int]) -> list[Receipt]:
    rows = Participant.objects.filter(conversation=conversation, user__in=users, left_at=None)
    return [Receipt(*row) for row in rows.values_list("user_id", "delivered_seq", "read_seq")]


def _revocations(after: int, among: Sequence[int]) -> list[Revoked]:
    rows = Revocation.objects.order_by("pk")
    if after < 0:
        found = list(rows.reverse()[:1])
    else:
        found = list(rows.filter(pk__gt=after))
        if among:
            found += rows.filter(pk__in=among)
    return [
        Revoked(row.pk, row.kind, row.user_id, row.session_id, row.conversation_id, row.reason)
        for row in found
    ]
