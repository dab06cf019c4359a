"""What the tests of social say again and again."""

from typing import Any

from messaging.models import Participant
from social.models import pair_key
from tests.client import ApiClient, ok


def ask(sender: ApiClient, recipient: ApiClient, greeting: str = "hello") -> dict[str, Any]:
    """A friend request; as answered."""
    answer = ok(sender.post("friend-requests", {"user": recipient.id, "greeting": greeting}), 201)
    found: dict[str, Any] = answer.json()
    return found


def pending(client: ApiClient, direction: str = "incoming") -> list[int]:
    """The ids of the pending requests that this person sees."""
    found = ok(client.get("friend-requests", direction=direction)).json()["results"]
    return [request["id"] for request in found]


def friends(client: ApiClient) -> list[int]:
    """The ids of this person's friends as they see them."""
    return [row["friend"]["id"] for row in ok(client.get("friends")).json()["results"]]


def may_send(first: ApiClient, second: ApiClient) -> tuple[bool, bool]:
    """Whether each may write in the two's direct conversation."""
    rows = Participant.objects.filter(conversation__pair=pair_key(first.id, second.id))
    rights = dict(rows.values_list("user_id", "may_send"))
    return rights[first.id], rights[second.id]


def shown(client: ApiClient) -> dict[str, Any]:
    """Somebody as others see them."""
    return {key: client.user[key] for key in ("id", "nickname", "avatar")}
