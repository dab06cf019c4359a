"""Playing a log through real sockets, and judging what each person receives."""

import asyncio
import time
from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Callable

from bench.clients import Accepted, Client, DisconnectedError, Message, Refusal, SyncPage, Token
from bench.logs import Entry

#: Refusals that pass: the message is sent again after a moment.
PASSING = {"rate_limited", "unavailable", "internal"}
#: Nothing new for so long: what is missing counts as lost.
STALL_SECONDS = 60.0
EXAMPLES = 5


class Faults:
    """What went wrong, counted, with the first few of each kind in words."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, example: str, count: int = 1) -> None:
        self.counts[kind] += count
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append(example)


class Book:
    """What a conversation must hold: every reader has to see the same messages at the same places."""

    def __init__(self, conversation: int, people: list[int], after: int) -> None:
        self.conversation = conversation
        self.people = people  #: indexes
        self.after = after  #: the version at which the replay begins
        self.expected: dict[str, Entry] = {}
        self.user_ids: dict[int, int] = {}  #: of the people, by index
        self.pages: dict[int, Message] = {}  #: by seq, as first seen
        self._placed: dict[str, int] = {}

    def expect(self, entry: Entry) -> None:
        self.expected[entry.client_id] = entry

    def agrees(self, message: Message, entries: list[Entry], faults: Faults) -> Entry | None:
        """The log's entry that ``message`` is, or None; whatever differs is noted in ``faults``."""
        known = self.pages.get(message.seq)
        if known is None:
            self.pages[message.seq] = message
            self._compare_with_log(message, entries, faults)
        elif known != message:
            faults.add("altered", f"{self.conversation}/{message.seq}: {message} is not {known}")
        return self.expected.get(message.client_id) if message.client_id else None

    def _compare_with_log(self, message: Message, entries: list[Entry], faults: Faults) -> None:
        place = f"{self.conversation}/{message.seq}"
        entry = self.expected.get(message.client_id or "")
        if entry is None:
            if message.kind != "system" and message.version > self.after:
                faults.add("foreign", f"{place}: {message}")
            return
        if self._placed.setdefault(entry.client_id, message.seq) != message.seq:
            faults.add("duplicated", f"{place}: is at {self._placed[entry.client_id]} too")
        if entry.seq is not None and entry.seq != message.seq:
            faults.add("out_of_order", f"{place}: was acknowledged as {entry.seq}")
        reply_to = None if entry.reply_to is None else entries[entry.reply_to].seq
        sender = message.sender.id if message.sender else None
        if (message.body.encode(), message.reply_to, sender, message.kind) != (
            entry.text.encode(),
            reply_to,
            self.user_ids[entry.person],
            "text",
        ):
            faults.add("altered", f"{place}: {message} is not {entry}")


