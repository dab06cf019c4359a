"""What is told to sockets, and how it travels between processes.

A frame is a complete JSON text, encoded once, by whoever publishes it; a hub only hands it on.
"""

from collections.abc import Sequence
from typing import Any

import msgspec


def frame(type_: str, **fields: Any) -> bytes:
    """A server's frame as it goes on the wire: UTF-8 JSON, ``type`` first."""
    return msgspec.json.encode({"type": type_, **fields})


class Change(msgspec.Struct, tag="change", array_like=True, frozen=True):
    """A new or changed message: for every socket of every participant, in version order.

    ``trace`` is the W3C traceparent of what is being followed, "" of what is not. ``accepted`` is when a
    message came in, by the monotonic clock of the process that took it; to others it is 0.
    """

    conversation: int
    seq: int
    version: int
    frame: bytes
    trace: str = ""
    accepted: float = 0.0


class Receipt(msgspec.Struct, array_like=True, frozen=True):
    """How far a person has received and read."""

    user: int
    delivered_seq: int
    read_seq: int


class Signal(msgspec.Struct, tag="signal", array_like=True, frozen=True):
    """Something passing (typing, receipts) for every participant's sockets but ``but``'s.

    ``receipts``: those that ``frame`` tells. Two processes that serve one person's devices gather what
    they tell each for itself, so an older one may come later.
    """

    conversation: int
    frame: bytes
    but: int | None = None
    receipts: tuple[Receipt, ...] = ()


class State(msgspec.Struct, frozen=True):
    """A conversation as it is to a person: a ``conversation`` frame, and the markers that it tells."""

    frame: bytes
    receipts: tuple[Receipt, ...] = ()


def receipts_frame(conversation: int, receipts: Sequence[Receipt]) -> bytes:
    """How far these people have received and read, on the wire."""
    told = [msgspec.structs.asdict(receipt) for receipt in receipts]
    return frame("receipts", conversation=conversation, receipts=told)


class Personal(msgspec.Struct, tag="personal", array_like=True, frozen=True):
    """A frame for one person's sockets."""

    user: int
    frame: bytes


class Restate(msgspec.Struct, tag="restate", array_like=True, frozen=True):
    """A conversation is not what it was to ``user``, or to everybody: their sockets get its present state.

    Only a hint: the state is read by the process that has the sockets, so that it is never an old one.
    """

    conversation: int
    user: int | None = None


class Presence(msgspec.Struct, tag="presence", array_like=True, frozen=True):
    """Somebody may have come or gone: the processes whose sockets watch them ask where they are."""

    user: int


class Review(msgspec.Struct, tag="review", array_like=True, frozen=True):
    """Whom this person may see has changed, without any conversation's having changed."""

    user: int


class Revoked(msgspec.Struct, tag="revoked", array_like=True, frozen=True):
    """A row of ``accounts.Revocation``: processes act on each once, by its number."""

    id: int
    kind: str
    user: int
    session: int | None = None
    conversation: int | None = None
    reason: str = ""


Event = Change | Signal | Personal | Restate | Presence | Review | Revoked

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Event)


def pack(event: Event) -> bytes:
    """``event`` for the channel layer."""
    if isinstance(event, Change) and event.accepted:
        event = msgspec.structs.replace(event, accepted=0.0)
    return _encoder.encode(event)


def unpack(data: bytes) -> Event:
    """The reverse of ``pack``; raises ``msgspec.DecodeError`` for what is not one of ours."""
    event: Event = _decoder.decode(data)
    return event


def group_of(event: Event) -> str:
    """The channel-layer group through which ``event`` reaches the processes that it concerns."""
    if isinstance(event, Presence):
        return presence_group(event.user)
    if isinstance(event, Personal | Review | Revoked):
        return person_group(event.user)
    if isinstance(event, Restate) and event.user is not None:
        return person_group(event.user)
    return conversation_group(event.conversation)


def conversation_group(conversation: int) -> str:
    """The name of a conversation's group."""
    return f"conversation.{conversation}"


def presence_group(user: int) -> str:
    """The name of the group of those who want to know whether a person is there."""
    return f"presence.{user}"


def person_group(user: int) -> str:
    """The name of a person's group."""
    return f"person.{user}"
