"""One socket of one person, between the hub and the consumer.

Order is everything here. ``hello`` first enters the person's group and watches every conversation
behind a gate (subscribed, confirmed), then reads, then writes ``ready`` and each backlog, and opens
each gate where its backlog ended: nothing falls between the two, and nothing comes twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError

from accounts.authentication import Credentials, check_session
from chatchat.clock import now, rfc3339
from chatchat.counters import count
from chatchat.errors import Forbidden, NotAuthenticated
from chatchat.realtime import Revoked, frame
from chatchat.realtime.hub import Hub
from chatchat.realtime.sink import Sink
from chatchat.realtime.wsframe import text_frame
from chatchat.telemetry import metrics
from chatchat.threads import run
from messaging import resume
from messaging.history import Backlog, Missed

log = logging.getLogger("chatchat.messaging")

NOT_AUTHENTICATED, BANNED, TOO_SLOW, TOO_MANY = 4401, 4403, 4408, 4429
RESTARTING = 1012
TRY_AGAIN = 1013  # the database is away
CUT_AFTER = 1.0  # seconds between telling a slow reader and cutting its line
GONE = frozenset({"left", "kicked", "dissolved"})


class Connection:
    """See the module; implements ``chatchat.realtime.ports.Client``."""

    __slots__ = (
        "__weakref__", "_close", "_early", "_late", "_left", "_turn", "closing", "code", "conversations",
        "expires_at", "frames_out", "greeted", "hub", "progress_at", "ready", "session_id", "sink", "stalled",
        "synced", "user_id",
    )  # fmt: skip

    def __init__(
        self, hub: Hub, credentials: Credentials, sink: Sink, close: Callable[[int], Awaitable[None]]
    ) -> None:
        self.hub = hub
        self.user_id = credentials.user_id
        self.session_id: int | None = credentials.session_id
        self.expires_at = credentials.expires_at
        self.sink = sink
        self._close = close
        self.closing = False
        self.code = 0  # of our closing it; 0: the client's
        self.frames_out = 0
        self.greeted = self.ready = self.synced = False
        #: What came for the person before ``ready`` was written.
        self._early: list[tuple[bytes, bytes]] = []
        self._late: list[tuple[int, str]] = []  # participations to look up once ``synced``
        #: {conversation: the version up to which the client has everything} of those just left.
        self._left: dict[int, int] = {}
        #: Participations are looked up one after the other; made when there is one.
        self._turn: asyncio.Lock | None = None
        self.conversations: set[int] = set()
        #: Bytes unsent when last looked at, and since when they have not become fewer.
        self.stalled, self.progress_at = 0, 0.0

    # --- out ----------------------------------------------------------------------------------------

    def reply(self, type_: str, **fields: Any) -> None:
        """Write a frame now, without waiting."""
        text = frame(type_, **fields)
        self.write(text, text_frame(text))

    def write(self, text: bytes, blob: bytes) -> None:
        """Write a finished frame now, without waiting."""
        self._count(text)
        if self.sink.put((text,), blob) > self.hub.max_unsent:
            self.behind()

    async def paced(self, type_: str, **fields: Any) -> None:
        """Write a frame with back-pressure: it does not count against what the reader may owe."""
        text = frame(type_, **fields)
        self._count(text)
        await self.sink.put_paced(text)

    def _count(self, text: bytes) -> None:
        self.frames_out += 1
        metrics.sent(text)

    def personal(self, text: bytes, blob: bytes) -> None:
        if self.ready:
            self.write(text, blob)
        elif self.greeted and len(self._early) < 1000:
            self._early.append((text, blob))

    def behind(self) -> None:
        self.close(TOO_SLOW)

    def close(self, code: int) -> None:
        """End the connection: say why, and cut the line a second later if the reader does not go."""
        if self.closing:
            return
        self.closing, self.code = True, code
        self.hub.exit(self, list(self.conversations))
        if code == TOO_SLOW:
            self.hub.spawn(run(count, "slow_reader"))
        self.hub.spawn(self._end(code))

    async def _end(self, code: int) -> None:
        try:
            async with asyncio.timeout(CUT_AFTER):
                await self.sink.hurry()
                await self._close(code)
        except Exception as error:
            log.debug("a socket was gone before it was closed: %s", error)
        if self.sink.unsent() > 0:
            self.hub.loop.call_later(CUT_AFTER, self.sink.abort)

    def look(self, moment: float, max_stall: float) -> None:
        """Once a second: is the token over, is the reader stuck?"""
        if now() >= self.expires_at:
            self.close(NOT_AUTHENTICATED)
            return
        unsent = self.sink.unsent()
        if unsent == 0 or unsent < self.stalled or self.stalled == 0:
            self.progress_at = moment
        elif moment - self.progress_at > max_stall:
            self.close(TOO_SLOW)
        self.stalled = unsent

    def leave(self) -> None:
        """The socket is gone."""
        self.closing = True
        # Also after ``close``: that may have come while ``hello`` was still subscribing.
        self.hub.exit(self, list(self.conversations))
        self.sink.end()

    # --- hello ---------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Hear of what ends for the person."""
        await self.hub.enter(self)

    async def hello(self, cursors: Mapping[int, int]) -> None:
        """Subscribe, read, then go live; see the module."""
        self.greeted = True
        metrics.resumed["with cursors" if cursors else "without"] += 1
        arrival = await self._arrive()
        if arrival is None:
            return
        self.conversations.update(arrival.conversations)
        await self.hub.watch(self, arrival.conversations)
        start = await resume.start((self.user_id, cursors))
        if self.closing:
            return
        await self._tell_ready(arrival, start)
        present = {missed.conversation for missed in start.progress}
        for conversation in cursors:
            if conversation not in present:
                await self.paced("conversation.gone", conversation=conversation, reason="not_found")
        await self._catch_up(start.progress)
        for conversation in self.conversations - present:  # left since the ids were read
            self.hub.detach(self, conversation)
        self.conversations &= present
        await self.paced("synced")
        self.synced = True
        for conversation, reason in self._late:
            self.hub.spawn(self._look_up(conversation, reason))
        self._late.clear()

    async def _arrive(self) -> resume.Arrival | None:
        """None where the socket closes: the session may have ended between the handshake and ``begin``."""
        try:
            arrival = await resume.arrive((self.user_id, self.session_id or 0))
        except (NotAuthenticated, Forbidden) as refusal:
            self._shut_out(refusal)
            return None
        return None if self.closing else arrival

    async def _tell_ready(self, arrival: resume.Arrival, start: resume.Start) -> None:
        await self.paced(
            "ready",
            user=arrival.person,
            session={"id": self.session_id, "expires_at": rfc3339(self.expires_at)},
            conversations=start.conversations,
        )
        self.ready = True
        for text, blob in self._early:
            self.write(text, blob)
        self._early.clear()

    async def _catch_up(self, progress: Sequence[Missed]) -> None:
        new = [missed.conversation for missed in progress if missed.conversation not in self.conversations]
        self.conversations.update(new)
        await self.hub.watch(self, new)
        behind: list[Missed] = []
        for missed in progress:
            if missed.behind:
                behind.append(missed)
                continue
            if missed.beyond:
                await self.paced("sync.limited", conversation=missed.conversation, after=0)
            self._open(missed.conversation, missed.first_seq, missed.head)
        at_once = resume.BACKLOGS_AT_ONCE
        for first in range(0, len(behind), at_once):
            if self.closing:
                return
            for backlog in await resume.backlogs(behind[first : first + at_once]):
                await self._write_backlog(backlog)

    async def _write_backlog(self, backlog: Backlog) -> None:
        for change in backlog.changes:
            if not self.hub.attached(self, backlog.conversation):  # kicked meanwhile
                return
            self._count(change.frame)
            await self.sink.put_paced(change.frame)
        if backlog.limited_after is not None:
            await self.paced("sync.limited", conversation=backlog.conversation, after=backlog.limited_after)
        self._open(backlog.conversation, backlog.first_seq, backlog.version)

    def _open(self, conversation: int, first_seq: int, version: int) -> None:
        if not self.closing:
            self.hub.open(self, conversation, first_seq=first_seq, version=version)

    # --- what ended or changed -------------------------------------------------------------------------

    def revoked(self, event: Revoked) -> None:
        if event.kind == "participation" and event.conversation is not None:
            self.hub.presence.review(self)
            self._participation(event.conversation, event.reason)
        elif event.kind == "voice":
            self._restate_all()
        elif event.kind == "session" and event.session == self.session_id:
            self.close(NOT_AUTHENTICATED)
        elif event.kind == "person" and event.session != self.session_id:
            # A row may be read late: of a session that has begun since it says nothing.
            self.hub.spawn(self._end_if_over())

    def _participation(self, conversation: int, reason: str) -> None:
        if not self.greeted:
            return
        if reason in GONE:  # at once; whether they are back is looked up afterwards
            version = self.hub.version_of(self, conversation)
            if self.hub.detach(self, conversation):
                self._left.setdefault(conversation, version)
        if reason == "rights" and self.hub.restate(self, conversation):
            return
        if self.synced:
            self.hub.spawn(self._look_up(conversation, reason))
        else:
            self._late.append((conversation, reason))

    async def _end_if_over(self) -> None:
        try:
            await self._check()
        except (OperationalError, InterfaceError):
            self.close(TRY_AGAIN)  # nobody is let in again without being looked up

    async def _check(self) -> None:
        """Close the socket if its session is over."""
        try:
            await run(check_session, user_id=self.user_id, session_id=self.session_id or 0)
        except (NotAuthenticated, Forbidden) as refusal:
            self._shut_out(refusal)

    def _shut_out(self, refusal: NotAuthenticated | Forbidden) -> None:
        if isinstance(refusal, NotAuthenticated):
            self.close(NOT_AUTHENTICATED)
            return
        # Why, and until when; the close code alone has no room for it.
        self.reply("error", **refusal.envelope())
        self.close(BANNED)

    def _restate_all(self) -> None:
        """Whether the person may write has changed, everywhere: what does not go live yet is told later."""
        for conversation in self.conversations:
            self.hub.restate(self, conversation)

    async def _look_up(self, conversation: int, reason: str) -> None:
        """Bring a conversation to what the person may see of it now."""
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            try:
                await self._bring_up(conversation, reason)
            except (OperationalError, InterfaceError, ConnectionError):
                self.close(TRY_AGAIN)  # it resumes with what is so then
            finally:
                if self.closing:
                    self.hub.detach(self, conversation)

    async def _bring_up(self, conversation: int, reason: str) -> None:
        found = await run(resume.state, self.user_id, conversation)
        if found is not None and not self.hub.attached(self, conversation):
            await self.hub.watch(self, [conversation])
            found = await run(resume.state, self.user_id, conversation)
        if self.closing:
            return
        if found is None:
            self.hub.detach(self, conversation)
            self._left.pop(conversation, None)
            if conversation in self.conversations:
                self.conversations.discard(conversation)
                self.reply("conversation.gone", conversation=conversation, reason=reason)
            return
        state, progress = found
        self.conversations.add(conversation)
        if not self.hub.live(self, conversation):
            self.reply("conversation", conversation=state)
        else:  # where the hub may be reading a state, too, and only it knows which one is newer
            self.hub.restate(self, conversation)
        had = self._left.pop(conversation, progress.head)
        if had < progress.head:  # they were gone for a moment, and others were not
            self.reply("sync.limited", conversation=conversation, after=had)
        self._open(conversation, progress.first_seq, progress.head)
