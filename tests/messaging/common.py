"""What the tests of messaging say again and again."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from chatchat.realtime import Change, Event, Signal
from messaging.models import Conversation, Message, Participant
from tests.client import ApiClient, Frame, ok


def post(client: ApiClient, conversation: int, body: Any = "hello", **fields: Any) -> Any:
    """Send over REST, whatever comes of it."""
    message = {"client_id": str(uuid4()), "kind": "text", "body": body} | fields
    return client.post(f"conversations/{conversation}/messages", message)


def state(client: ApiClient, conversation: int) -> dict[str, Any]:
    """A conversation as this person sees it."""
    found: dict[str, Any] = ok(client.get(f"conversations/{conversation}")).json()
    return found


def message(client: ApiClient, conversation: int, seq: int) -> Frame:
    """One message as this person sees it."""
    page = ok(client.get(f"conversations/{conversation}/messages", after=seq - 1, limit=1)).json()
    found: Frame = page["results"][0]
    assert found["seq"] == seq
    return found


def head(conversation: int) -> tuple[int, int, int]:
    """(last seq, last version, last ordinal)."""
    row = Conversation.objects.get(pk=conversation)
    return row.last_seq, row.last_version, row.last_ordinal


def markers(conversation: int, user_id: int) -> tuple[int, int]:
    """(delivered, read) of this person."""
    row = Participant.objects.get(conversation=conversation, user=user_id)
    return row.delivered_seq, row.read_seq


def changes(events: Sequence[Event]) -> list[Frame]:
    """The messages that were told, in order."""
    return [json.loads(event.frame)["message"] for event in events if isinstance(event, Change)]


def receipts(events: Sequence[Event]) -> list[tuple[int, int, int]]:
    """(person, delivered, read) of each receipt that was told."""
    frames = [json.loads(event.frame) for event in events if isinstance(event, Signal)]
    return [
        (receipt["user"], receipt["delivered_seq"], receipt["read_seq"])
        for frame in frames
        if frame["type"] == "receipts"
        for receipt in frame["receipts"]
    ]


def check_numbers(conversation: int) -> None:
    """seq, version and ordinal as they have to be, whoever wrote at once with whom."""
    rows = list(Message.objects.filter(conversation=conversation).order_by("seq"))
    last_seq, last_version, last_ordinal = head(conversation)
    assert [row.seq for row in rows] == list(range(1, last_seq + 1)), "seq has no holes"
    versions = [row.version for row in rows]
    assert len(set(versions)) == len(versions), "no two messages share a version"
    assert max(versions, default=0) == last_version, "the head is held by the last change"
    ordinal = 0
    for row in rows:
        ordinal += row.sender_id is not None
        assert row.ordinal == ordinal, f"seq {row.seq} counts people's messages up to itself"
    assert ordinal == last_ordinal


def bodies(messages: Iterable[Frame]) -> list[str]:
    """What people said, in order."""
    return [message["body"] for message in messages if message["sender"]]