class Track:
    """What one person has received of one conversation."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.have = bytearray()
        self.received = 0  #: of the log's messages
        self.newest = 0  #: the highest seq
        self.told = 0  #: the last `delivered` sent
        self.limited = False
        self.version = book.after  #: of the last frame on this connection
        #: Up to this version a page and a frame may both have brought it.
        self.overlap = 0

    def mark(self, seq: int) -> bool:
        """False: it was there already."""
        have = self.have
        if seq >= len(have):
            have.extend(bytes(seq + 1024 - len(have)))
        if have[seq]:
            return False
        have[seq] = 1
        if seq > self.newest:
            self.newest = seq
        return True


class Player(Client):
    """One person at their socket."""

    def __init__(self, url: str, token: Token, index: int, stage: "Stage") -> None:
        super().__init__(url, token)
        self.index = index
        self.stage = stage
        self.tracks: dict[int, Track] = {}
        self.queue: deque[int] = deque()  #: indexes of entries yet to be sent
        self.pending: Entry | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def watch(self, book: Book) -> None:
        self.tracks[book.conversation] = Track(book)
        self.cursors[book.conversation] = book.after

    # -------------------------------------------------------------- receiving

    def on_message(self, conversation: int, message: Message) -> None:
        track = self.tracks.get(conversation)
        if track is None:
            return
        version = message.version
        if version <= track.version:
            if version > track.overlap:
                self._note("out_of_order", conversation, message, f"after version {track.version}")
                if not self._record(track, message, live=True):
                    self._note("duplicated", conversation, message, "received already")
            return
        track.version = version
        if track.limited:
            track.overlap = max(track.overlap, version)
        else:
            self.cursors[conversation] = version
        if not self._record(track, message, live=True) and version > track.overlap:
            self._note("duplicated", conversation, message, "received already")

    def _record(self, track: Track, message: Message, *, live: bool) -> bool:
        new = track.mark(message.seq)
        entry = track.book.agrees(message, self.stage.entries, self.stage.faults)
        if new and entry is not None:
            track.received += 1
            self.stage.delivered(entry if live else None)
        return new

    def _note(self, kind: str, conversation: int, message: Message, what: str) -> None:
        self.stage.faults.add(
            kind, f"person {self.index}, {conversation}/{message.seq} v{message.version}: {what}"
        )

    # -------------------------------------------------------------- after a cut

    def on_cut(self) -> None:
        for conversation, track in self.tracks.items():
            track.limited = False
            track.version = self.cursors[conversation]

    def on_synced(self) -> None:
        if self.pending is not None:
            self._send(self.pending)
        else:
            self.stage.play_next(self)

    def on_limited(self, conversation: int, after: int) -> None:
        if track := self.tracks.get(conversation):
            track.limited = True
            self.cursors[conversation] = after
            task = asyncio.create_task(self._catch_up(conversation, track))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _catch_up(self, conversation: int, track: Track) -> None:
        self.stage.limited += 1
        try:
            complete = False
            while not complete and track.limited:
                page = await self.request(
                    type="sync", conversation=conversation, after=self.cursors[conversation]
                )
                assert isinstance(page, SyncPage), page
                for message in page.messages:
                    self._record(track, message, live=False)
                self.cursors[conversation] = page.next
                complete = page.complete
        except (DisconnectedError, TimeoutError):
            return  # the next hello names the cursor as far as it came
        track.limited = False
        track.overlap = max(track.overlap, page.next)
        track.version = max(track.version, page.next)
        self.cursors[conversation] = track.version

    def on_gone(self, conversation: int) -> None:
        if conversation in self.tracks:
            self.stage.faults.add("gone", f"person {self.index} lost access to {conversation}")

    # -------------------------------------------------------------- sending

    def play(self, entry: Entry) -> None:
        self.pending = entry
        entry.first_sent = time.perf_counter()
        self._send(entry)

    def _send(self, entry: Entry) -> None:
        fields = {} if entry.reply_to is None else {"reply_to": self.stage.entries[entry.reply_to].seq}
        self.send(
            type="message.send",
            id=entry.client_id,
            conversation=self.stage.conversation_of[self.index],
            client_id=entry.client_id,
            kind="text",
            body=entry.text,
            **fields,
        )

    def on_accepted(self, frame: Accepted) -> None:
        entry = self.pending
        if entry is None or frame.client_id != entry.client_id:
            return  # a second answer to what was sent again
        entry.seq = frame.seq
        self.stage.duplicates_answered += frame.duplicate
        self._settled()

    def on_refused(self, frame: Refusal) -> None:
        entry = self.pending
        if entry is None or frame.re != entry.client_id:
            self.stage.faults.add("refused", f"person {self.index}: {frame}")
        elif frame.error.code in PASSING:
            self.stage.retried += 1
            asyncio.get_running_loop().call_later(0.5, self._again, entry)
        else:
            self.stage.faults.add("refused", f"person {self.index}: {frame}: {entry}")
            entry.refused = True
            self.stage.deliveries_due -= len(self.tracks[self.stage.conversation_of[self.index]].book.people)
            self._settled()

    def _again(self, entry: Entry) -> None:
        if self.pending is entry and self.live:
            self._send(entry)

    def _settled(self) -> None:
        self.pending = None
        self.stage.settled(self)

    def tell_delivered(self) -> None:
        """The marker that a real client sends once a second and conversation."""
        for conversation, track in self.tracks.items():
            if track.newest > track.told and self.live:
                track.told = track.newest
                self.send(type="delivered", conversation=conversation, seq=track.newest)


class Stage:
    """Who says what when.

    Without a rate each person says their next message when the last one was acknowledged, where it is
    among the log's next ``window``. An answer waits for what it answers.
    """

    def __init__(self, entries: list[Entry], window: int, rate: float | None) -> None:
        self.entries = entries
        self.window = window
        self.rate = rate
        self.faults = Faults()
        self.players: list[Player] = []
        self.conversation_of: list[int] = []  #: by person's index
        self.latencies = array("d")
        self.deliveries = 0
        self.deliveries_due = 0
        self.acknowledged = 0
        self.duplicates_answered = 0
        self.limited = 0
        self.retried = 0
        self.last_news = time.monotonic()
        self._oldest = 0  #: all before it are settled
        self._admitted = 0
        self._waiting: defaultdict[int, list[Player]] = defaultdict(list)

    # -------------------------------------------------------------- what players report

    def delivered(self, entry: Entry | None) -> None:
        """One more of the log's messages reached one more person; from a page, if ``entry`` is None."""
        self.deliveries += 1
        if entry is not None:
            self.latencies.append(time.perf_counter() - entry.first_sent)

    def settled(self, player: Player) -> None:
        """``player``'s message was acknowledged, or refused for good."""
        self.acknowledged += 1
        self.last_news = time.monotonic()
        index = player.queue.popleft()
        for waiting in self._waiting.pop(index, ()):
            self.play_next(waiting)
        entries = self.entries
        while self._oldest < len(entries) and (
            entries[self._oldest].seq is not None or entries[self._oldest].refused
        ):
            self._oldest += 1
        if self.rate is None:
            self._admit(self._oldest + self.window)
        self.play_next(player)

    def play_next(self, player: Player) -> None:
        if player.pending is not None or not player.live or not player.queue:
            return
        index = player.queue[0]
        if index >= self._admitted:
            return
        entry = self.entries[index]
        if entry.reply_to is not None:
            target = self.entries[entry.reply_to]
            if target.refused:
                entry.reply_to = None
            elif target.seq is None:
                self._waiting[entry.reply_to].append(player)
                return
        player.play(entry)

    def _admit(self, until: int) -> None:
        first, self._admitted = self._admitted, min(max(until, self._admitted), len(self.entries))
        for index in range(first, self._admitted):
            self.play_next(self.players[self.entries[index].person])

    # -------------------------------------------------------------- the play

    async def play(self, step: Callable[[int], None], *, markers: bool) -> None:
        """Until everything was acknowledged and received, or nothing has moved for a long time."""
        for index, entry in enumerate(self.entries):
            self.players[entry.person].queue.append(index)
        started = self.last_news = time.monotonic()
        marking = asyncio.create_task(self._tell_delivered()) if markers else None
        self._admit(self.window if self.rate is None else 1)
        before = -1
        while not self.finished:
            await asyncio.sleep(0.002 if self.rate else 0.05)
            if self.rate is not None:
                self._admit(int((time.monotonic() - started) * self.rate) + 1)
            if self.deliveries != before:
                before, self.last_news = self.deliveries, time.monotonic()
                step(self.deliveries)
            if time.monotonic() - self.last_news > STALL_SECONDS:
                break
        if marking is not None:
            marking.cancel()

    @property
    def finished(self) -> bool:
        return self.acknowledged == len(self.entries) and self.deliveries >= self.deliveries_due

    async def _tell_delivered(self) -> None:
        while True:
            pause = 1 / len(self.players)
            for player in self.players:
                player.tell_delivered()
                await asyncio.sleep(pause)
