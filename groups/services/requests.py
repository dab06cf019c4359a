"""Asking to be let in, and being let in."""

from django.utils.translation import gettext_lazy as _

from accounts.services import silences
from chatchat.clock import now
from chatchat.db import retried, write_transaction
from chatchat.errors import Conflict
from chatchat.realtime import to_person
from groups import access
from groups.access import Locked
from groups.models import JoinRequest, Membership, Role
from groups.serializers import JoinRequestSerializer
from groups.services import roster

Status = JoinRequest.Status


def _key(group_id: int, user_id: int) -> str:
    return f"{group_id}:{user_id}"


def ask(locked: Locked, *, user_id: int, message: str) -> JoinRequest:
    """Leave a request with a locked group's owner and admins."""
    if message:
        silences.require_voice(user_id)
    roster.require_room(locked.group)
    key = _key(locked.group.pk, user_id)
    if JoinRequest.objects.filter(pending_key=key).exists():
        raise Conflict(_("You have asked already."), code="already_requested")
    request = JoinRequest.objects.create(
        group=locked.group, user_id=user_id, message=message, pending_key=key, created_at=now()
    )
    access.require_active(user_id)
    _tell(request)
    return request


def settle(locked: Locked, *, user_id: int) -> None:
    """Close the request, if any, of somebody who comes in by another way."""
    request = JoinRequest.objects.filter(pending_key=_key(locked.group.pk, user_id)).first()
    if request is not None:
        _decide(request, Status.APPROVED, by=None)


@retried
def approve(*, actor_id: int, group_id: int, request_id: int) -> JoinRequest:
    """Let somebody in who has asked: owner and admins. Raises ``Conflict`` ``group_full``."""
    with write_transaction():
        locked = access.lock_as(group_id, actor_id=actor_id, at_least=Role.ADMIN)
        request = access.pending_request(group_id, request_id)
        _decide(request, Status.APPROVED, by=actor_id)
        roster.admit(locked, request.user_id, by=actor_id)
    return request


@retried
def reject(*, group_id: int, request_id: int, actor_id: int | None = None) -> None:
    """Don't let them in: owner and admins, or a moderator. They are told, and may ask again."""
    with write_transaction():
        access.lock_as(group_id, actor_id=actor_id, at_least=Role.ADMIN)
        _decide(access.pending_request(group_id, request_id), Status.REJECTED, by=actor_id)


def _decide(request: JoinRequest, status: Status, *, by: int | None) -> None:
    request.status, request.pending_key = status, None
    request.decided_by_id, request.decided_at = by, now()
    request.save(update_fields=["status", "pending_key", "decided_by", "decided_at"])
    _tell(request, request.user_id)


def _tell(request: JoinRequest, *others: int) -> None:
    """Tell owner and admins of the request's present state."""
    deciders = Membership.objects.filter(group=request.group_id, role__lte=Role.ADMIN)
    shape = JoinRequestSerializer(request).data
    for user_id in [*deciders.values_list("user_id", flat=True), *others]:
        to_person(user_id, "group.join_request", request=shape)
