"""What ends for whom is a numbered row, so that no process can miss it."""

from accounts.models import Revocation
from chatchat.realtime import Revoked, publish


def revoke(
    *,
    kind: Revocation.Kind,
    user_id: int,
    session_id: int | None = None,
    conversation_id: int | None = None,
    reason: str = "",
) -> None:
    """Record it in the caller's transaction and tell every process on commit.

    Kind ``session``: ``session_id`` ended. Kind ``person``: all sessions of the person ended, but
    ``session_id`` if given; ``reason`` ``banned`` closes sockets with 4403. Kind ``participation``:
    what the person sees of ``conversation_id`` is to be looked up again.
    """
    row = Revocation.objects.create(
        kind=kind, user_id=user_id, session_id=session_id, conversation_id=conversation_id, reason=reason
    )
    publish(Revoked(row.pk, kind.value, user_id, session_id, conversation_id, reason))


def revoke_participation(*, user_ids: list[int], conversation_id: int, reason: str = "") -> None:
    """``revoke`` of kind ``participation`` for many people at once."""
    kind = Revocation.Kind.PARTICIPATION
    first = Revocation.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    Revocation.objects.bulk_create(
        Revocation(kind=kind, user_id=user, conversation_id=conversation_id, reason=reason)
        for user in user_ids
    )
    # MySQL returns no ids from a bulk insert.
    rows = Revocation.objects.filter(pk__gt=first, conversation_id=conversation_id, user_id__in=user_ids)
    publish(
        *(
            Revoked(row.pk, row.kind, row.user_id, None, conversation_id, row.reason)
            for row in rows.iterator()
        )
    )
