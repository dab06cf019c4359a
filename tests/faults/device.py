"""One person's device: it writes and reads as docs/websocket.md says, and records everything."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from picows import WSTransport

from bench.clients import (
    Accepted,
    Client,
    Conversation,
    DisconnectedError,
    Message,
    Receipts,
    Refusal,
    SyncPage,
    Token,
)
from tests.faults.checker import PASSING
from tests.faults.record import (
    Acked,
    Counted,
    Cut,
    DeviceRecord,
    Gone,
    Got,
    Limited,
    Marked,
    Opened,
    Paged,
    Refused,
    Sent,
    now,
)

AGAIN_SECONDS = 0.2  # after a refusal that asks to try again


@dataclass(slots=True)
class Letter:
    """A message to be sent."""

    conversation: int
    client_id: str
    body: str


#: The next letter of a device, if there is one now.
Supply = Callable[["Device"], Letter | None]


class Device(Client):
    """It keeps up to `window` messages under way, and sends again what was not acknowledged."""

    def __init__(
        self, urls: Sequence[str], token: Token, record: DeviceRecord, supply: Supply, *, window: int = 1
    ) -> None:
        # Where one process is gone another one answers, as behind a load balancer.
        self._doors = itertools.cycle(f"ws{url.removeprefix('http')}/ws/chat/" for url in urls)
        super().__init__(urls[0], token)
        self.url = next(self._doors)
        self.record, self._supply, self.window = record, supply, window
        self.events = record.events
        self.under_way: dict[str, Letter] = {}
        self.acknowledged = 0
        self.newest: dict[int, int] = {}  # the highest seq of each conversation
        self._ahead: dict[int, int] = {}  # {conversation being paged: the last version of a frame}
        self._here = asyncio.Event()
        self._here.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def join(self, conversation: int, after: int = 0) -> None:
        """From this version on it must get everything."""
        self.cursors[conversation] = self.record.start[conversation] = after

    # ------------------------------------------------------------ coming and going

    def on_open(self) -> None:
        self._ahead.clear()
        self.events.append(Opened(now(), dict(self.cursors)))

    def on_cut(self) -> None:
        self.events.append(Cut(now(), self.close_codes[-1] if self.close_codes else 0))
        self.url = next(self._doors)

    def on_synced(self) -> None:
        for letter in list(self.under_way.values()):
            self._post(letter)
        self.write_more()

    def away(self) -> None:
        """Cut, and not back before `back`."""
        self._here.clear()
        self.live = False
        self.cut()

    def back(self) -> None:
        self._here.set()

    async def _connect(self, renew: bool) -> WSTransport:
        await self._here.wait()
        return await super()._connect(renew)

    def pause_reading(self) -> None:
        """Take nothing more from the line, and keep it."""
        if self.transport is not None:
            self.transport.underlying_transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on, if the server has not given up."""
        if self.transport is not None:
            self.transport.underlying_transport.resume_reading()

    # ------------------------------------------------------------ reading

    def on_message(self, conversation: int, message: Message) -> None:
        self._got(conversation, message, paged=False)
        if conversation in self._ahead:
            self._ahead[conversation] = max(self._ahead[conversation], message.version)
        elif conversation in self.cursors:
            self.cursors[conversation] = max(self.cursors[conversation], message.version)

    def _got(self, conversation: int, message: Message, *, paged: bool) -> None:
        sender = message.sender.id if message.sender else None
        place = (conversation, message.seq, message.version)
        self.events.append(Got(now(), *place, sender, message.client_id, message.body, paged))
        if message.seq > self.newest.get(conversation, 0):
            self.newest[conversation] = message.seq

    def on_limited(self, conversation: int, after: int) -> None:
        self.events.append(Limited(now(), conversation, after))
        self.cursors[conversation] = self._ahead[conversation] = after
        self.spawn(self._read_pages(conversation))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_pages(self, conversation: int) -> None:
        complete = False
        while not complete:
            try:
                page = await self.request(
                    type="sync", conversation=conversation, after=self.cursors[conversation]
                )
            except (DisconnectedError, TimeoutError):
                return  # the next hello names the cursor as far as it came
            if isinstance(page, Refusal):
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            complete = self._page(conversation, page)

    def _page(self, conversation: int, page: SyncPage) -> bool:
        for message in page.messages:
            self._got(conversation, message, paged=True)
        self.events.append(Paged(now(), conversation, page.next, page.complete))
        self.cursors[conversation] = page.next
        if page.complete:
            self.cursors[conversation] = max(page.next, self._ahead.pop(conversation, 0))
        return page.complete

    def on_receipts(self, frame: Receipts) -> None:
        for one in frame.receipts:
            self.events.append(Marked(now(), frame.conversation, one.user, one.delivered_seq, one.read_seq))

    def on_state(self, conversation: Conversation) -> None:
        if conversation.id in self.cursors:
            at, id_, read = now(), conversation.id, conversation.read_seq
            self.events.append(Marked(at, id_, self.record.user, conversation.delivered_seq, read))
            self.events.append(Counted(at, id_, conversation.last_seq, read, conversation.unread))

    def on_gone(self, conversation: int) -> None:
        self.events.append(Gone(now(), conversation))
        self.cursors.pop(conversation, None)
        self._ahead.pop(conversation, None)

    # ------------------------------------------------------------ writing

    def write_more(self) -> None:
        """As much as may be under way."""
        while self.live and len(self.under_way) < self.window:
            letter = self._supply(self)
            if letter is None:
                return
            self.under_way[letter.client_id] = letter
            self._post(letter)

    def say(self, conversation: int, body: str, client_id: str | None = None) -> Letter:
        """Send this one."""
        letter = Letter(conversation, client_id or str(uuid4()), body)
        self.under_way[letter.client_id] = letter
        self._post(letter)
        return letter

    def _post(self, letter: Letter) -> None:
        if not self.live:
            return
        self.events.append(Sent(now(), letter.conversation, letter.client_id, letter.body))
        self.send(
            type="message.send", id=letter.client_id, conversation=letter.conversation,
            client_id=letter.client_id, kind="text", body=letter.body,
        )  # fmt: skip

    def on_accepted(self, frame: Accepted) -> None:
        self.events.append(
            Acked(now(), frame.conversation, frame.client_id, frame.seq, frame.version, frame.duplicate)
        )
        if self.under_way.pop(frame.client_id, None) is not None:
            self.acknowledged += 1
            self.write_more()

    def on_refused(self, frame: Refusal) -> None:
        letter = self.under_way.get(str(frame.re))
        if letter is None:
            return
        self.events.append(Refused(now(), letter.conversation, letter.client_id, frame.error.code))
        if frame.error.code in PASSING:
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._post_again, letter)
        else:
            del self.under_way[letter.client_id]

    def _post_again(self, letter: Letter) -> None:
        if letter.client_id in self.under_way:
            self._post(letter)

    def mark(self) -> None:
        """Tell how far it has received, as a client does once a second."""
        for conversation, seq in self.newest.items():
            if conversation in self.cursors:
                self.send(type="read", conversation=conversation, seq=seq)

    def react(self, conversation: int) -> None:
        """To the newest message that it has: a change takes a version, and the message is told again."""
        if self.live and self.newest.get(conversation):
            self.spawn(self._react(conversation, self.newest[conversation]))

    async def _react(self, conversation: int, seq: int) -> None:
        with contextlib.suppress(DisconnectedError, TimeoutError):
            await self.request(type="reaction.add", conversation=conversation, seq=seq, emoji="👍")

    @property
    def waits(self) -> bool:
        """Whether an answer is outstanding."""
        return bool(self._tasks)
