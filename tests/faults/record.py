"""What every client saw, as it saw it: written down while it happens, judged afterwards (`checker.py`).

All times are of one monotonic clock, the clients'. What a device saw is one list, in the order of its
coming; the database's own rows, read at the end, are the `Truth` that it is compared with.
"""

import time
from dataclasses import dataclass, field

import msgspec

now = time.monotonic


class Event(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Something that a device did or saw, and when."""

    at: float


class Opened(Event, frozen=True, gc=False):
    """A connection was made, and `hello` names these cursors."""

    cursors: dict[int, int]


class Cut(Event, frozen=True, gc=False):
    """The connection went away; 0: without a close frame."""

    code: int


class Sent(Event, frozen=True, gc=False):
    """A message went out, for the first time or again."""

    conversation: int
    client_id: str
    body: str


class Acked(Event, frozen=True, gc=False):
    """The server says that it is written."""

    conversation: int
    client_id: str
    seq: int
    version: int
    duplicate: bool


class Refused(Event, frozen=True, gc=False):
    """The server says that it was not."""

    conversation: int
    client_id: str
    code: str


class Got(Event, frozen=True, gc=False):
    """A message came, live, in the backlog or (`paged`) in a page that was asked for."""

    conversation: int
    seq: int
    version: int
    sender: int | None
    client_id: str | None
    body: str
    paged: bool


class Limited(Event, frozen=True, gc=False):
    """Too much is missing: from here on only pages move the cursor."""

    conversation: int
    after: int


class Paged(Event, frozen=True, gc=False):
    """The end of a page whose messages came just before."""

    conversation: int
    next: int
    complete: bool


class Marked(Event, frozen=True, gc=False):
    """Somebody's markers, as told in a receipt or in a conversation's state."""

    conversation: int
    user: int
    delivered: int
    read: int


class Counted(Event, frozen=True, gc=False):
    """One's own unread count, as told together with the marker and the head that it belongs to."""

    conversation: int
    last_seq: int
    read: int
    unread: int


class Gone(Event, frozen=True, gc=False):
    """The conversation's frames end here."""

    conversation: int


class Owed(Event, frozen=True, gc=False):
    """A reader that had stopped reading looks again: what was kept for it, of how much there was."""

    kept: int
    written: int
    bound: int


@dataclass
class DeviceRecord:
    """One device of one person, from its first connection to its last."""

    name: str
    user: int
    #: The version in each conversation from which on it must have everything.
    start: dict[int, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True)
class Kick:
    """When it was confirmed that somebody is no longer in a conversation."""

    at: float
    conversation: int
    user: int


class Row(msgspec.Struct, frozen=True, gc=False):
    """A message as the database has it at the end."""

    conversation: int
    seq: int
    version: int
    sender: int | None
    client_id: str | None
    body: str


@dataclass
class Record:
    """Everything that the checker is told."""

    devices: list[DeviceRecord] = field(default_factory=list)
    kicks: list[Kick] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def device(self, name: str, user: int) -> DeviceRecord:
        """A new device."""
        self.devices.append(DeviceRecord(name, user))
        return self.devices[-1]
