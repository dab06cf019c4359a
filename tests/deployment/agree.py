"""``python -m tests.deployment.agree``: whether all that a database says of itself is so, as JSON lines.

Run with the environment of the site; each line is something that is wrong.
"""

import json
import os
from collections.abc import Iterator
from typing import Any


def conversations() -> Iterator[str]:
    """seq without a hole, and heads that are the last of their kind."""
    from messaging.models import Conversation, Message

    for row in Conversation.objects.order_by("pk"):
        messages = list(Message.objects.filter(conversation=row).order_by("seq"))
        if [message.seq for message in messages] != list(range(1, row.last_seq + 1)):
            yield f"conversation {row.pk}: seq up to {row.last_seq} has holes"
        versions = [message.version for message in messages]
        if len(set(versions)) != len(versions) or max(versions, default=0) > row.last_version:
            yield f"conversation {row.pk}: versions up to {row.last_version}"
        ordinal = 0
        for message in messages:
            ordinal += message.sender_id is not None
            if message.ordinal != ordinal:
                yield f"conversation {row.pk}, seq {message.seq}: ordinal {message.ordinal}, not {ordinal}"
        if ordinal != row.last_ordinal:
            yield f"conversation {row.pk}: last ordinal {row.last_ordinal}, not {ordinal}"


def markers() -> Iterator[str]:
    """read ≤ delivered ≤ last_seq, and the ordinal at the read marker."""
    from messaging.models import Message, Participant

    for row in Participant.objects.select_related("conversation"):
        if not 0 <= row.read_seq <= row.delivered_seq <= row.conversation.last_seq:
            yield f"participant {row.pk}: {row.read_seq}, {row.delivered_seq}, {row.conversation.last_seq}"
        at = Message.objects.filter(conversation=row.conversation_id, seq=row.read_seq).first()
        if at is not None and row.read_ordinal != at.ordinal:
            yield f"participant {row.pk}: read ordinal {row.read_ordinal}, not {at.ordinal}"


def files() -> Iterator[str]:
    """Every file that a row names, whole."""
    from django.core.files.storage import default_storage, storages

    from accounts.models import User
    from messaging.models import Attachment

    for row in Attachment.objects.filter(state=Attachment.State.READY):
        if not storages["attachments"].exists(row.file):
            yield f"attachment {row.pk}: its file is not there"
        elif storages["attachments"].size(row.file) != row.size:
            yield f"attachment {row.pk}: its file is not whole"
    for user in User.objects.exclude(avatar=""):
        if not default_storage.exists(user.avatar):
            yield f"user {user.pk}: the picture is not there"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatchat.settings")
    import django

    django.setup()
    checks: list[Any] = [conversations, markers, files]
    for check in checks:
        for wrong in check():
            print(json.dumps(wrong))  # noqa: T201


if __name__ == "__main__":
    main()
