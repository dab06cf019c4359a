"""Reads a record against the promises of docs/reliability.md, after everything is over.

It knows nothing of servers, faults or mutants: only what clients sent and saw, and what the database
holds at the end.
"""

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.faults.record import (
    Acked,
    Counted,
    DeviceRecord,
    Gone,
    Got,
    Limited,
    Marked,
    Opened,
    Owed,
    Paged,
    Record,
    Refused,
    Row,
    Sent,
)

#: Refusals that ask to try again.
PASSING = frozenset({"unavailable", "busy", "rate_limited"})
KICK_SECONDS = 1.0
EXAMPLES = 3

#: What is counted, and which promise it breaks.
PROMISES = {
    "lost": 1,
    "duplicated": 2,
    "altered": 2,
    "reordered": 3,
    "hole": 4,
    "unbounded": 6,
    "after a kick": 7,
    "marker back": 10,
    "unread wrong": 10,
    "refused": 9,
    "stuck": 9,
}


@dataclass
class Verdict:
    """What was looked at, and what is wrong with it."""

    sent: int = 0
    acknowledged: int = 0
    duplicates_answered: int = 0
    deliveries: int = 0
    connections: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def good(self) -> bool:
        return not self.violations.total()

    def add(self, kind: str, example: str) -> None:
        self.violations[kind] += 1
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append(example)

    def lines(self) -> list[str]:
        """In words: every kind of violation, also those that there are none of."""
        counts = ", ".join(f"{self.violations[kind]} {kind}" for kind in PROMISES)
        return [counts, *(f"  {kind}: {one}" for kind, some in self.examples.items() for one in some)]


def check(record: Record) -> Verdict:
    """Everything that is wrong."""
    verdict = Verdict()
    truth = _Truth(record.rows, verdict)
    ended = {(kick.conversation, kick.user): kick.at + KICK_SECONDS for kick in record.kicks}
    _Senders(truth, ended, verdict).read(record.devices)
    for device in record.devices:
        _Reader(device, truth, ended, verdict).read()
        _markers(device, verdict)
        _unread(device, truth, verdict)
        _owed(device, verdict)
    return verdict


class _Truth:
    """The database's rows, which have to agree with each other first."""

    def __init__(self, rows: Iterable[Row], verdict: Verdict) -> None:
        self.by_seq: dict[tuple[int, int], Row] = {}
        self.by_client_id: dict[tuple[int, str], Row] = {}
        #: {conversation: the versions that its rows have at the end, rising}
        self.versions: dict[int, list[int]] = {}
        #: {conversation: by seq, the people's messages}
        self.said: dict[int, list[tuple[int, int]]] = {}
        seqs: defaultdict[int, list[int]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: (row.conversation, row.seq)):
            self.by_seq[row.conversation, row.seq] = row
            seqs[row.conversation].append(row.seq)
            self.versions.setdefault(row.conversation, []).append(row.version)
            if row.sender is not None:
                self.said.setdefault(row.conversation, []).append((row.seq, row.sender))
                key = (row.sender, row.client_id or "")
                if self.by_client_id.setdefault(key, row) is not row:
                    verdict.add("duplicated", f"{row} and {self.by_client_id[key]}")
        for conversation, found in seqs.items():
            self.versions[conversation].sort()
            if found != list(range(1, len(found) + 1)):
                verdict.add("hole", f"the seqs of {conversation} in the database")
            if len(set(self.versions[conversation])) != len(found):
                verdict.add("duplicated", f"a version of {conversation} in the database")


class _Senders:
    """Promises 1, 2 and 3: what was acknowledged is there, once, as it was sent, behind what was there."""

    def __init__(self, truth: _Truth, ended: dict[tuple[int, int], float], verdict: Verdict) -> None:
        self.truth, self.ended, self.verdict = truth, ended, verdict
        self.bodies: dict[tuple[int, str], str] = {}  # as first sent
        self.floors: dict[tuple[int, str], int] = {}  # the highest seq known when it was
        self.places: dict[tuple[int, str], tuple[int, int]] = {}
        self.highest: defaultdict[int, int] = defaultdict(int)  # acknowledged, by conversation

    def read(self, devices: Iterable[DeviceRecord]) -> None:
        # A person's retry may come from another of their devices.
        events = [(event.at, device.user, event) for device in devices for event in device.events
                  if isinstance(event, Sent | Acked | Refused)]  # fmt: skip
        for _, user, event in sorted(events, key=lambda each: each[0]):
            key = (user, event.client_id)
            if isinstance(event, Sent):
                self.verdict.sent += 1
                self.bodies.setdefault(key, event.body)
                self.floors.setdefault(key, self.highest[event.conversation])
            elif isinstance(event, Acked):
                self._acknowledged(key, event)
            elif event.code not in PASSING | {"client_id_conflict"} and (
                (event.conversation, user) not in self.ended
            ):
                self.verdict.add("refused", f"{user}: {event}")
        self.verdict.acknowledged = len(self.places)
        for key, row in self.truth.by_client_id.items():
            body = self.bodies.get(key, row.body)
            if body != row.body:
                self.verdict.add("altered", f"{row} was sent as {body!r}")

    def _acknowledged(self, key: tuple[int, str], event: Acked) -> None:
        self.verdict.duplicates_answered += event.duplicate
        place = (event.conversation, event.seq)
        self.highest[event.conversation] = max(self.highest[event.conversation], event.seq)
        if key not in self.places and event.seq <= self.floors.get(key, 0):
            self.verdict.add("reordered", f"{event}: {self.floors[key]} was known before it was sent")
        if self.places.setdefault(key, place) != place:
            self.verdict.add("duplicated", f"{key} was acknowledged at {self.places[key]} and at {place}")
            return
        row = self.truth.by_seq.get(place)
        if row is None or (row.sender, row.client_id) != key:
            self.verdict.add("lost", f"{key} was acknowledged at {place}, where the database has {row}")


