"""Offline messages: those past the delivered marker, over all of a person's conversations."""

from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from chatchat.api import MAX_ID
from chatchat.errors import Invalid
from messaging import history
from messaging.models import Message, Participant


def page(*, user_id: int, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """``{conversation, message}`` by conversation and seq, after ``cursor``; and the next cursor.

    Numbers have no holes, so how many messages a conversation contributes is known before they are
    read: three queries, however many conversations and messages there are.
    """
    conversation, seq = _parse(cursor)
    behind = (
        Participant.objects.filter(user_id=user_id, left_at=None, conversation_id__gte=conversation)
        .filter(delivered_seq__lt=F("conversation__last_seq"))
        .order_by("conversation_id")
        .values_list("conversation_id", "delivered_seq", "visible_from_seq", "conversation__last_seq")
    )
    wanted, missing = Q(pk__in=()), limit + 1
    for id_, delivered, first_seq, last_seq in behind[: limit + 2]:
        after = max(delivered, first_seq - 1, seq if id_ == conversation else 0)
        if last_seq > after and missing > 0:
            upto = min(last_seq, after + missing)
            wanted |= Q(conversation_id=id_, seq__gt=after, seq__lte=upto)
            missing -= upto - after
    found = history.shapes(Message.objects.filter(wanted).order_by("conversation_id", "seq"))
    results = [{"conversation": id_, "message": shape} for id_, shape in found[:limit]]
    if len(found) <= limit:
        return results, None
    conversation, last = found[limit - 1]
    return results, f"{conversation}-{last['seq']}"


def _parse(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    conversation, _sep, seq = cursor.partition("-")
    if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in (conversation, seq)):
        raise Invalid(details={"cursor": [_("That cursor is not one of ours.")]})
    if max(int(conversation), int(seq)) > MAX_ID:
        raise Invalid(details={"cursor": [_("That cursor is not one of ours.")]})
    return int(conversation), int(seq)
