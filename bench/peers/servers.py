"""The servers that are compared, started as their documents advise, on one core with what they need."""

import functools
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench import ROOT
from bench.peers.crowds import GROUP, PeerCrowd, SocketIOCrowd, TutorialCrowd, WsCrowd
from bench.peers.xmpp import DOMAIN, PASSWORD, ROOMS, XmppCrowd
from bench.servers import BenchDatabase, Process
from scripts.npm import NODE, installed
from scripts.services import Redis, free_port

HERE = Path(__file__).parent
#: Where scripts/peers.sh puts what it unpacks, as it lies in a Debian.
UNPACKED = ROOT / "var" / "peers" / "root"
#: Who may do everything in the databases of the peers, from a network address.
DATABASE_USER = "peers"
DATABASE_PASSWORD = "of-a-throw-away-server"  # noqa: S105


@dataclass(frozen=True)
class Place:
    """What a peer finds: where its files go, its services, its people and how large their groups are."""

    directory: Path
    core: int
    database: BenchDatabase
    redis: Redis
    people: int
    groups: Sequence[int]
    secret: str

    def database_named(self, name: str, schema: str) -> str:
        """A new database with these tables; its URL."""
        self.database.run(
            f"CREATE DATABASE {name} CHARACTER SET utf8mb4; USE {name}; {schema};\n"
            f"GRANT ALL ON *.* TO {DATABASE_USER}@'127.0.0.1' IDENTIFIED BY '{DATABASE_PASSWORD}'"
        )
        return f"mysql://{DATABASE_USER}:{DATABASE_PASSWORD}@127.0.0.1:{self.database.port}/{name}"


@dataclass(frozen=True)
class Peer:
    """One of those that are compared."""

    name: str
    settings: str  #: what it is run with, for those who read the table
    crowd: Callable[..., PeerCrowd]
    start: Callable[[Place], Process]
    version: Callable[[], str]
    missing: Callable[[], str] = str  #: why it cannot be started here; empty if it can
    chat_server: bool = False  #: rather than a library with what its user writes

    def join(self, place: Place) -> Process:
        process = self.start(place)
        process.start()
        return process


# ------------------------------------------------------------------ written by hand


def _rows(place: Place) -> str:
    """People, who each are in a conversation of two and in the groups that are large enough."""
    numbers = range(1, place.people + 1)
    people = ",".join(f"({n},'Person {n}')" for n in numbers)
    pairs = [f"({n},{(n + 1) // 2})" for n in numbers]
    groups = [f"({n},{GROUP + size})" for size in place.groups for n in range(1, size + 1)]
    participants = ",".join(pairs + groups)
    schema = (HERE / "schema.sql").read_text()
    return (
        f"{schema} INSERT INTO users VALUES {people};"  # noqa: S608 - numbers
        f"INSERT INTO participants (user_id, conversation_id) VALUES {participants}"
    )


def _environment(place: Place, name: str) -> dict[str, str]:
    return os.environ | {
        "PORT": str(free_port()),
        "DATABASE_URL": place.database_named(name, _rows(place)),
        "REDIS_URL": place.redis.url,
        "JWT_SECRET": place.secret,
        "NODE_ENV": "production",
    }


def _node(script: str) -> Callable[[Place], Process]:
    def start(place: Place) -> Process:
        packages = installed(HERE / "node", "bench-peers-node")
        env = _environment(place, script)
        command = [str(NODE), str(packages / f"{script}.mjs")]
        return Process(command, env, place.directory / f"{script}.log", place.core, "/", packages)

    return start


def _node_versions(*packages: str) -> Callable[[], str]:
    def versions() -> str:
        node = _first_line(str(NODE), "--version").removeprefix("v")
        lock = json.loads((HERE / "node" / "package-lock.json").read_text())["packages"]
        found = [f"{name} {lock['node_modules/' + name]['version']}" for name in packages]
        return ", ".join([f"Node {node}", *found])

    return versions


def _tutorial(place: Place) -> Process:
    env = _environment(place, "tutorial") | {"DJANGO_SETTINGS_MODULE": "bench.peers.tutorial.settings"}
    asgi = "bench.peers.tutorial.asgi:application"
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", env["PORT"]]
    quiet = ["--access-log", os.devnull]
    log = place.directory / "tutorial.log"
    return Process([*command, *quiet, asgi], env, log, place.core, "/")


def _tutorial_versions() -> str:
    names = ("Django", "channels", "channels_redis", "daphne")
    return ", ".join(f"{name} {version(name)}" for name in names)


# ------------------------------------------------------------------ XMPP


class TcpProcess(Process):
    """One that speaks no HTTP."""

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def _libraries() -> Path:
    """Where Debian keeps what is of this architecture."""
    return next((UNPACKED / "usr/lib").glob("*-linux-gnu"))


def _unpacked() -> str:
    return (
        "" if (UNPACKED.parent / "ready").exists() else "scripts/peers.sh found no apt-get to unpack it with"
    )


