"""The shapes of messages and conversations on every door."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import avatar_url
from chatchat.clock import rfc3339
from chatchat.realtime import Change, frame
from chatchat.telemetry import traces
from messaging.models import Attachment

PREVIEW_LENGTH = 100  # characters of a conversation's last message
REACTION_USERS = 20  # ids named with each reaction


def person(id_: int, nickname: str, avatar: str) -> dict[str, Any]:
    """``{id, nickname, avatar}``."""
    return {"id": id_, "nickname": nickname, "avatar": avatar_url(avatar)}


def _moment(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def message(
    *,
    seq: int,
    version: int,
    sender: dict[str, Any] | None,
    kind: str,
    body: str,
    data: dict[str, Any],
    reply_to: int | None,
    reactions: list[dict[str, Any]],
    client_id: str | None,
    sent_at: datetime,
    edited_at: datetime | None = None,
    recalled_at: datetime | None = None,
) -> dict[str, Any]:
    """A message as everybody who may see it gets it."""
    return {
        "seq": seq,
        "version": version,
        "sender": sender,
        "kind": kind,
        "body": body,
        "data": data,
        "reply_to": reply_to,
        "reactions": reactions,
        "client_id": client_id,
        "sent_at": rfc3339(sent_at),
        "edited_at": _moment(edited_at),
        "recalled_at": _moment(recalled_at),
    }


def reactions(pairs: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """(emoji, user) in the order in which they were given → ``[{emoji, count, users}]``."""
    by_emoji: dict[str, list[int]] = {}
    for emoji, user in pairs:
        by_emoji.setdefault(emoji, []).append(user)
    return [
        {"emoji": emoji, "count": len(users), "users": users[:REACTION_USERS]}
        for emoji, users in by_emoji.items()
    ]


def attachment(row: Attachment) -> dict[str, Any]:
    """An attachment, as its upload is answered and as its message has it in ``data.attachments``."""
    url = f"/api/v1/attachments/{row.pk}"
    width, height = row.thumbnail_width, row.thumbnail_height
    small = {"url": f"{url}/thumbnail", "width": width, "height": height} if width else None
    return {
        "id": row.pk,
        "name": row.name,
        "type": row.type,
        "size": row.size,
        "width": row.width,
        "height": row.height,
        "url": url,
        "thumbnail": small,
    }


def change(
    conversation: int, shape: dict[str, Any], *, trace: str | None = None, accepted: float = 0.0
) -> Change:
    """The event by which every participant's sockets get the message ``shape``.

    ``trace``: what it belongs to, if that is not what is under way here; ``accepted``: see ``Change``.
    """
    if trace is None:
        trace = traces.traceparent() if traces.on else ""
    return Change(
        conversation,
        shape["seq"],
        shape["version"],
        frame("message", conversation=conversation, message=shape),
        trace,
        accepted,
    )


def preview(shape: dict[str, Any]) -> dict[str, Any]:
    """A message shortened for the list of conversations."""
    return {**shape, "body": shape["body"][:PREVIEW_LENGTH]}
