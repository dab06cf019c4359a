"""Many sockets that cost their core next to nothing: they count, and a few look closer."""

import asyncio
import time
import uuid
from array import array

import httpx
import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.clients import Client, MessageFrame, Token
from bench.people import Member, in_turns, make_friends, make_group
from bench.progress import Progress

BODY_SIZE = 100
#: One socket in so many measures the latency.
SAMPLE = 20
QUIET_SECONDS = 10.0
#: How each message's body begins: its number, easily found in a frame.
MARK = b"~#"
NUMBER_SIZE = 9

_decode = msgspec.json.Decoder(MessageFrame).decode


class Seat:
    """What one socket counts and looks for."""

    __slots__ = ("count", "crowd", "index", "last", "looks", "told", "waiting_for")

    def __init__(self, crowd: "Crowd", index: int) -> None:
        self.crowd = crowd
        self.index = index
        self.count = 0
        self.looks = index % SAMPLE == 0
        self.waiting_for = 0  #: a number: when it comes, this one sends the next
        self.last = self.told = b""

    @property
    def cursor(self) -> dict[int, int]:
        """Behind the last message that came, if any has."""
        if not self.last:
            return {}
        last = _decode(self.last)
        return {last.conversation: last.message.version}

    def take(self, payload: bytes) -> None:
        """A message came."""
        self.count += 1
        self.last = payload
        if not self.looks and not self.waiting_for:
            return
        at = payload.find(MARK) + len(MARK)
        number = int(payload[at : at + NUMBER_SIZE])
        if self.looks:
            self.crowd.latencies.append(time.perf_counter() - self.crowd.sent_at[number])
        if number == self.waiting_for:
            self.crowd.came_back(self)


class Crowd:
    """Sockets of a server that hands on every text to all."""

    def __init__(self, url: str, size: int, *, frame_size: int = 0, seat: type[Seat] = Seat) -> None:
        self.url = url
        self.size = size
        self.frame_size = frame_size
        self.readers = size  #: of each message
        self.seats = [seat(self, index) for index in range(size)]
        self.latencies = array("d")
        self.sent_at = array("d", [0.0])  #: by number
        self.said_by = array("l", [-1])  #: by number
        self._transports: list[WSTransport] = []
        self._closed_loop = False

    @property
    def received(self) -> int:
        return sum(seat.count for seat in self.seats)

    @property
    def sent(self) -> int:
        return len(self.sent_at) - 1

    async def open(self) -> None:
        url = "ws" + self.url.removeprefix("http") + "/"
        for seat in self.seats:
            transport, _ = await ws_connect(lambda seat=seat: _Socket(seat), url)
            self._transports.append(transport)

    async def close(self) -> None:
        for transport in self._transports:
            transport.disconnect()
        await asyncio.sleep(0.1)

    # -------------------------------------------------------------- loads

    async def at_rate(self, rate: float) -> None:
        """``rate`` messages a second, by everybody in turn, until cancelled."""
        started, sent = time.perf_counter(), 0
        while True:
            due = int((time.perf_counter() - started) * rate) + 1
            for _ in range(due - sent):
                self.say(self.seats[sent % self.size])
                sent += 1
            await asyncio.sleep(max(started + sent / rate - time.perf_counter(), 0))

    async def outstanding(self, count: int) -> None:
        """``count`` people who each say something as soon as their last message has come back to them."""
        self._closed_loop = True
        try:
            for seat in self.beginners(count):
                self._say_and_wait(seat)
            await asyncio.Event().wait()
        finally:
            self._closed_loop = False
            for seat in self.seats:
                seat.waiting_for = 0

    def came_back(self, seat: Seat) -> None:
        if self._closed_loop:
            self._say_and_wait(seat)

    def beginners(self, count: int) -> list[Seat]:
        """Who begins, where ``count`` messages are to be under way."""
        return self.seats[:count]

    def answering(self, seat: Seat) -> Seat:
        """Who says the next thing when what ``seat`` has said comes to them."""
        return seat

    def _say_and_wait(self, seat: Seat) -> None:
        self.answering(seat).waiting_for = len(self.sent_at)
        self.say(seat)

    async def quiet(self) -> None:
        """Until everything sent has come to all."""
        until = time.monotonic() + QUIET_SECONDS
        # Looking now and then costs less than an event at each of a million deliveries.
        while self.received < self.sent * self.readers and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def say(self, seat: Seat) -> None:
        text = MARK + b"%0*d" % (NUMBER_SIZE, len(self.sent_at))
        self.sent_at.append(time.perf_counter())
        self.said_by.append(seat.index)
        self.say_text(seat, text)

    def say_text(self, seat: Seat, text: bytes) -> None:
        self._transports[seat.index].send(WSMsgType.TEXT, text.ljust(self.frame_size, b"x"))


