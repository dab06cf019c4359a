"""The servers of one comparison, running: how to make each a crowd, and what is known of them."""

import argparse
import contextlib
import secrets
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from bench import ROOT
from bench.fanout import Figures
from bench.peers.crowds import PeerCrowd
from bench.peers.product import ProductCrowd, people
from bench.peers.servers import PEERS, Peer, Place
from bench.processes import resident_bytes, tree
from bench.servers import Process, Running, database, on_core, stack
from scripts.services import Redis, short_directory

SERVER_CORE, CLIENT_CORE = 0, 1
PRODUCT = "chatchat"
SATURATED, FIFTH, SAME = "saturated", "a fifth", "the same rate"
LOADS = (SATURATED, FIFTH, SAME)
IDLE = "idle"
PRODUCT_SETTINGS = (
    "production stack as it comes: MariaDB, Redis, one process; metrics on, no limits on how often"
)


@dataclass(frozen=True)
class Work:
    """What a crowd does."""

    title: str
    sockets: int
    pairs: bool
    outstanding: int  #: messages under way when it is driven as fast as it goes


WORKS = {
    "dm": Work("DM, 100 pairs", 200, True, 100),
    "group": Work("group of 200", 200, False, 80),
    "large": Work("group of 1,000", 1000, False, 10),
}


@dataclass
class Idle:
    """What sockets that say nothing cost."""

    kib: float  #: resident, each
    connect_ms: float  #: CPU of the server, each, where all come at once
    connect_services_ms: float  #: of its database and Redis
    storm_seconds: float  #: until all are in


@dataclass
class Contender:
    """A running server, and what it showed."""

    name: str
    version: str
    settings: str
    chat_server: bool
    process: Process
    services: set[int]
    crowd: Callable[[int, bool], PeerCrowd]
    figures: dict[tuple[str, str], Figures] = field(default_factory=dict)  #: of a work and a load
    idle: Idle | None = None
    wrong: list[str] = field(default_factory=list)

    def figures_of(self, work: str, load: str) -> Figures:
        return self.figures.setdefault((work, load), Figures())

    def cpu(self, work: str, load: str) -> float:
        """µs a delivery with database and Redis; the median of the rounds."""
        found = self.figures[work, load]
        return statistics.median(map(sum, zip(found.cost, found.services, strict=True)))

    def resident(self) -> int:
        return sum(resident_bytes(pid) for pid in tree({self.process.pid}))


@dataclass
class Field:
    """Those who take part, and why the others do not."""

    contenders: list[Contender] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def started(options: argparse.Namespace) -> Iterator[Field]:
    """All that were asked for, with nobody there yet."""
    jobs = [WORKS[name] for name in options.works if name in WORKS]
    groups = [job.sockets for job in jobs if not job.pairs]
    count = max([options.idle if IDLE in options.works else 0, *(job.sockets for job in jobs)])
    found = Field()
    with contextlib.ExitStack() as stop:
        if PRODUCT in options.only:
            running = stop.enter_context(stack("production", cores=(SERVER_CORE,)))
            found.contenders.append(_product(running, count, groups))
        place = stop.enter_context(_place(count, groups))
        for peer in PEERS:
            if peer.name in options.only:
                _enter(found, peer, place, stop)
        yield found


def _enter(found: Field, peer: Peer, place: Place, stop: contextlib.ExitStack) -> None:
    """One that cannot start is left out, visibly; the others still compare."""
    reason = peer.missing()
    if not reason:
        try:
            process = peer.join(place)
        except (SystemExit, OSError, RuntimeError, subprocess.CalledProcessError) as error:
            reason = str(error)
        else:
            stop.callback(process.stop)
            found.contenders.append(_contender(peer, process, place))
            return
    found.left_out[peer.name] = reason


@contextlib.contextmanager
def _place(people: int, groups: Sequence[int]) -> Iterator[Place]:
    directory = short_directory()
    with contextlib.ExitStack() as stop:
        stop.callback(shutil.rmtree, directory, ignore_errors=True)
        store = stop.enter_context(database(SERVER_CORE))
        redis = Redis(directory / "r")
        with on_core(SERVER_CORE):
            redis.start()
        stop.callback(redis.stop)
        yield Place(directory, SERVER_CORE, store, redis, people, groups, secrets.token_hex(32))


def _contender(peer: Peer, process: Process, place: Place) -> Contender:
    services = {service.process.pid for service in (place.database, place.redis) if service.process}

    def crowd(size: int, pairs: bool) -> PeerCrowd:
        return peer.crowd(process.url, size, pairs=pairs, secret=place.secret)

    return Contender(peer.name, peer.version(), peer.settings, peer.chat_server, process, services, crowd)


def _product(running: Running, count: int, groups: Sequence[int]) -> Contender:
    made = people(running, count, groups)
    server = running.servers[0]

    def crowd(size: int, pairs: bool) -> PeerCrowd:
        return ProductCrowd(server.url, size, pairs=pairs, people=made)

    services = set(running.services.values())
    return Contender(PRODUCT, _product_version(), PRODUCT_SETTINGS, True, server, services, crowd)


def _product_version() -> str:
    names = ("Django", "channels", "uvicorn", "uvloop")
    return ", ".join([_commit(ROOT), *(f"{name} {version(name)}" for name in names)])


def _commit(root: Path) -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    except OSError:
        return "no git here"
    return done.stdout.strip() or "not a clone"
