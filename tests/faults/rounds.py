"""One round: people talk in conversations of their own while faults happen, then all is judged."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from bench.people import Member, make_friends, make_group
from tests.faults.checker import Verdict, check
from tests.faults.device import Device, Letter
from tests.faults.kinds import FAULTS, Scene
from tests.faults.record import Kick, Record, now
from tests.faults.site import Site

PEOPLE = 8
MARK_EVERY = 1.0
#: After the last fault everything has to be acknowledged, and to have come, within so many seconds.
PATIENCE = 60.0


@dataclass
class Plan:
    """What a round does, wholly given by its seed."""

    seed: int
    number: int  # of the round
    messages: int  # at least; people talk until the last fault is over
    window: int  # messages of a device that are under way at once
    #: After how many more acknowledgements each fault happens, its kind, and the seconds that it lasts.
    faults: list[tuple[int, str, float]] = field(default_factory=list)


def plan(seed: int, number: int, *, messages: int, window: int, kinds: Sequence[str], faults: int) -> Plan:
    """Faults at random moments, every kind before any comes again."""
    source = random.Random(f"{seed}/{number}")
    chosen: list[str] = []
    while len(chosen) < faults:
        chosen += source.sample(kinds, len(kinds))
    moments = [
        (source.randint(5 * window, 20 * window), kind, round(source.uniform(0.5, 3), 1))
        for kind in chosen[:faults]
    ]
    return Plan(seed, number, messages, window, moments)


def _seconds(source: random.Random) -> float:
    """Mostly short, so that many fit into an hour; one in ten is as long as a connection's patience."""
    return 10.0 if source.random() < 0.1 else round(source.uniform(0.5, 3), 1)


@dataclass
class Outcome:
    """What came of a round."""

    plan: Plan
    verdict: Verdict
    faults: Counter[str]
    seconds: float
    codes: Counter[int]