class _Socket(WSListener):
    def __init__(self, seat: Seat) -> None:
        self._take = seat.take

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            self._take(frame.get_payload_as_bytes())
        elif frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()


# ------------------------------------------------------------------ the product's


class ProductCrowd(Crowd):
    """As many people of one group, signed in, at the product's sockets."""

    def __init__(self, url: str, size: int, markers: bool) -> None:
        super().__init__(url, size)
        self.conversations = [0] * size  #: of each seat
        self.body_size = BODY_SIZE  #: characters
        self._markers = markers
        self._http = httpx.AsyncClient(timeout=60, trust_env=False)
        self.members: list[Member] = []
        self.tokens: list[Token] = []  #: of each seat
        self.active = self.seats  #: who arrives
        self._clients: list[ProductSocket] = []
        self._marking: asyncio.Task[None] | None = None
        self._since = 0  #: the first cursor of all
        self._cuts = 0

    @property
    def wrong(self) -> str:
        """How what was received differs from what was sent; empty if it doesn't."""
        cuts = self._cuts + sum(client.cuts for client in self._clients)
        if self.received == self.sent * self.readers and not cuts:
            return ""
        return f"sent {self.sent} to {self.readers} each, received {self.received}, {cuts} cuts"

    async def assemble(self) -> None:
        """Register everybody and make the conversations."""
        self.members = [Member(self._http, self.url) for _ in range(self.size)]
        self.tokens = [member.token for member in self.members]
        progress = Progress("people", self.size)
        jobs = [member.register(f"Person {n}") for n, member in enumerate(self.members, 1)]
        await in_turns(jobs, progress.step)
        progress.done()
        await self._befriend()

    async def _befriend(self) -> None:
        progress = Progress("group", self.size)
        group = await make_group(self.members, "Fan-out", progress.step)
        self.conversations = [group] * self.size
        state = await self.members[0].call("GET", f"conversations/{group}")
        self._since = int(state["last_version"])
        progress.done()

    async def open(self) -> None:
        await self.arrive()
        self.say(self.seats[0])
        await self.quiet()
        self.frame_size = len(self.seats[0].last)
        if self._markers:
            self._marking = asyncio.create_task(self._tell_delivered())

    async def arrive(self) -> None:
        """Everybody connects, and is where they left; nothing is said."""
        self._clients = [self._socket(seat) for seat in self.active]
        await in_turns([client.open() for client in self._clients], lambda: None, at_once=32)

    def _socket(self, seat: Seat) -> "ProductSocket":
        client = ProductSocket(self.url, self.tokens[seat.index], seat)
        client.cursors |= seat.cursor or {self.conversations[seat.index]: self._since}
        return client

    async def leave(self) -> None:
        """Everybody disconnects; they may ``arrive`` again."""
        if self._marking is not None:
            self._marking.cancel()
        await asyncio.gather(*[client.close() for client in self._clients])
        self._cuts += sum(client.cuts for client in self._clients)
        self._clients = []

    async def close(self) -> None:
        await self.leave()
        await self._http.aclose()

    def say_text(self, seat: Seat, text: bytes) -> None:
        self._clients[seat.index].send(
            type="message.send",
            conversation=self.conversations[seat.index],
            client_id=str(uuid.uuid4()),
            kind="text",
            body=text.ljust(self.body_size, b"x").decode(),
        )

    async def _tell_delivered(self) -> None:
        """Everybody once a second, spread over it, if there is news."""
        while True:
            for client, seat in zip(self._clients, self.seats, strict=True):
                if seat.last is not seat.told:
                    seat.told = seat.last
                    last = _decode(seat.last)
                    client.send(type="delivered", conversation=last.conversation, seq=last.message.seq)
                await asyncio.sleep(1 / self.size)


class PairsCrowd(ProductCrowd):
    """People who each write to one other."""

    def __init__(self, url: str, size: int, markers: bool) -> None:
        super().__init__(url, size, markers)
        self.readers = 2

    async def _befriend(self) -> None:
        progress = Progress("friends", self.size // 2)
        pairs = list(zip(self.members[::2], self.members[1::2], strict=True))
        found = await in_turns([make_friends(one, other) for one, other in pairs], progress.step)
        self.conversations = [conversation for conversation in found for _ in range(2)]
        progress.done()


class ProductSocket(Client):
    resumes = False

    def __init__(self, url: str, token: Token, seat: Seat) -> None:
        super().__init__(url, token)
        self._seat = seat

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            payload = frame.get_payload_as_bytes()
            if payload.startswith(b'{"type":"message",'):
                self._seat.take(payload)
                return
        super().on_ws_frame(transport, frame)
