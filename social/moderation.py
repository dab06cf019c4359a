"""What moderators of the site do about requests and friendships, each with a reason."""

from accounts.audit import Action
from accounts.models import User
from accounts.services import record
from chatchat.db import retried, write_transaction
from social import services
from social.models import FriendRequest, Friendship


@retried
def cancel(*, request: FriendRequest, by: User, reason: str) -> None:
    """Take a request back in its sender's place. Raises NotFound."""
    with write_transaction():
        services.cancel(user_id=request.sender_id, request_id=request.pk)
        record.write(
            Action.REQUEST_CANCELLED, by=by.pk, subject=request.sender_id, reason=reason,
            request=request.pk, recipient=request.recipient_id,
        )  # fmt: skip


@retried
def end(*, friendship: Friendship, by: User, reason: str) -> None:
    """Let two people be friends no more. Raises NotFound."""
    with write_transaction():
        services.unfriend(user_id=friendship.user_id, friend_id=friendship.friend_id)
        record.write(
            Action.FRIENDSHIP_ENDED, by=by.pk, subject=friendship.user_id, reason=reason,
            friend=friendship.friend_id,
        )  # fmt: skip
