"""One replay from the first person's registration to the last check."""

import asyncio
import contextlib
import gc
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.check import check_history, check_live, check_sync
from bench.logs import Log, read_log
from bench.people import Member, in_turns, make_friends, make_group, nickname_of, write_logins
from bench.play import Book, Faults, Player, Stage
from bench.processes import CpuMeter, local_ports
from bench.progress import Progress

ALWAYS_SHOWN = ("lost", "duplicated", "out_of_order", "altered")


@dataclass
class Options:
    log: Path
    urls: list[str]
    people: int
    logins: list[tuple[str, str]] = field(default_factory=list)
    save_logins: Path | None = None
    limit: int | None = None
    rate: float | None = None
    window: int | None = None
    markers: bool = True
    server_pids: set[int] = field(default_factory=set)
    report: Path | None = None
    #: What is done to the servers while the log is played.
    meanwhile: Callable[[Stage], Coroutine[Any, Any, None]] | None = None


@dataclass
class Report:
    """The figures of a replay."""

    kind: str
    people: int
    messages: int
    deliveries: int
    setup_seconds: float
    play_seconds: float
    rate: float | None
    p50_ms: float
    p99_ms: float
    cpu_seconds: float | None
    cuts: int
    close_codes: dict[int, int]  #: of those cuts that a close frame announced
    pages_after_cuts: int
    retries_answered: int
    refused_for_a_moment: int
    unknown_frames: int
    faults: dict[str, Faults]

    @property
    def good(self) -> bool:
        return not any(faults.counts.total() for faults in self.faults.values())

    @property
    def cpu_per_thousand(self) -> float | None:
        return None if self.cpu_seconds is None else self.cpu_seconds / max(self.deliveries, 1) * 1000

    @property
    def _codes(self) -> str:
        codes = ", ".join(f"{count} × {code}" for code, count in sorted(self.close_codes.items()))
        return f" ({codes})" if codes else ""

    def as_dict(self) -> dict[str, Any]:
        fields = {name: value for name, value in asdict(self).items() if name != "faults"}
        return fields | {
            "messages_per_second": self.messages / self.play_seconds,
            "deliveries_per_second": self.deliveries / self.play_seconds,
            "cpu_seconds_per_thousand_deliveries": self.cpu_per_thousand,
            "faults": {name: dict(faults.counts) for name, faults in self.faults.items()},
            "examples": {name: dict(faults.examples) for name, faults in self.faults.items()},
            "good": self.good,
        }

    def as_text(self) -> str:
        cpu = self.cpu_per_thousand
        lines = [
            f"{self.kind}, {self.people} people: {self.messages:,} messages, {self.deliveries:,} deliveries"
            f" in {self.play_seconds:.1f} s (people and conversations made in {self.setup_seconds:.1f} s)",
            f"  rate      {self.messages / self.play_seconds:,.0f} messages/s,"
            f" {self.deliveries / self.play_seconds:,.0f} deliveries/s"
            + ("" if self.rate is None else f" (asked for {self.rate:g} messages/s)"),
            f"  latency   p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms, from sending to receiving",
            "  server    CPU not measured: not on this machine, and no --server-pid"
            if cpu is None
            else f"  server    {cpu:.4f} CPU-seconds per 1,000 deliveries, {self.cpu_seconds:.1f} s in all",
            f"  cuts      {self.cuts}{self._codes},"
            f" {self.retries_answered} retries answered with the first result,"
            f" {self.pages_after_cuts} backlogs by pages, {self.refused_for_a_moment} refused for a moment",
        ]
        for name, faults in self.faults.items():
            counts = {kind: faults.counts[kind] for kind in (*ALWAYS_SHOWN, *faults.counts)}
            text = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts.items())
            lines.append(f"  {name:<9} {text}")
            lines += [f"    {kind}: {one}" for kind, some in faults.examples.items() for one in some]
        lines.append("everything as it should be" if self.good else "SOMETHING IS WRONG")
        return "\n".join(lines)


async def run(options: Options) -> Report:
    """The whole of it."""
    log = read_log(options.log, options.people, options.limit)
    if not log.is_group and options.people % 2:
        raise SystemExit("A log of direct messages is played by pairs: --people must be even.")
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as http:
        started = time.monotonic()
        members = await _people(http, options, log)
        stage = Stage(log.entries, options.window or len(log.entries), options.rate)
        books = await _conversations(stage, log, members)
        setup_seconds = time.monotonic() - started
        async with _on_stage(stage, books, members):
            return await _play_and_check(options, log, members, stage, setup_seconds)


