"""Fetch and authorise, and lock: conversations first, then what is between two people."""

from django.db.models import Q, QuerySet

from accounts.models import User
from chatchat.db import StartOver, write_transaction
from chatchat.errors import NotFound
from messaging.models import Conversation
from messaging.services import conversations
from social.models import Block, FriendRequest, Friendship, Pair, pair_key


def ensure_pair(first: int, second: int) -> None:
    """Make the row that ``lock_pair`` locks; in its own transaction, so that the insert holds no lock."""
    key = pair_key(first, second)
    if not Pair.objects.filter(key=key).exists():
        with write_transaction():
            Pair.objects.bulk_create([Pair(key=key)], ignore_conflicts=True)


def lock_pair(first: int, second: int) -> None:
    """Take turns with everything else that changes between the two; after the conversation's lock."""
    Pair.objects.select_for_update().get(key=pair_key(first, second))


def conversation_of(first: int, second: int) -> int | None:
    """The id of two friends' conversation; None if they are not friends."""
    sides = Friendship.objects.filter(user=first, friend=second)
    return sides.values_list("conversation_id", flat=True).first()


def lock_between(first: int, second: int) -> Conversation | None:
    """Lock two people's pair and, if they are friends, their conversation, in the order of locks."""
    known = conversation_of(first, second)
    conversation = conversations.lock(known) if known is not None else None
    lock_pair(first, second)
    if conversation_of(first, second) != known:
        raise StartOver
    return conversation


def blocked_between(first: int, second: int) -> bool:
    """Whether either blocks the other."""
    either = Q(blocker=first, blocked=second) | Q(blocker=second, blocked=first)
    return Block.objects.filter(either).exists()


def blockers_of(user_id: int) -> QuerySet[Block, int]:
    """The ids of those who block this person: what ``policies.hidden_people`` asks for."""
    return Block.objects.filter(blocked=user_id).values_list("blocker", flat=True)


def blocked_by(user_id: int) -> QuerySet[Block, int]:
    """The ids of those whom this person blocks."""
    return Block.objects.filter(blocker=user_id).values_list("blocked", flat=True)


def require_active(*user_ids: int) -> None:
    """Refuse to tie anything to a banned or deleted person.

    To be called after rows that point at these people were inserted: their foreign keys keep the
    people's rows from changing until the end, so a deletion either shows here or comes after us.
    """
    if User.objects.active().filter(pk__in=user_ids).count() != len(user_ids):
        raise NotFound


def known(user_id: int) -> User:
    """A person who was not deleted."""
    user = User.objects.filter(pk=user_id, deleted_at=None).first()
    if user is None:
        raise NotFound
    return user


def pending_request(request_id: int, **party: int) -> FriendRequest:
    """A pending request of which ``party`` (``sender_id`` or ``recipient_id``) is the one who may act."""
    requests = FriendRequest.objects.select_related("sender", "recipient")
    request = requests.filter(pk=request_id, status=FriendRequest.Status.PENDING, **party).first()
    if request is None:
        raise NotFound
    return request


def friendship(user_id: int, friend_id: int) -> Friendship:
    """The side of ``user_id`` in a friendship; ``NotFound`` if they are not friends."""
    side = Friendship.objects.select_related("friend").filter(user=user_id, friend=friend_id).first()
    if side is None:
        raise NotFound
    return side


def incoming(user_id: int) -> QuerySet[FriendRequest]:
    """The pending requests to this person."""
    requests = FriendRequest.objects.filter(
        recipient=user_id,
        status=FriendRequest.Status.PENDING,
        sender__banned_at=None,
        sender__deleted_at=None,
    )
    return requests.select_related("sender", "recipient")


def outgoing(user_id: int) -> QuerySet[FriendRequest]:
    """The pending requests of this person."""
    requests = FriendRequest.objects.filter(sender=user_id, status=FriendRequest.Status.PENDING)
    return requests.select_related("sender", "recipient")


def friends_of(user_id: int) -> QuerySet[Friendship]:
    """A person's side of their friendships."""
    return Friendship.objects.filter(user=user_id).select_related("friend")


def blocks_of(user_id: int) -> QuerySet[Block]:
    """Whom this person blocks."""
    return Block.objects.filter(blocker=user_id).select_related("blocked")
