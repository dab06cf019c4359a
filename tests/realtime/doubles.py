"""A hub's neighbours, small but real: a store that answers its questions, and readers."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from chatchat.realtime import Change, Receipt, Revoked, Signal, State, frame, receipts_frame
from chatchat.realtime.hub import Hub
from chatchat.realtime.sink import Sink


class Store:
    """Conversations in memory: a ``Source`` whose numbers obey the database's rules."""

    def __init__(self) -> None:
        self.head: dict[int, int] = {}
        self.rows: dict[int, dict[int, Change]] = {}
        self.revoked: list[Revoked] = []
        self.away = False
        self.error: Exception | None = None  # what every question ends with
        self.at_once = 1000  # changes handed out a question
        #: Set while the database answers; clear it to let questions wait.
        self.answering = asyncio.Event()
        self.answering.set()
        self.asked: list[str] = []
        self.read_revocations = asyncio.Event()
        #: (one, other): who may not see each other.
        self.hidden: set[tuple[int, int]] = set()
        #: What every conversation is called now.
        self.title = "old"
        #: Seconds between reading states and handing them over, of the next readings.
        self.slowness: list[float] = []
        self.states_read: list[list[tuple[int, int]]] = []
        #: {person: how far they have received and read}, in every conversation.
        self.markers: dict[int, int] = {}

    def commit(self, conversation: int, seq: int = 0, text: str = "") -> Change:
        """A new message, or, with a ``seq``, another state of that one; the event that tells it."""
        rows = self.rows.setdefault(conversation, {})
        version = self.head[conversation] = self.head.get(conversation, 0) + 1
        seq = seq or len(rows) + 1
        shape = {"seq": seq, "version": version, "body": text}
        change = Change(
            conversation, seq, version, frame("message", conversation=conversation, message=shape)
        )
        rows[seq] = change
        return change

    def revoke(self, user: int, number: int = 0, **fields: Any) -> Revoked:
        """What ended for somebody; the event that tells it."""
        fields = {"kind": "person"} | fields
        event = Revoked(number or len(self.revoked) + 1, user=user, **fields)
        self.revoked.append(event)
        return event

    async def _answer(self, question: str) -> None:
        self.asked.append(question)
        await self.answering.wait()
        if self.error:
            raise self.error
        if self.away:
            raise ConnectionError("the database is away")

    async def heads(self, conversations: Sequence[int]) -> dict[int, int]:
        await self._answer("heads")
        return {id_: self.head[id_] for id_ in conversations if id_ in self.head}

    async def changes(self, conversation: int, after: int) -> tuple[int, list[Change]]:
        await self._answer("changes")
        rows = sorted(self.rows.get(conversation, {}).values(), key=lambda change: change.version)
        found = [change for change in rows if change.version > after]
        return self.head.get(conversation, 0), found[: self.at_once]

    async def states(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], State]:
        found = {
            (conversation, user): State(
                frame("conversation", conversation={"id": conversation, "of": user, "title": self.title}),
                tuple(Receipt(person, seq, seq) for person, seq in self.markers.items()),
            )
            for conversation, user in wanted
        }
        # Read now, handed over later: a thread may wait for its turn in between.
        self.states_read.append([*wanted])
        await asyncio.sleep(self.slowness.pop(0) if self.slowness else 0)
        await self._answer("states")
        return found

    async def receipts(self, conversation: int, users: Sequence[int]) -> list[Receipt]:
        found = [Receipt(user, self.markers[user], self.markers[user]) for user in users]
        await self._answer("receipts")
        return found

    async def visible(self, viewer: int, others: Sequence[int]) -> set[int]:
        await self._answer("visible")
        return {other for other in others if (viewer, other) not in self.hidden}

    async def revocations(self, after: int, among: Sequence[int]) -> list[Revoked]:
        await self._answer("revocations")
        rows = sorted(self.revoked, key=lambda row: row.id)
        self.read_revocations.set()
        if after < 0:
            return rows[-1:]
        return [row for row in rows if row.id > after or row.id in among]


class Reader:
    """A socket that takes everything at once, or, with ``stuck``, nothing."""

    def __init__(self, user: int = 1, *, stuck: bool = False) -> None:
        self.user_id = user
        self.session_id: int | None = user * 100
        self.sink: Sink = self
        self.frames_out = 0
        self.stuck = stuck
        self.owed = 0
        self.writes: list[list[dict[str, Any]]] = []
        self.too_slow = 0
        self.ended: list[Revoked] = []
        self.news = asyncio.Event()

    # --- its end of the line

    def put(self, texts: Sequence[bytes], blob: bytes) -> int:
        self.writes.append([json.loads(text) for text in texts])
        self.owed += len(blob) if self.stuck else 0
        self.news.set()
        return self.owed

    def unsent(self) -> int:
        return self.owed

    async def put_paced(self, text: bytes) -> None:
        self.put((text,), text)

    async def hurry(self) -> None:
        """Nothing is in the way."""

    def abort(self) -> None:
        """There is no line to cut."""

    def end(self) -> None:
        """Nothing is kept."""

    # --- what the hub calls

    def personal(self, text: bytes, blob: bytes) -> None:
        self.put((text,), blob)

    def behind(self) -> None:
        self.too_slow += 1

    def revoked(self, event: Revoked) -> None:
        self.ended.append(event)
        self.news.set()

    # --- for the test

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [frame for write in self.writes for frame in write]

    @property
    def versions(self) -> list[int]:
        return [frame["message"]["version"] for frame in self.frames if frame["type"] == "message"]

    @property
    def titles(self) -> list[str]:
        return [frame["conversation"]["title"] for frame in self.frames if frame["type"] == "conversation"]

    async def called(self, title: str, within: float = 5) -> list[str]:
        """The titles, once this is the last one."""
        async with asyncio.timeout(within):
            while self.titles[-1:] != [title]:
                self.news.clear()
                await self.news.wait()
        return self.titles

    def read_by(self, user: int) -> list[int]:
        """How far ``user`` has read, as receipts told it."""
        told = (one for frame in self.frames for one in frame.get("receipts", ()))
        return [one["read_seq"] for one in told if one["user"] == user]

    async def told_of(self, user: int, count: int) -> list[int]:
        """How far ``user`` has read, once that was told so often."""
        async with asyncio.timeout(5):
            while len(self.read_by(user)) < count:
                self.news.clear()
                await self.news.wait()
        return self.read_by(user)

    async def until(self, count: int, within: float = 5) -> list[int]:
        """The versions, once there are so many."""
        async with asyncio.timeout(within):
            while len(self.versions) < count:
                self.news.clear()
                await self.news.wait()
        return self.versions


def has_read(conversation: int, user: int, seq: int) -> Signal:
    """The event that tells how far somebody has read."""
    receipts = (Receipt(user, seq, seq),)
    return Signal(conversation, receipts_frame(conversation, receipts), None, receipts)


async def follow(hub: Hub, reader: Reader, conversation: int, *, first_seq: int = 1) -> None:
    """Let ``reader``, who has everything so far, get what comes from now on."""
    await hub.enter(reader)
    await hub.watch(reader, [conversation])
    version = hub.watches[conversation].version
    hub.open(reader, conversation, first_seq=first_seq, version=version)