async def _people(http: httpx.AsyncClient, options: Options, log: Log) -> list[Member]:
    members = [Member(http, options.urls[index % len(options.urls)]) for index in range(options.people)]
    progress = Progress("people", len(members))
    jobs = [
        member.login(*options.logins[index])
        if options.logins
        else member.register(nickname_of(log.nicknames[index], index + 1))
        for index, member in enumerate(members)
    ]
    await in_turns(jobs, progress.step)
    progress.done()
    if options.save_logins:
        write_logins(options.save_logins, members)
    return members


async def _conversations(stage: Stage, log: Log, members: list[Member]) -> list[Book]:
    """The group, or the pairs, and from which version on each is played."""
    if log.is_group:
        progress = Progress("group", len(members))
        conversations = [await make_group(members, log.name[:64], progress.step)]
        parties = [list(range(len(members)))]
    else:
        progress = Progress("friends", len(members) // 2)
        parties = [[index, index + 1] for index in range(0, len(members), 2)]
        jobs = [make_friends(members[one], members[other]) for one, other in parties]
        conversations = await in_turns(jobs, progress.step)
    progress.done()
    books = []
    stage.conversation_of = [0] * len(members)
    for conversation, party in zip(conversations, parties, strict=True):
        state = await members[party[0]].call("GET", f"conversations/{conversation}")
        book = Book(conversation, party, int(state["last_version"]))
        for person in party:
            stage.conversation_of[person] = conversation
            book.user_ids[person] = members[person].id
        books.append(book)
    by_conversation = {book.conversation: book for book in books}
    for entry in stage.entries:
        book = by_conversation[stage.conversation_of[entry.person]]
        book.expect(entry)
        stage.deliveries_due += len(book.people)
    return books


@contextlib.asynccontextmanager
async def _on_stage(stage: Stage, books: list[Book], members: list[Member]) -> AsyncIterator[None]:
    """Everybody at their socket."""
    stage.players = [Player(member.url, member.token, index, stage) for index, member in enumerate(members)]
    for book in books:
        for person in book.people:
            stage.players[person].watch(book)
    progress = Progress("sockets", len(members))
    try:
        await in_turns([player.open() for player in stage.players], progress.step, at_once=32)
        progress.done()
        yield
    finally:
        await asyncio.gather(*[player.close() for player in stage.players])


async def _play_and_check(
    options: Options, log: Log, members: list[Member], stage: Stage, setup_seconds: float
) -> Report:
    meter = CpuMeter(local_ports(options.urls), options.server_pids)
    meter.start()
    looking = asyncio.create_task(_look_often(meter))
    progress = Progress("deliveries", stage.deliveries_due)
    gc.freeze()
    started = time.monotonic()
    mischief = asyncio.create_task(options.meanwhile(stage)) if options.meanwhile else None
    await stage.play(progress.set, markers=options.markers)
    play_seconds = time.monotonic() - started
    if mischief is not None:
        await mischief
    progress.done()
    looking.cancel()
    meter.look()
    cuts = sum(player.cuts for player in stage.players)
    close_codes = Counter(code for player in stage.players for code in player.close_codes)
    check_live(stage, stage.faults)
    faults = {"live": stage.faults} | await _read_again(stage, members)
    latencies = sorted(stage.latencies) or [0.0]
    return Report(
        kind="group" if log.is_group else "pairs",
        people=len(members),
        messages=stage.acknowledged,
        deliveries=stage.deliveries,
        setup_seconds=setup_seconds,
        play_seconds=play_seconds,
        rate=options.rate,
        p50_ms=latencies[len(latencies) // 2] * 1000,
        p99_ms=latencies[len(latencies) * 99 // 100] * 1000,
        cpu_seconds=meter.seconds if meter.found else None,
        cuts=cuts,
        close_codes=dict(close_codes),
        pages_after_cuts=stage.limited,
        retries_answered=stage.duplicates_answered,
        refused_for_a_moment=stage.retried,
        unknown_frames=sum(player.unknown_frames for player in stage.players),
        faults=faults,
    )


async def _look_often(meter: CpuMeter) -> None:
    while True:
        await asyncio.sleep(1)
        meter.look()


async def _read_again(stage: Stage, members: list[Member]) -> dict[str, Faults]:
    """History and sync of everybody."""
    history, sync = Faults(), Faults()
    progress = Progress("history", len(members))
    jobs = [
        check_history(stage, member, player, history)
        for member, player in zip(members, stage.players, strict=True)
    ]
    await in_turns(jobs, progress.step)
    progress.done()
    progress = Progress("sync", len(members))
    await in_turns([check_sync(stage, player, sync) for player in stage.players], progress.step)
    progress.done()
    return {"history": history, "sync": sync}
