"""A conversation as a process watches it: its sockets, and how far its changes have been handed on."""

import asyncio
from collections.abc import Iterable

from chatchat.realtime.events import Change, Receipt
from chatchat.realtime.ports import Client


def furthest(*receipts: Receipt) -> Receipt:
    """How far one person has come, of what several say of it."""
    delivered = max(one.delivered_seq for one in receipts)
    return Receipt(receipts[0].user, delivered, max(one.read_seq for one in receipts))


class Gate:
    """A socket that does not get a conversation's live frames yet: they wait for its backlog."""

    __slots__ = ("restate", "size", "waiting")

    def __init__(self) -> None:
        self.waiting: list[Change] = []
        self.size = 0
        self.restate = False  # the conversation's state changed meanwhile


class Watch:
    """A conversation that sockets of this process watch."""

    __slots__ = (
        "arrivals", "conversation", "filling", "floors", "gated", "held", "highest_floor", "last_write",
        "live", "pause", "pending", "receipts", "shown", "subscribed", "timer", "version", "written",
    )  # fmt: skip

    def __init__(self, conversation: int) -> None:
        self.conversation = conversation
        self.version = -1  # of the last change handed on; -1: not known yet, everything is held
        self.subscribed: asyncio.Future[None] | None = None
        #: {socket: the first seq that its person may see}
        self.live: dict[Client, int] = {}
        self.highest_floor = 1
        self.gated: dict[Client, Gate] = {}
        #: {socket: the version up to which it has everything}, while that is ahead of ``version``
        self.floors: dict[Client, int] = {}
        self.held: dict[int, Change] = {}
        self.timer: asyncio.TimerHandle | None = None
        self.filling = False
        self.pending: list[Change] = []
        #: When it was last written to, and for how many seconds after that what comes is gathered.
        self.last_write = self.pause = 0.0
        self.arrivals = 0  # sockets that have been let in
        #: {person: how far they were last told to have received and read}, since somebody was let in
        self.receipts: dict[int, Receipt] = {}
        #: {person: how far states that were told to some say that they have received and read}
        self.shown: dict[int, Receipt] = {}
        self.written = 0  # frames, to each who watches: counted once, not once a socket

    def empty(self) -> bool:
        """Nobody watches any more."""
        return not self.live and not self.gated

    def knows(self, receipts: Iterable[Receipt]) -> bool:
        """Whether all who watch were told of the same markers of these people."""
        return all(one.user in self.receipts for one in receipts)

    def forward(self, receipts: Iterable[Receipt]) -> list[Receipt]:
        """What of ``receipts`` is news, and told so that nothing goes back."""
        news = []
        for one in receipts:
            newest = furthest(one, self.receipts.get(one.user, one), self.shown.get(one.user, one))
            if self.receipts.get(one.user) != newest:
                self.receipts[one.user] = newest
                news.append(newest)
        return news

    def show(self, receipts: Iterable[Receipt]) -> bool:
        """Keep in mind what a state says that is being told to somebody; False if they know of more."""
        for one in receipts:
            if furthest(one, self.receipts.get(one.user, one)) != one:
                return False
            self.shown[one.user] = furthest(one, self.shown.get(one.user, one))
        return True

    def let_in(self, client: Client, first_seq: int) -> None:
        """``client`` gets what is written from now on."""
        if client not in self.live:
            client.frames_out -= self.written
            self.arrivals += 1
            self.receipts.clear()
        self.live[client] = first_seq
        self.highest_floor = max(self.highest_floor, first_seq)

    def let_out(self, client: Client) -> bool:
        """``client`` gets no more; whether it did."""
        if self.live.pop(client, None) is None:
            return False
        client.frames_out += self.written
        return True

    def stop_timer(self) -> None:
        """Nothing is waited for any more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
