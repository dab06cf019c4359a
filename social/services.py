"""The use cases of social: asking, answering, parting, blocking.

Each service takes what it changes in the order of locks: the direct conversation, then the row of the
pair. Two people may write to each other while they are friends and neither blocks the other; every
change of that sets their rights in the same transaction. A blocked person is told nothing that an
unfriended or unanswered one would not see too.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.access import visible_person
from accounts.serializers import person
from accounts.services.silences import require_voice
from chatchat.clock import now
from chatchat.db import StartOver, retried, write_transaction
from chatchat.errors import Conflict, Invalid, NotFound
from chatchat.realtime import Review, publish, to_person
from messaging.models import Conversation
from messaging.services import conversations
from social import access
from social.models import Block, FriendRequest, Friendship, pair_key
from social.serializers import FriendRequestSerializer

Status = FriendRequest.Status


def _refuse_oneself(user_id: int, other_id: int) -> None:
    if user_id == other_id:
        raise Invalid(details={"user": [_("That is you.")]})


def _pending_between(first: int, second: int) -> FriendRequest | None:
    requests = FriendRequest.objects.select_related("sender", "recipient")
    return requests.filter(pair=pair_key(first, second)).first()


def _tell_request(request: FriendRequest, *user_ids: int) -> None:
    shape = FriendRequestSerializer(request).data
    for user_id in user_ids:
        to_person(user_id, "friend.request", request=shape)


@retried
def ask(*, sender_id: int, recipient_id: int, greeting: str = "") -> FriendRequest:
    """Ask somebody to be friends; if they have asked already, the two are friends at once.

    Raises ``NotFound`` for whom one cannot see, ``Conflict`` ``already_friends`` and
    ``already_requested``.
    """
    _refuse_oneself(sender_id, recipient_id)
    visible_person(viewer_id=sender_id, user_id=recipient_id)
    if greeting:
        require_voice(sender_id)
    access.ensure_pair(sender_id, recipient_id)
    with write_transaction():
        conversation = None
        if _pending_between(sender_id, recipient_id) is not None:
            conversation = conversations.open_direct(user_ids=(sender_id, recipient_id))
        access.lock_pair(sender_id, recipient_id)
        visible_person(viewer_id=sender_id, user_id=recipient_id)
        if access.conversation_of(sender_id, recipient_id) is not None:
            raise Conflict(_("You are friends already."), code="already_friends")
        crossing = _pending_between(sender_id, recipient_id)
        if crossing is not None and crossing.sender_id == sender_id:
            raise Conflict(_("You have asked already."), code="already_requested")
        if (crossing is None) != (conversation is None):
            raise StartOver
        if crossing is not None and conversation is not None:
            return _befriend(crossing, conversation)
        return _new_request(sender_id, recipient_id, greeting)


def _new_request(sender_id: int, recipient_id: int, greeting: str) -> FriendRequest:
    request = FriendRequest.objects.create(
        sender_id=sender_id,
        recipient_id=recipient_id,
        greeting=greeting,
        pair=pair_key(sender_id, recipient_id),
        created_at=now(),
    )
    access.require_active(sender_id, recipient_id)
    _tell_request(request, recipient_id, sender_id)
    return request


def _close(request: FriendRequest, status: Status, conversation: Conversation | None = None) -> None:
    request.status, request.pair, request.answered_at = status, None, now()
    request.conversation = conversation
    request.save(update_fields=["status", "pair", "answered_at", "conversation"])


def _befriend(request: FriendRequest, conversation: Conversation) -> FriendRequest:
    """Make a friendship of a pending request; conversation and pair are locked."""
    two = sorted((request.sender, request.recipient), key=lambda user: user.pk)
    _close(request, Status.ACCEPTED, conversation)
    for user, friend in (two, reversed(two)):
        Friendship.objects.create(user=user, friend=friend, conversation=conversation, created_at=now())
    access.require_active(request.sender_id, request.recipient_id)
    # No block stands between them: a block ends pending requests, under the same lock.
    _set_open(conversation, True, request.sender_id, request.recipient_id)
    to_person(two[0].pk, "friend.added", friend=person(two[1]), conversation=conversation.pk)
    to_person(two[1].pk, "friend.added", friend=person(two[0]), conversation=conversation.pk)
    return request


def _set_open(conversation: Conversation, may_send: bool, *user_ids: int) -> None:
    for user_id in sorted(user_ids):
        conversations.set_rights(conversation, user_id=user_id, may_send=may_send)


@retried
def accept(*, user_id: int, request_id: int) -> FriendRequest:
    """Become friends with who asked; the direct conversation opens, or opens again."""
    sender_id = access.pending_request(request_id, recipient_id=user_id).sender_id
    with write_transaction():
        conversation = conversations.open_direct(user_ids=(sender_id, user_id))
        access.lock_pair(sender_id, user_id)
        return _befriend(access.pending_request(request_id, recipient_id=user_id), conversation)


@retried
def reject(*, user_id: int, request_id: int) -> None:
    """Refuse a request. Who asked isn't told; it is gone from both lists, and they may ask again."""
    _end_request(request_id, Status.REJECTED, recipient_id=user_id)


