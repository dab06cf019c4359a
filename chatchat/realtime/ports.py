"""What a hub stands between: sockets on one side, the database on the other."""

from collections.abc import Sequence
from typing import Protocol

from chatchat.realtime.events import Change, Receipt, Revoked, State
from chatchat.realtime.sink import Sink


class Client(Protocol):
    """A socket, as the hub sees it."""

    user_id: int
    session_id: int | None
    sink: Sink
    #: Frames written to it so far; what is written to all who watch is added when it leaves (``Watch``).
    frames_out: int

    def personal(self, text: bytes, blob: bytes) -> None:
        """A frame for its person: ``blob`` is ``text`` as a finished frame."""

    def behind(self) -> None:
        """Called after a write that left more unsent than a reader may owe."""

    def revoked(self, event: Revoked) -> None:
        """A session, all sessions or a participation of this person ended or changed."""


class Source(Protocol):
    """What a hub asks of the database. All methods may raise if it is away."""

    async def heads(self, conversations: Sequence[int]) -> dict[int, int]:
        """{conversation: last version} of those that exist."""

    async def changes(self, conversation: int, after: int) -> tuple[int, list[Change]]:
        """The head, and then the present changes with ``after`` < version ≤ head, in order.

        Many come in parts: where the last one is below the head, ask again after it.
        """

    async def states(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], State]:
        """{(conversation, user): what it is to them} of those who take part."""

    async def receipts(self, conversation: int, users: Sequence[int]) -> list[Receipt]:
        """The present markers of those of ``users`` who take part."""

    async def visible(self, viewer: int, others: Sequence[int]) -> set[int]:
        """Those of ``others`` whose coming and going ``viewer`` may see; it is so both ways."""

    async def revocations(self, after: int, among: Sequence[int]) -> list[Revoked]:
        """Rows numbered past ``after`` or one of ``among``, in order; the newest one if ``after`` < 0."""
