"""Why a badge says what it says: the messages past a person's read marker, each counted or passed over.

Unread is the conversation's last ordinal less the one at the read marker; an ordinal is the number of
people's messages up to and including it. So the counted message whose ordinal is ``read_ordinal + n`` is the
n-th unread one, and the last one's number is the badge: nothing has to be counted to check it.
"""

from typing import Any

from chatchat.clock import rfc3339
from messaging import wire
from messaging.models import Message, Participant
from messaging.states import unread_of

COUNTED = {"message": True, "recalled": True, "own": False, "system": False}
_FIELDS = (
    "seq", "ordinal", "kind", "sent_at", "recalled_at", "sender_id", "sender__nickname", "sender__avatar",
)  # fmt: skip


def explain(participant: Participant, *, limit: int, after: int = 0) -> dict[str, Any]:
    """The count, how it came about, and a page of messages past the read marker; one query.

    ``after`` is a seq, the ``next`` of the page before.
    """
    conversation = participant.conversation
    first = max(after, participant.read_seq, participant.visible_from_seq - 1) + 1
    # Seqs have no holes: a page is a narrow range of them (see ``history.page``).
    last = min(first + limit - 1, conversation.last_seq)
    rows = Message.objects.filter(conversation_id=conversation.pk, seq__range=(first, last)).order_by("seq")
    return {
        "conversation": conversation.pk,
        "unread": unread_of(participant),
        "read_seq": participant.read_seq,
        "read_ordinal": participant.read_ordinal,
        "last_seq": conversation.last_seq,
        "last_ordinal": conversation.last_ordinal,
        "first_seq": participant.visible_from_seq,
        "results": [_item(row, participant) for row in rows.values(*_FIELDS)],
        "next": last if last < conversation.last_seq else None,
    }


def _item(row: dict[str, Any], me: Participant) -> dict[str, Any]:
    reason = _reason(row, me.user_id)
    sender = row["sender_id"]
    return {
        "seq": row["seq"],
        "sender": None
        if sender is None
        else wire.person(sender, row["sender__nickname"], row["sender__avatar"]),
        "counted": COUNTED[reason],
        "reason": reason,
        "number": row["ordinal"] - me.read_ordinal if COUNTED[reason] else None,
        "sent_at": rfc3339(row["sent_at"]),
    }


def _reason(row: dict[str, Any], user_id: int) -> str:
    if row["sender_id"] is None:
        return "system"
    if row["sender_id"] == user_id:
        return "own"
    return "message" if row["recalled_at"] is None else "recalled"