@retried
def cancel(*, user_id: int, request_id: int) -> None:
    """Take one's own request back."""
    _end_request(request_id, Status.CANCELLED, sender_id=user_id)


def _end_request(request_id: int, status: Status, **party: int) -> None:
    request = access.pending_request(request_id, **party)
    with write_transaction():
        access.lock_pair(request.sender_id, request.recipient_id)
        _withdraw(access.pending_request(request_id, **party), status)


def _withdraw(request: FriendRequest, status: Status) -> None:
    _close(request, status)
    _tell_request(request, request.recipient_id)
    if status is Status.CANCELLED:
        _tell_request(request, request.sender_id)


def set_remark(*, user_id: int, friend_id: int, remark: str) -> Friendship:
    """Name a friend for oneself."""
    with write_transaction():
        Friendship.objects.filter(user=user_id, friend=friend_id).update(remark=remark)
        return access.friendship(user_id, friend_id)


@retried
def unfriend(*, user_id: int, friend_id: int) -> None:
    """End a friendship, for both; the conversation keeps its history and takes no more messages."""
    access.friendship(user_id, friend_id)
    with write_transaction():
        conversation = access.lock_between(user_id, friend_id)
        if conversation is None:
            raise NotFound
        blocked = access.blocked_between(user_id, friend_id)
        Friendship.objects.filter(user__in=(user_id, friend_id), friend__in=(user_id, friend_id)).delete()
        if not blocked:
            _set_open(conversation, False, user_id, friend_id)
        to_person(user_id, "friend.removed", user=friend_id)
        to_person(friend_id, "friend.removed", user=user_id)


@retried
def block(*, user_id: int, blocked_id: int) -> None:
    """Hear nothing of somebody any more; once more changes nothing. A friendship stays, closed."""
    _refuse_oneself(user_id, blocked_id)
    access.known(blocked_id)
    access.ensure_pair(user_id, blocked_id)
    with write_transaction():
        conversation = access.lock_between(user_id, blocked_id)
        if Block.objects.filter(blocker=user_id, blocked=blocked_id).exists():
            return
        was_open = conversation is not None and not access.blocked_between(user_id, blocked_id)
        Block.objects.create(blocker_id=user_id, blocked_id=blocked_id, created_at=now())
        publish(Review(user_id), Review(blocked_id))  # their coming and going, in groups too
        access.known(blocked_id)
        pending = _pending_between(user_id, blocked_id)
        if pending is not None:
            _withdraw(pending, Status.CANCELLED if pending.sender_id == user_id else Status.REJECTED)
        if conversation is not None and was_open:
            _set_open(conversation, False, user_id, blocked_id)


@retried
def unblock(*, user_id: int, blocked_id: int) -> None:
    """End one's block; friends may write again, unless the other one blocks too."""
    if not Block.objects.filter(blocker=user_id, blocked=blocked_id).exists():
        raise NotFound
    with write_transaction():
        conversation = access.lock_between(user_id, blocked_id)
        ended, _by_model = Block.objects.filter(blocker=user_id, blocked=blocked_id).delete()
        if not ended:
            raise NotFound
        publish(Review(user_id), Review(blocked_id))
        if conversation is not None and not access.blocked_between(user_id, blocked_id):
            _set_open(conversation, True, user_id, blocked_id)


def person_deleted(user_id: int) -> None:
    """End all that ties a person to others; ``policies.person_deleted`` calls it in its transaction."""
    sides = Friendship.objects.filter(user=user_id).order_by("conversation_id")
    for conversation_id, friend_id in sides.values_list("conversation_id", "friend_id"):
        conversation = conversations.lock(conversation_id)
        conversations.set_rights(conversation, user_id=friend_id, may_send=False)
        to_person(friend_id, "friend.removed", user=user_id)
    for request in access.outgoing(user_id):
        _close(request, Status.CANCELLED)
        _tell_request(request, request.recipient_id)
    _delete_where_either(Friendship, ("user", "friend"), user_id)
    _delete_where_either(FriendRequest, ("sender", "recipient"), user_id)
    _delete_where_either(Block, ("blocker", "blocked"), user_id)


def _delete_where_either(model: Any, fields: tuple[str, str], user_id: int) -> None:
    for field in fields:
        model.objects.filter(**{field: user_id}).delete()
