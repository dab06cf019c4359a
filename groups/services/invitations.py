"""Invitations: links that let people in, until they end or are used up."""

import secrets
from datetime import timedelta

from chatchat.clock import now
from chatchat.db import retried, write_transaction
from chatchat.errors import NotFound
from groups import access
from groups.models import Invitation, Role


@retried
def invite(*, actor_id: int, group_id: int, expires_in: int, max_uses: int) -> Invitation:
    """A new invitation, good for ``expires_in`` seconds and ``max_uses`` people: owner and admins."""
    with write_transaction():
        access.lock_as(group_id, actor_id=actor_id, at_least=Role.ADMIN)
        return Invitation.objects.create(
            group_id=group_id,
            token=secrets.token_urlsafe(24),
            created_by_id=actor_id,
            max_uses=max_uses,
            created_at=now(),
            expires_at=now() + timedelta(seconds=expires_in),
        )


@retried
def revoke(*, group_id: int, invitation_id: int, actor_id: int | None = None) -> None:
    """Take an invitation back: owner and admins, or, without an actor, a moderator."""
    with write_transaction():
        access.lock_as(group_id, actor_id=actor_id, at_least=Role.ADMIN)
        gone, _by_model = Invitation.objects.filter(pk=invitation_id, group=group_id).delete()
        if not gone:
            raise NotFound
