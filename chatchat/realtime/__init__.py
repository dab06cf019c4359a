"""The one door through which anything realtime leaves: ``publish``, on commit.

A server process's writer alone hands its changes to the hub by itself, together with its answers.

``to_person`` and ``publish`` may be called anywhere in a transaction, from any thread, in a server
process or a management command. A rollback tells nobody; a channel layer that is away fails no write.
"""

from typing import Any

from django.db import transaction

from chatchat.realtime import outlet
from chatchat.realtime.events import (
    Change,
    Event,
    Personal,
    Receipt,
    Restate,
    Review,
    Revoked,
    Signal,
    State,
    frame,
    receipts_frame,
)

__all__ = [
    "Change", "Event", "Personal", "Receipt", "Restate", "Review", "Revoked", "Signal", "State", "frame",
    "publish", "receipts_frame", "to_person",
]  # fmt: skip


def publish(*events: Event) -> None:
    """Tell the sockets that ``events`` concern, on every process, once the open transaction commits."""
    transaction.on_commit(lambda: outlet.deliver(events))


def to_person(user: int, type_: str, /, **fields: Any) -> None:
    """A frame ``{"type": type_, **fields}`` for all of one person's sockets, on commit."""
    publish(Personal(user, frame(type_, **fields)))