def _ejabberd(place: Place) -> Process:
    home = place.directory / "ejabberd"
    home.mkdir()
    schema = (UNPACKED / "usr/share/ejabberd/sql/mysql.sql").read_text()
    users = ",".join(f"('p{n}','{PASSWORD}')" for n in range(1, place.people + 1))
    place.database_named("ejabberd", f"{schema} INSERT INTO users (username, password) VALUES {users}")  # noqa: S608
    env = {"PORT": str(free_port()), "HOME": str(home)}
    _write(home / "ejabberd.yml", port=env["PORT"], database=place.database.port)
    erlang = UNPACKED / "usr/lib/erlang"
    binaries = next(erlang.glob("erts-*/bin"))
    libraries = str(_libraries())
    env |= {"ROOTDIR": str(erlang), "BINDIR": str(binaries), "EMU": "beam", "PROGNAME": "erl"}
    env |= {"ERL_LIBS": libraries, "LD_LIBRARY_PATH": libraries}
    env |= {
        "EJABBERD_CONFIG_PATH": str(home / "ejabberd.yml"),
        "EJABBERD_LOG_PATH": str(home / "ejabberd.log"),
    }
    # As ejabberdctl starts it; one core has one scheduler, which does not spin while it waits.
    tuned = ["+K", "true", "+P", "250000", "+S", "1:1", "+sbwt", "none"]
    files = f'"{home / "mnesia"}"'
    command = [str(binaries / "erlexec"), "-noinput", *tuned, "-mnesia", "dir", files, "-s", "ejabberd"]
    return TcpProcess(command, os.environ | env, place.directory / "ejabberd.log", place.core, "")


def _ejabberd_version() -> str:
    found = next(_libraries().glob("ejabberd-*/ebin")).parent.name
    erlang = next((UNPACKED / "usr/lib/erlang").glob("erts-*")).name
    return f"{found.replace('-', ' ')}, {erlang.replace('-', ' ')}"


def _prosody(place: Place) -> Process:
    home = place.directory / "prosody"
    accounts = home / "data" / DOMAIN / "accounts"
    accounts.mkdir(parents=True)
    (home / "certs").mkdir()
    for n in range(1, place.people + 1):
        (accounts / f"p{n}.dat").write_text(f'return {{ ["password"] = "{PASSWORD}"; }};\n')
    place.database_named("prosody", "")
    port = free_port()
    _write(home / "prosody.cfg.lua", port=port, database=place.database.port, home=home)
    # Debian's script names its folders; where they are here it is told in the same places.
    script = (UNPACKED / "usr/bin/prosody").read_text()
    script = script.replace("'/usr/lib/prosody", f"'{UNPACKED / 'usr/lib/prosody'}")
    script = script.replace("'/var/lib/prosody", f"'{home / 'data'}").replace("'/etc/prosody'", f"'{home}'")
    (home / "prosody.lua").write_text(script)
    lua, libraries = UNPACKED / "usr/share/lua/5.4", _libraries()
    env = os.environ | {
        "PORT": str(port),
        "LD_LIBRARY_PATH": str(libraries),
        "LUA_PATH": f"{lua}/?.lua;{lua}/?/init.lua;;",
        "LUA_CPATH": f"{libraries}/lua/5.4/?.so;;",
    }
    config = ["--config", str(home / "prosody.cfg.lua"), "-F"]
    command = [str(UNPACKED / "usr/bin/lua5.4"), str(home / "prosody.lua"), *config]
    return TcpProcess(command, env, place.directory / "prosody.log", place.core, "")


def _prosody_version() -> str:
    return f"Prosody {(UNPACKED / 'usr/lib/prosody/prosody.version').read_text().strip()}, Lua 5.4"


def _write(path: Path, **values: object) -> None:
    """The configuration of this name, filled in."""
    text = (HERE / "xmpp" / path.name).read_text()
    values |= {"domain": DOMAIN, "rooms": ROOMS, "user": DATABASE_USER, "password": DATABASE_PASSWORD}
    path.write_text(re.sub(r"@(\w+)@", lambda match: str(values[match[1]]), text))


@functools.cache
def _first_line(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]


PEERS = (
    Peer(
        "ws",
        "rooms in memory; mysql2's pool of 10, prepared statements; permessage-deflate off; bufferutil",
        WsCrowd,
        _node("ws"),
        _node_versions("ws", "mysql2"),
    ),
    Peer(
        "Socket.IO",
        "WebSocket only; Redis adapter; mysql2 as with ws; bufferutil; the first HTTP request is let go",
        SocketIOCrowd,
        _node("socketio"),
        _node_versions("socket.io", "@socket.io/redis-adapter", "mysql2"),
    ),
    Peer(
        "ejabberd",
        "archive (mod_mam) and people in MariaDB, pool of 10; no presences in rooms, no shapers",
        XmppCrowd,
        _ejabberd,
        _ejabberd_version,
        _unpacked,
        chat_server=True,
    ),
    Peer(
        "Prosody",
        "archives (mam, muc_mam) in MariaDB; epoll; no presences in rooms, no limits",
        XmppCrowd,
        _prosody,
        _prosody_version,
        _unpacked,
        chat_server=True,
    ),
    Peer(
        "tutorial",
        "AsyncJsonWebsocketConsumer, Message.objects.create; channels_redis pub/sub; daphne; CONN_MAX_AGE",
        TutorialCrowd,
        _tutorial,
        _tutorial_versions,
    ),
)