class _Reader:
    """One device's frames: in order, without holes, and the same as the database has."""

    def __init__(
        self, device: DeviceRecord, truth: _Truth, ended: dict[tuple[int, int], float], verdict: Verdict
    ) -> None:
        self.device, self.truth, self.ended, self.verdict = device, truth, ended, verdict
        self.got: defaultdict[int, set[int]] = defaultdict(set)  # versions
        #: Up to which version this connection's frames have come; pages apart.
        self.last: dict[int, int] = {}
        self.paging: dict[int, int] = {}  # {conversation: the last version of a frame meanwhile}
        self.overlap: dict[int, int] = {}  # up to here a page and a frame may both have brought it
        self.complete: dict[int, int] = dict(device.start)  # looked at up to here
        self.left: set[int] = set()

    def read(self) -> None:
        for event in self.device.events:
            match event:
                case Got():
                    self._take(event)
                case Opened():
                    self.verdict.connections += 1
                    self.last = dict(event.cursors)
                    self.paging.clear()
                case Limited():
                    self.paging[event.conversation] = event.after
                    if event.after < self.complete.get(event.conversation, 0):
                        self.complete[event.conversation] = event.after
                case Paged():
                    self._page(event)
                case Gone():
                    self.left.add(event.conversation)
                case _:
                    pass
        self._everything_came()

    def _take(self, event: Got) -> None:
        conversation, version = event.conversation, event.version
        self.verdict.deliveries += 1
        self._compare(event)
        if event.at > self.ended.get((conversation, self.device.user), event.at):
            self.verdict.add("after a kick", f"{self.device.name}: {event}")
        if event.paged:
            self.got[conversation].add(version)
            return
        last = self.last.get(conversation, 0)
        if version <= last and version > self.overlap.get(conversation, 0):
            kind = "duplicated" if version in self.got[conversation] else "reordered"
            self.verdict.add(kind, f"{self.device.name}: {event} after version {last}")
        self.got[conversation].add(version)
        self.last[conversation] = max(last, version)
        if conversation in self.paging:
            self.paging[conversation] = max(self.paging[conversation], version)
        else:
            self._complete_up_to(conversation, version)

    def _compare(self, event: Got) -> None:
        row = self.truth.by_seq.get((event.conversation, event.seq))
        if row is None:
            self.verdict.add("lost", f"{self.device.name} got {event}: the database has no such row")
        elif (row.sender, row.client_id, row.body) != (event.sender, event.client_id, event.body):
            self.verdict.add("altered", f"{self.device.name} got {event}: the database has {row}")

    def _page(self, event: Paged) -> None:
        conversation = event.conversation
        self._complete_up_to(conversation, event.next)
        if event.complete:
            ahead = self.paging.pop(conversation, 0)
            self.overlap[conversation] = max(self.overlap.get(conversation, 0), event.next)
            self.last[conversation] = max(self.last.get(conversation, 0), event.next)
            self._complete_up_to(conversation, ahead)

    def _complete_up_to(self, conversation: int, version: int) -> None:
        """The cursor stands at `version` now: all that the database has up to there must have come."""
        before = self.complete.get(conversation, 0)
        if version <= before:
            return
        versions = self.truth.versions.get(conversation, [])
        first = bisect.bisect_right(versions, before)
        missing = [v for v in versions[first : bisect.bisect_right(versions, version)]
                   if v not in self.got[conversation]]  # fmt: skip
        if missing:
            where = f"{conversation} has version {version} and not {missing[:10]}"
            self.verdict.add("hole", f"{self.device.name} in {where}")
        self.complete[conversation] = version

    def _everything_came(self) -> None:
        """Promise 1, seen by a reader: at the end all that there is has come."""
        for conversation in self.device.start:
            if conversation in self.left or (conversation, self.device.user) in self.ended:
                continue
            start = self.device.start[conversation]
            for version in self.truth.versions.get(conversation, []):
                if version > start and version not in self.got[conversation]:
                    self.verdict.add("lost", f"{self.device.name} never got {conversation} v{version}")


def _markers(device: DeviceRecord, verdict: Verdict) -> None:
    """Promise 10: nobody's markers go back, on any device."""
    highest: dict[tuple[int, int], tuple[int, int]] = {}
    for event in device.events:
        if isinstance(event, Marked):
            key = (event.conversation, event.user)
            delivered, read = highest.get(key, (0, 0))
            if event.delivered < delivered or event.read < read:
                verdict.add("marker back", f"{device.name}: {event} after {delivered}, {read}")
            if event.read > event.delivered:
                verdict.add("marker back", f"{device.name}: {event}: read past delivered")
            highest[key] = (max(delivered, event.delivered), max(read, event.read))


def _unread(device: DeviceRecord, truth: _Truth, verdict: Verdict) -> None:
    """Promise 10: unread is what others said past the marker."""
    for event in device.events:
        if not isinstance(event, Counted):
            continue
        said = truth.said.get(event.conversation, [])
        first = bisect.bisect_right(said, (event.read, 1 << 62))
        until = bisect.bisect_right(said, (event.last_seq, 1 << 62))
        others = sum(sender != device.user for _, sender in said[first:until])
        if event.unread != others:
            verdict.add("unread wrong", f"{device.name}: {event}: others said {others} past the marker")


def _owed(device: DeviceRecord, verdict: Verdict) -> None:
    """Promise 6: what is kept for a reader that does not read is bounded."""
    for event in device.events:
        if isinstance(event, Owed) and event.kept > event.bound:
            verdict.add("unbounded", f"{device.name}: {event}")
