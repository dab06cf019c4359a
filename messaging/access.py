"""Who may see and do what in a conversation: fetched and authorised in one step."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.access import visible_people
from accounts.services.silences import Silenced
from chatchat.errors import Forbidden, NotFound
from messaging.models import Conversation, Message, Participant
from messaging.services.conversations import lock
from messaging.states import may_send, silence_of


def participation(*, user_id: int, conversation_id: int) -> Participant:
    """A person's place in a conversation, with the conversation; ``NotFound`` for whoever has none now."""
    row = (
        Participant.objects.filter(conversation_id=conversation_id, user_id=user_id, left_at=None)
        .placed()
        .first()
    )
    if row is None:
        raise NotFound
    return row


def locked_participation(*, user_id: int, conversation_id: int) -> Participant:
    """The same, with the conversation's row locked before anything about it is read."""
    if not Participant.objects.filter(
        conversation_id=conversation_id, user_id=user_id, left_at=None
    ).exists():
        raise NotFound
    conversation = lock(conversation_id)
    row = participation(user_id=user_id, conversation_id=conversation_id)
    row.conversation = conversation
    return row


def locked_message(participant: Participant, *, seq: int) -> Message:
    """A message that the participant may see, in the conversation that ``locked_participation`` locked."""
    message = Message.objects.filter(
        conversation_id=participant.conversation_id, seq=seq, seq__gte=participant.visible_from_seq
    ).first()
    if message is None:
        raise NotFound
    return message


def shown_presence(*, user_id: int, others: Iterable[int]) -> set[int]:
    """Those of ``others`` whose coming and going this person may see: they share a group, or an open
    direct conversation, and neither blocks the other. Whom one may see, sees one too."""
    shared = Participant.objects.filter(user_id=user_id, left_at=None).filter(
        Q(conversation__kind=Conversation.Kind.GROUP) | Q(may_send=True)
    )
    beside = Participant.objects.filter(
        user__in=set(others) - {user_id}, left_at=None, conversation__in=shared.values("conversation")
    )
    people = visible_people(viewer_id=user_id).filter(pk__in=beside.values("user"))
    return set(people.values_list("pk", flat=True))


class MayNotSend(Forbidden):
    """A participant without the right to speak: muted, or no longer friends."""

    code = "may_not_send"
    message = _("You cannot write in this conversation at the moment.")


class ForeignOrigin(Forbidden):
    """A browser page of another site tried the pages' cookie."""

    code = "origin"
    message = _("This page may not connect here.")


def require_speech(me: Participant) -> None:
    """Raise ``Silenced`` or ``MayNotSend`` for whoever may not write there now."""
    silence = silence_of(me)
    if silence is not None:
        raise Silenced.until(*silence)
    if not may_send(me):
        raise MayNotSend


def may_type(*, user_id: int, conversation_id: int) -> None:
    """Whether the others may be told that this person is typing. Raises what ``require_speech`` does, and
    ``NotFound``."""
    require_speech(participation(user_id=user_id, conversation_id=conversation_id))
