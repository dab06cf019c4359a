"""What moderators of the site do about messages: recall them, with a reason, and restore them.

A message that they recall looks to everybody as any recalled one does. What it said is withheld for
``MODERATION_KEEP``, in a table of its own, so that a mistake can be undone; then it is gone.
"""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.audit import Action
from accounts.models import User
from accounts.services import notices, record
from chatchat.clock import now
from chatchat.db import retried, write_transaction
from chatchat.errors import Conflict, NotFound
from chatchat.landmarks import ids_before
from messaging.models import Conversation, Message, Reaction, Withheld
from messaging.services import attachments as files
from messaging.services import messages
from messaging.services.conversations import lock

RECENT = timedelta(hours=1)
#: Messages that one call recalls; who wrote more in that hour is recalled again.
AT_ONCE = 2000
SWEPT = 500


@retried
def recall(*, message_id: int, by: User, reason: str) -> None:
    """Recall anybody's message; its sender is told why. Raises NotFound, Conflict, Forbidden."""
    with write_transaction():
        conversation, message = _locked(message_id)
        messages.refuse_recalled(message)
        _withhold(conversation, message, by=by, reason=reason)
        _tell(message, Action.MESSAGE_RECALLED, reason)


def recall_recent(*, user_id: int, by: User, reason: str) -> int:
    """Recall what a person wrote in the last hour, newest first, each under its own conversation's lock.

    How many there were. They are told once. Raises Conflict where there is nothing.
    """
    since = now() - RECENT
    # Ids of batches that were written at the same time may be out of the order of time by seconds.
    [before] = ids_before(Message.objects.all(), [since - timedelta(minutes=1)], at="sent_at")
    recent = Message.objects.filter(sender=user_id, pk__gt=before, sent_at__gte=since)
    rows = recent.filter(recalled_at=None).order_by("-pk").values_list("pk", flat=True)[:AT_ONCE]
    done = sum(_recall_quietly(message_id=id_, by=by, reason=reason) for id_ in list(rows))
    if not done:
        raise Conflict(_("Nothing was written in the last hour."), code="nothing_recent")
    with write_transaction():
        notices.tell(User.objects.get(pk=user_id), Action.MESSAGE_RECALLED, reason=reason)
    return done


@retried
def _recall_quietly(*, message_id: int, by: User, reason: str) -> bool:
    with write_transaction():
        conversation, message = _locked(message_id)
        if message.recalled_at is not None:  # by its sender, meanwhile
            return False
        _withhold(conversation, message, by=by, reason=reason)
    return True


@retried
def restore(*, message_id: int, by: User, reason: str) -> None:
    """Give a message back what it said. Raises NotFound, Conflict (``not_withheld``) where that is gone."""
    with write_transaction():
        conversation, message = _locked(message_id)
        withheld = Withheld.objects.filter(pk=message_id).first()
        if withheld is None:
            raise Conflict(_("What it said is gone and cannot be restored."), code="not_withheld")
        message.body, message.data, message.recalled_at = withheld.body, withheld.data, None
        Reaction.objects.bulk_create(
            Reaction(message=message, user_id=user, emoji=emoji) for user, emoji in withheld.reactions
        )
        withheld.delete()
        messages.save_change(conversation, message)
        _record(message, Action.MESSAGE_RESTORED, by, reason)
        _tell(message, Action.MESSAGE_RESTORED, reason)


def forget_what_is_over() -> None:
    """Let go of what was withheld for long enough, and of its files."""
    over = Withheld.objects.filter(until__lte=now()).order_by("until")
    for message_id in over.values_list("pk", flat=True)[:SWEPT]:
        _forget(message_id=message_id)


@retried
def _forget(*, message_id: int) -> None:
    with write_transaction():
        _conversation, message = _locked(message_id)
        gone, _rows = Withheld.objects.filter(pk=message_id, until__lte=now()).delete()
        if gone:
            files.forget(message)


def _locked(message_id: int) -> tuple[Conversation, Message]:
    where = Message.objects.filter(pk=message_id).values_list("conversation_id", flat=True).first()
    if where is None:
        raise NotFound
    return lock(where), Message.objects.get(pk=message_id)


def _withhold(conversation: Conversation, message: Message, *, by: User, reason: str) -> None:
    Withheld.objects.create(
        message=message,
        body=message.body,
        data=message.data,
        reactions=[
            [user, emoji] for user, emoji in message.reactions.order_by("pk").values_list("user", "emoji")
        ],
        until=now() + settings.MODERATION_KEEP,
    )
    messages.empty(conversation, message)
    _record(message, Action.MESSAGE_RECALLED, by, reason)


def _record(message: Message, action: Action, by: User, reason: str) -> None:
    record.write(
        action,
        by=by.pk,
        subject=message.sender_id,
        conversation=message.conversation_id,
        seq=message.seq,
        reason=reason,
    )


def _tell(message: Message, action: Action, reason: str) -> None:
    sender = message.sender
    if sender is not None and sender.is_active:
        notices.tell(sender, action, reason=reason, conversation=message.conversation_id)
