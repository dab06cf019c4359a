"""The smallest plays in which each mutant shows, and in which a server that keeps its promises does not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.db.models import F

from chatchat.realtime import outlet
from messaging.models import Message
from messaging.services import messages
from tests.client import ApiClient, ok
from tests.faults.checker import Verdict, check
from tests.faults.device import Device, Letter
from tests.faults.record import Cut, Got, Kick, Owed, Record, Row, now
from tests.people import orm
from tests.stack.server import Server

WITHIN = 10.0
READER_BOUND = 200_000  # bytes, as the servers of these plays are told
#: What the kernel keeps for a connection besides, at both ends.
KERNEL = 6_000_000


@dataclass
class Play:
    """Three people in a group of Amy's, on one server."""

    server: Server
    amy: ApiClient
    bob: ApiClient
    cat: ApiClient

    def __post_init__(self) -> None:
        self.chat = self.amy.create_group(self.bob, self.cat)
        self.record = Record()
        self.devices: list[Device] = []

    async def device(self, client: ApiClient) -> Device:
        """A device of theirs that has everything."""

        async def token(_renew: bool) -> str:
            assert client.token is not None
            return client.token

        record = self.record.device(f"device {len(self.devices)} of {client.user['nickname']}", client.id)
        device = Device([self.server.url], token, record, _nothing)
        device.join(self.chat)
        self.devices.append(device)
        await device.open()
        return device

    async def said(self, device: Device, *bodies: str) -> None:
        """These, acknowledged one after the other."""
        for body in bodies:
            device.say(self.chat, body)
            await until(lambda: not device.under_way)

    async def everything_has_come(self) -> None:
        """Every device is as far as the database."""
        head = max(row.version for row in self.rows())
        await until(lambda: all(each.cursors.get(self.chat, head) >= head for each in self.devices))

    def rows(self) -> list[Row]:
        fields = ("conversation_id", "seq", "version", "sender_id", "client_id", "body")
        return orm(
            lambda: [Row(*row) for row in Message.objects.filter(conversation=self.chat).values_list(*fields)]
        )

    async def judged(self) -> Verdict:
        """What the checker says, when everybody has gone home."""
        await asyncio.gather(*[device.close() for device in self.devices])
        self.record.rows = self.rows()
        return check(self.record)


def _nothing(_device: Device) -> Letter | None:
    return None


async def until(met: Callable[[], bool], within: float = WITHIN) -> bool:
    """Wait for it; False, if it does not come: that is for the checker to judge."""
    deadline = now() + within
    while not met() and now() < deadline:  # noqa: ASYNC110 - of several kinds of things
        await asyncio.sleep(0.005)
    return met()


# ------------------------------------------------------------------ the plays


async def a_crash_after_an_acknowledgement(play: Play) -> None:
    amy = await play.device(play.amy)
    await play.said(amy, "it is written")
    await asyncio.to_thread(play.server.restart, kill=True)
    await until(lambda: amy.live)


async def a_retry(play: Play) -> None:
    amy = await play.device(play.amy)
    client_id = str(uuid4())
    for _ in range(2):
        amy.say(play.chat, "once", client_id)
        await until(lambda: not amy.under_way)


async def a_clock_that_was_behind(play: Play) -> None:
    amy, bob = await play.device(play.amy), await play.device(play.bob)
    await play.said(amy, "one", "two")
    await play.everything_has_come()
    bob.away()
    await play.said(amy, "three", "four")
    # As a process whose clock is three hours behind would have written it.
    newest = Message.objects.filter(conversation=play.chat, body="four")
    orm(lambda: newest.update(sent_at=F("sent_at") - timedelta(hours=3)))
    bob.back()
    await until(lambda: bob.live)
    await play.everything_has_come()


async def a_resume_while_people_talk(play: Play) -> None:
    amy, bob = await play.device(play.amy), await play.device(play.bob)
    bob.away()
    await play.said(amy, *map(str, range(20)))
    bob.back()
    spoken = 20
    while not bob.live and spoken < 400:
        spoken += 1
        await play.said(amy, str(spoken))
    await play.everything_has_come()


