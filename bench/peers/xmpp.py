"""XMPP clients that parse no more than they count: RFC 6120 to sign in, XEP-0045 for the group."""

import asyncio
import base64
from urllib.parse import urlsplit

from bench.crowd import Seat
from bench.peers.crowds import OPEN_SECONDS, PeerCrowd

DOMAIN = "localhost"
ROOMS = f"conference.{DOMAIN}"
ROOM = f"all@{ROOMS}"  #: it goes when the last one leaves it
STREAM = (
    f"<stream:stream to='{DOMAIN}' xmlns='jabber:client'"
    " xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)
BIND = (
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>"
)
#: Joins a room (XEP-0045) without what was said before.
JOIN = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"
PASSWORD = "correct-horse"  # noqa: S105 - of people who do not exist
END = b"</message>"


class XmppSocket(asyncio.Protocol):
    """One person's stream, without TLS, as the others have none."""

    def __init__(self, crowd: "XmppCrowd", seat: Seat) -> None:
        self.crowd, self.seat = crowd, seat
        self.name = f"p{seat.index + 1}"
        self._rest = b""
        self._waiting: tuple[bytes, asyncio.Future[None]] | None = None
        self._transport: asyncio.Transport | None = None

    # -------------------------------------------------------------- in and out

    async def open(self) -> None:
        parts = urlsplit(self.crowd.url)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, str(parts.hostname), int(parts.port or 0))
        await self._ask(STREAM, b"</stream:features>")
        secret = base64.b64encode(f"\0{self.name}\0{PASSWORD}".encode()).decode()
        auth = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>"
        await self._ask(auth, b"<success")
        await self._ask(STREAM, b"</stream:features>")
        await self._ask(BIND, b"</iq>")
        if self.crowd.pairs:
            await self._ask("<presence/>", b"<presence")
        else:
            await self._ask(f"<presence to='{ROOM}/{self.name}'>{JOIN}</presence>", b"code='110'")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.write(b"</stream:stream>")
            self._transport.close()

    async def _ask(self, text: str, until: bytes) -> None:
        assert self._transport is not None
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = (until, answered)
        self._transport.write(text.encode())
        async with asyncio.timeout(OPEN_SECONDS):
            await answered

    def say(self, text: str) -> None:
        assert self._transport is not None
        if self.crowd.pairs:
            to, kind = f"p{(self.seat.index ^ 1) + 1}@{DOMAIN}", "chat"
        else:
            to, kind = ROOM, "groupchat"
        self._transport.write(
            f"<message to='{to}' type='{kind}' id='{self.crowd.sent}'><body>{text}</body></message>".encode()
        )

    # -------------------------------------------------------------- what comes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's is of no class of asyncio's

    def data_received(self, data: bytes) -> None:
        if self._waiting is not None:
            self._answer(data)
            return
        if self._rest:
            data = self._rest + data
        *whole, self._rest = data.split(END)
        for stanza in whole:
            if b"<body>" in stanza:
                self.seat.take(stanza)
        if not self._rest.startswith(b"<message"):
            self._rest = self._rest[-len(END) :] if b"<message" not in self._rest else self._rest

    def _answer(self, data: bytes) -> None:
        assert self._waiting is not None
        self._rest += data
        until, answered = self._waiting
        if until in self._rest.replace(b'"', b"'"):
            self._rest, self._waiting = b"", None
            if not answered.done():
                answered.set_result(None)
        elif any(word in self._rest for word in (b"<failure", b"<stream:error", b"type='error'")):
            self._waiting = None
            if not answered.done():
                answered.set_exception(RuntimeError(self._rest.decode(errors="replace")[-500:]))


class XmppCrowd(PeerCrowd):
    def socket(self, seat: Seat) -> XmppSocket:
        return XmppSocket(self, seat)
