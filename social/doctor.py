"""What the doctor knows of social: who may write in a direct conversation, by friendships and blocks."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from chatchat.db import retried, write_transaction
from chatchat.doctor import Finding, Report
from messaging.models import Conversation, Participant
from messaging.services import conversations
from social.models import Block, Friendship

AT_ONCE = 2000  # conversations that one statement looks at


def check(report: Report, fix: bool) -> None:
    """Two people may write to each other while they are friends and neither blocks the other."""
    directs = Conversation.objects.filter(kind=Conversation.Kind.DIRECT).order_by("pk")
    seen = after = 0
    while ids := list(directs.filter(pk__gt=after).values_list("pk", flat=True)[:AT_ONCE]):
        seen, after = seen + len(ids), ids[-1]
        for row in list(_wrong().filter(conversation__in=ids)):
            with report.one(conversation=row.conversation_id, user=row.user_id):
                for finding in _examine(row_id=row.pk, conversation_id=row.conversation_id, fix=fix):
                    report.differ(finding)
    report.facts.append(f"{seen:,} direct conversations")


def _wrong() -> QuerySet[Participant]:
    """The places in direct conversations whose right to send is not what it should be."""
    friends = Friendship.objects.filter(conversation=OuterRef("conversation_id"), user=OuterRef("user_id"))
    blocked = Block.objects.filter(
        Q(blocker=OuterRef("user_id"), blocked=OuterRef("friend_id"))
        | Q(blocker=OuterRef("friend_id"), blocked=OuterRef("user_id"))
    )
    may = Exists(friends.filter(~Exists(blocked)))
    # Whoever is deleted writes nowhere; nobody sets their rights any more.
    places = Participant.objects.filter(
        conversation__kind=Conversation.Kind.DIRECT, left_at=None, user__deleted_at=None
    )
    return places.filter(Q(may, may_send=False) | Q(~may, may_send=True)).order_by("pk")


@retried
def _examine(*, row_id: int, conversation_id: int, fix: bool) -> list[Finding]:
    found: list[Finding] = []
    with write_transaction():
        conversation = conversations.lock(conversation_id)
        for row in _wrong().filter(pk=row_id):
            where = {"conversation": conversation_id, "user": row.user_id}
            found.append(Finding("may_send", where, row.may_send, not row.may_send, fix))
            if fix:
                conversations.set_rights(conversation, user_id=row.user_id, may_send=not row.may_send)
    return found