class Round:
    """See the module."""

    def __init__(
        self, site: Site, members: Sequence[Member], texts: Iterator[str], plan: Plan,
        tell: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.site, self.members, self.texts, self.plan, self.tell = site, members, texts, plan, tell
        self.random = random.Random(f"{plan.seed}/{plan.number}/talk")
        self.record = Record()
        self.devices: list[Device] = []
        self.conversations: list[int] = []
        self.of: dict[int, list[int]] = {}  # {person: their conversations}
        self.sent = 0
        self.calm = False  # the last fault is over
        self.wrong: list[str] = []  # what faults saw themselves
        self.happened: Counter[str] = Counter()
        self.groups: dict[int, list[Member]] = {}

    async def run(self) -> Outcome:
        began = time.monotonic()
        await self._make_conversations()
        marking, stuck = asyncio.create_task(self._mark()), ""
        try:
            await asyncio.gather(*[device.open() for device in self.devices])
            await self._break_things()
            await self._until(self._all_acknowledged, "everything is acknowledged")
            marking.cancel()
            await self._until(self._nothing_under_way, "everything is answered")
            await self._read_to_the_end()
        except StuckError as error:
            stuck = str(error)
        finally:
            marking.cancel()
            await asyncio.gather(*[device.close() for device in self.devices])
        self.record.rows = await asyncio.to_thread(self.site.rows, self.conversations)
        verdict = check(self.record)
        if stuck:
            verdict.add("stuck", stuck)
        for wrong in self.wrong:
            verdict.add("refused", wrong)
        codes = Counter(code for device in self.devices for code in device.close_codes)
        return Outcome(self.plan, verdict, self.happened, time.monotonic() - began, codes)

    # ------------------------------------------------------------ who talks where

    async def _make_conversations(self) -> None:
        """A group of all, two of half of them, and two people alone."""
        half = len(self.members) // 2
        for name, members in (
            *(("everybody", self.members), ("one half", self.members[:half])),
            ("the other half", self.members[half:]),
        ):
            self._take_part(await make_group(members, name, lambda: None), members)
        pairs = list(itertools.combinations(self.members, 2))
        if self.plan.number < len(pairs):
            pair = pairs[self.plan.number]
            self._take_part(await make_friends(*pair), pair)
        for member in (*self.members, self.members[1]):  # the second has one at each of two processes
            first = len(self.devices) % len(self.site.urls)
            record = self.record.device(f"device {len(self.devices)}", member.id)
            urls = self.site.urls[first:] + self.site.urls[:first]
            device = Device(urls, member.token, record, self._letter, window=self.plan.window)
            for conversation in self.of[member.id]:
                device.join(conversation)
            self.devices.append(device)

    def _take_part(self, conversation: int, members: Sequence[Member]) -> None:
        self.conversations.append(conversation)
        self.groups[conversation] = list(members)
        for member in members:
            self.of.setdefault(member.id, []).append(conversation)

    def _letter(self, device: Device) -> Letter | None:
        if self._all_said:
            return None
        # Most is said in the small groups, as in life.
        conversation = self.random.choice([*self.of[device.record.user], *self.of[device.record.user][1:]])
        if conversation not in device.cursors:
            return None
        self.sent += 1
        client_id = str(UUID(int=self.random.getrandbits(128), version=4))
        return Letter(conversation, client_id, next(self.texts))

    async def _mark(self) -> None:
        while True:
            for device in self.devices:  # one after the other, as people are
                await asyncio.sleep(MARK_EVERY / len(self.devices))
                device.mark()
                device.react(self.random.choice(self.conversations))

    # ------------------------------------------------------------ what happens

    @property
    def acknowledged(self) -> int:
        return sum(device.acknowledged for device in self.devices)

    async def _break_things(self) -> None:
        for number, (more, kind, seconds) in enumerate(self.plan.faults):
            await self._until(partial(self._reached, self.acknowledged + more), f"acknowledged before {kind}")
            source = random.Random(f"{self.plan.seed}/{self.plan.number}/{number}")
            scene = Scene(
                self.site, self.devices, source, seconds, self.kick, self._upload, self.wrong.append
            )  # fmt: skip
            await FAULTS[kind](scene)
            self.happened[kind] += 1
            await self._until(lambda: all(device.live for device in self.devices), f"back after {kind}")
            self.tell(f"round {self.plan.number}: {self.acknowledged:,} acknowledged, {kind}")
        self.calm = True

    def _reached(self, moment: int) -> bool:
        return self.acknowledged >= moment

    async def _upload(self) -> int:
        return await self.members[0].upload(bytes(100_000))

    async def kick(self) -> None:
        """Somebody is removed from a group by its owner, and gets nothing of it a second later."""
        for conversation, (owner, *others) in list(self.groups.items()):
            if len(others) < 2 or conversation == self.conversations[0]:
                continue
            victim = self.groups[conversation].pop()
            await owner.call("DELETE", f"groups/{conversation}/members/{victim.id}")
            self.record.kicks.append(Kick(now(), conversation, victim.id))
            await asyncio.sleep(1.5)
            return

    @property
    def _all_said(self) -> bool:
        return self.calm and self.sent >= self.plan.messages

    def _all_acknowledged(self) -> bool:
        return self._all_said and not any(device.under_way for device in self.devices)

    def _nothing_under_way(self) -> bool:
        return not any(device.waits for device in self.devices)

    async def _until(self, met: Callable[[], bool], what: str) -> None:
        """Wait, as long as something moves; who stands still has broken a promise, too."""
        before, deadline = -1, now() + PATIENCE
        while not met():
            if self.acknowledged != before:
                before, deadline = self.acknowledged, now() + PATIENCE
            if now() > deadline:
                raise StuckError(f"nothing moves any more, waiting for: {what}")
            await asyncio.sleep(0.02)

    async def _read_to_the_end(self) -> None:
        """Everybody has everything, live; and says so again after one more cut."""
        rows = await asyncio.to_thread(self.site.rows, self.conversations)
        heads: dict[int, int] = {}
        for row in rows:
            heads[row.conversation] = max(heads.get(row.conversation, 0), row.version)

        def all_came() -> bool:
            return all(
                device.live and all(cursor >= heads.get(id_, 0) for id_, cursor in device.cursors.items())
                for device in self.devices
            )

        await self._until(all_came, "everything has come")
        for device in self.devices:
            device.mark()
            device.cut()
        await asyncio.sleep(0.1)
        await self._until(all_came, "everybody has resumed")


class StuckError(Exception):
    """Nothing moves any more."""