async def a_jump(play: Play) -> None:
    amy, _bob = await play.device(play.amy), await play.device(play.bob)
    await play.said(amy, "one")
    orm(lambda: _unannounced(play))
    await play.said(amy, "three")
    await play.everything_has_come()


def _unannounced(play: Play) -> None:
    """As by a process that died between its commit and its publication."""
    outlet.connect(lambda events: None)
    try:
        messages.send(user_id=play.cat.id, conversation_id=play.chat, client_id=uuid4(), body="two")
    finally:
        outlet.connect(None)


async def a_late_marker(play: Play) -> None:
    amy, bob = await play.device(play.amy), await play.device(play.bob)
    await play.said(amy, "one", "two", "three")
    await play.everything_has_come()
    newest = bob.newest[play.chat]
    for seq in (newest, newest - 2):
        await bob.request(type="read", conversation=play.chat, seq=seq)
        bob.cut()
        await until(lambda: not bob.live)
        await until(lambda: bob.live)


async def own_messages(play: Play) -> None:
    amy = await play.device(play.amy)
    await play.said(amy, "one", "two")
    amy.cut()
    await until(lambda: not amy.live)
    await until(lambda: amy.live)


async def a_reader_that_never_reads(play: Play) -> None:
    amy, bob = await play.device(play.amy), await play.device(play.bob)
    bob.pause_reading()
    stopped, written = len(bob.record.events), 0
    body = "字" * 4000
    while written < KERNEL * 2:
        letters = [amy.say(play.chat, body) for _ in range(50)]
        written += sum(len(letter.body.encode()) for letter in letters)
        await until(lambda: not amy.under_way)
    await asyncio.sleep(2.2)  # told to go, and a second later cut
    bob.resume_reading()
    await until(lambda: bob.live and bob.cursors[play.chat] >= amy.cursors[play.chat])
    kept = 0
    for event in bob.record.events[stopped:]:
        if isinstance(event, Cut):
            break
        kept += len(event.body.encode()) if isinstance(event, Got) else 0
    bob.record.events.append(Owed(now(), kept, written, READER_BOUND + KERNEL))
    await play.everything_has_come()


async def a_kick(play: Play) -> None:
    amy, _bob = await play.device(play.amy), await play.device(play.bob)
    await play.device(play.cat)
    await play.said(amy, "everybody hears this")
    ok(play.amy.delete(f"groups/{play.chat}/members/{play.cat.id}"), 200, 204)
    play.record.kicks.append(Kick(now(), play.chat, play.cat.id))
    await asyncio.sleep(1.05)
    await play.said(amy, "Cat does not hear this")
    await asyncio.sleep(0.2)


async def a_retry_with_another_body(play: Play) -> None:
    amy = await play.device(play.amy)
    client_id = str(uuid4())
    for body in ("as it was sent", "as it was sent again"):
        amy.say(play.chat, body, client_id)
        await until(lambda: not amy.under_way)


Scenario = Callable[[Play], Awaitable[None]]

#: {mutant: (the play in which it shows, what the checker then says)}
SCENARIOS: dict[str, tuple[Scenario, Sequence[str]]] = {
    "acknowledged_before_the_commit": (a_crash_after_an_acknowledgement, ["lost"]),
    "no_unique_client_id": (a_retry, ["duplicated"]),
    "ordered_by_timestamp": (a_clock_that_was_behind, ["reordered"]),
    "live_before_the_backlog": (a_resume_while_people_talk, ["hole", "reordered"]),
    "no_fill_after_a_jump": (a_jump, ["hole"]),
    "markers_go_back": (a_late_marker, ["marker back"]),
    "own_messages_are_unread": (own_messages, ["unread wrong"]),
    "an_unbounded_queue": (a_reader_that_never_reads, ["unbounded"]),
    "deliveries_after_a_kick": (a_kick, ["after a kick"]),
    "a_retry_changes_the_body": (a_retry_with_another_body, ["altered"]),
}
