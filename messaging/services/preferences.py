"""What a person wants of a conversation, for themselves."""

from typing import Any

from chatchat.db import retried, write_transaction
from chatchat.realtime import Restate, publish
from messaging.access import participation
from messaging.models import Participant


@retried
def prefer(
    *, user_id: int, conversation_id: int, pinned: bool | None = None, notifications: str | None = None
) -> None:
    """Pin a conversation, or choose what to be notified of; None leaves it as it is.

    The person's own sockets are told. Who leaves loses it: coming back begins with the defaults.
    """
    wanted: dict[str, Any] = {"pinned": pinned, "notifications": notifications}
    with write_transaction():
        me = participation(user_id=user_id, conversation_id=conversation_id)
        changes = {
            name: value for name, value in wanted.items() if value is not None and value != getattr(me, name)
        }
        if changes and Participant.objects.filter(pk=me.pk, left_at=None).update(**changes):
            publish(Restate(conversation_id, user_id))
