"""chatchat's people among those who are compared."""

import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from picows import WSFrame, WSMsgType, WSTransport

from bench import ROOT
from bench.clients import Client, MessageFrame
from bench.crowd import Seat
from bench.peers.crowds import PeerCrowd
from bench.servers import Running

_decode = msgspec.json.Decoder(MessageFrame).decode


@dataclass(frozen=True)
class Person:
    token: str
    pair: int  #: the conversation with the other one of two
    groups: dict[int, int]  #: of a size: the conversation of the group of so many
    cursors: dict[int, int] = field(default_factory=dict)  #: who comes back has everything already


class ProductSocket(Client):
    """One person's, who has a token."""

    resumes = False

    def __init__(self, crowd: "ProductCrowd", seat: Seat) -> None:
        person = crowd.people[seat.index]

        async def known(renew: bool) -> str:
            return person.token

        super().__init__(crowd.url, known)
        self.cursors = person.cursors
        self._seat = seat
        self._conversation = person.pair if crowd.pairs else person.groups[crowd.size]

    def say(self, text: str) -> None:
        self.send(
            type="message.send",
            conversation=self._conversation,
            client_id=str(uuid.uuid4()),
            kind="text",
            body=text,
        )

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            payload = frame.get_payload_as_bytes()
            if self.live and payload.startswith(b'{"type":"message",'):
                self._seat.take(payload)
                return
        super().on_ws_frame(transport, frame)


class ProductCrowd(PeerCrowd):
    """Some of ``people``, the first of them."""

    def __init__(self, url: str, size: int, *, pairs: bool, people: Sequence[Person]) -> None:
        super().__init__(url, size, pairs=pairs)
        self.people = people

    def socket(self, seat: Seat) -> ProductSocket:
        return ProductSocket(self, seat)

    async def close(self) -> None:
        for person, seat, socket in zip(self.people, self.seats, self.sockets, strict=False):
            if seat.last:
                frame = _decode(seat.last)
                person.cursors[frame.conversation] = frame.message.version
            await socket.close()


def people(running: Running, count: int, sizes: Sequence[int]) -> list[Person]:
    """Made by chatchat's own services, and groups of so many of them."""
    sizes = sorted(sizes, reverse=True)  # whoever is in a smaller group is in the larger ones, too
    command = [sys.executable, "-m", "bench.peers.people", str(count), *map(str, sizes)]
    done = subprocess.run(command, cwd=ROOT, env=running.env, stdout=subprocess.PIPE, text=True, check=True)
    found = []
    for line in done.stdout.splitlines():
        token, *known = line.split()
        cursors = {int(one): int(at) for one, _, at in (text.partition(":") for text in known)}
        pair, *groups = cursors
        found.append(Person(token, pair, dict(zip(sizes, groups, strict=False)), cursors))
    return found
