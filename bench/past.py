"""A conversation's past, written straight into the tables: thousands of messages in a second."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

CHUNK = 500


@dataclass
class Said:
    """One message of the past."""

    sender: int
    body: str
    reply_to: int | None = None  #: a seq


def write_past(
    conversation_id: int,
    said: Iterable[Said],
    *,
    began: datetime,
    step: timedelta,
    read_by: Sequence[int] = (),
) -> int:
    """Append ``said`` to the conversation, as if it had been sent long ago; its last seq.

    ``read_by``: people who have read all of it. To be used before anybody watches the conversation.
    """
    from messaging.models import Conversation, Message, Participant

    conversation = Conversation.objects.get(pk=conversation_id)
    seq, version, ordinal = conversation.last_seq, conversation.last_version, conversation.last_ordinal
    numbered = enumerate(said)
    while chunk := list(itertools.islice(numbered, CHUNK)):
        rows = []
        for number, one in chunk:
            seq, version, ordinal = seq + 1, version + 1, ordinal + 1
            rows.append(
                Message(
                    conversation_id=conversation_id,
                    seq=seq,
                    version=version,
                    ordinal=ordinal,
                    sender_id=one.sender,
                    kind=Message.Kind.TEXT,
                    body=one.body,
                    reply_to=one.reply_to,
                    client_id=str(uuid4()),
                    content_hash="0" * 64,
                    sent_at=began + step * number,
                )
            )
        Message.objects.bulk_create(rows)
    last = (
        Message.objects.filter(conversation_id=conversation_id).order_by("-seq").values_list("pk", flat=True)
    )
    Conversation.objects.filter(pk=conversation_id).update(
        last_seq=seq, last_version=version, last_ordinal=ordinal, last_message_id=last[0]
    )
    Participant.objects.filter(conversation_id=conversation_id, user_id__in=read_by).update(
        delivered_seq=seq, read_seq=seq, read_ordinal=ordinal
    )
    return seq
