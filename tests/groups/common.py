"""What the tests of groups say again and again."""

from typing import Any

from groups.models import Membership, Role
from messaging.models import Participant
from tests.client import ApiClient, ok


def members(client: ApiClient, group: int) -> list[tuple[int, str]]:
    """(id, role) of the group's members, as this member sees them."""
    rows = ok(client.get(f"groups/{group}/members")).json()["results"]
    return [(row["user"]["id"], row["role"]) for row in rows]


def role_of(group: int, client: ApiClient) -> str | None:
    """This person's role in the database."""
    row = Membership.objects.filter(group=group, user=client.id).first()
    return Role(row.role).word if row else None


def participant(group: int, client: ApiClient) -> Participant:
    """This person's place in the group's conversation."""
    return Participant.objects.get(conversation=group, user=client.id)


def promote(owner: ApiClient, group: int, client: ApiClient) -> None:
    """Make them an admin."""
    ok(owner.patch(f"groups/{group}/members/{client.id}", {"role": "admin"}))


def invite(client: ApiClient, group: int, **fields: Any) -> dict[str, Any]:
    """A new invitation."""
    made: dict[str, Any] = ok(client.post(f"groups/{group}/invitations", fields), 201).json()
    return made


def shown(client: ApiClient) -> dict[str, Any]:
    """Somebody as others see them."""
    return {key: client.user[key] for key in ("id", "nickname", "avatar")}
