"""Autobahn's test suite: put into var/, run against our echo servers, and its verdicts read."""

import contextlib
import fcntl
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.autobahn.echo import APPLICATIONS, MEASURE

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
#: The last one that makes environments for Python 2.7.
VIRTUALENV = "virtualenv==20.21.1"
#: Limits and performance, which ours are other ones on purpose; compression, which both have switched off.
EXCLUDED = ("9.*", "12.*", "13.*")

#: A verdict may hang on the moment: whether an answer was under way when the wrong frame came.
TRIES = 3

#: Autobahn's words, the best first.
RANKS = (
    *("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"),
    *("UNCLEAN", "WRONG CODE", "FAILED BY CLIENT", "FAILED"),
)


class NotAtHand(Exception):
    """Why the suite cannot be run here."""


class Verdict(NamedTuple):
    """On one case: on what was answered, and on how the connection was closed."""

    behavior: str
    closing: str

    def as_good_as(self, other: "Verdict") -> bool:
        return all(_rank(mine) <= _rank(theirs) for mine, theirs in zip(self, other, strict=True))


#: name of the server -> case -> what Autobahn says
Verdicts = Mapping[str, Mapping[str, Verdict]]
#: The first has every case, the others those in which ours looked worse than the measure.
Runs = Sequence[Verdicts]
Hear = Callable[[str], None]


def _rank(word: str) -> int:
    return RANKS.index(word) if word in RANKS else len(RANKS)


# -------------------------------------------------------------------- putting it into place


@functools.cache
def python27() -> str:
    """A Python 2.7 that runs: what PYTHON27 names, the one on the path, one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    named = [os.environ.get("PYTHON27"), shutil.which("python2.7")]
    for candidate in [*named, *sorted(map(str, pyenv.glob("versions/2.7*/bin/python2.7")))]:
        if candidate and _quiet([candidate, "-c", "import ssl, zlib"]).returncode == 0:
            return candidate
    raise NotAtHand(
        "Autobahn's test suite runs on Python 2.7, and no python2.7 is at hand (PYTHON27 names one)"
    )


def _quiet(command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    with contextlib.suppress(OSError):
        return subprocess.run(
            command,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    return subprocess.CompletedProcess(command, 127, "", f"{command[0]} cannot be run")


def installed() -> Path:
    """The interpreter of an environment that holds the suite; made once, by whoever comes first."""
    python = python27()
    place = ROOT / "var" / "autobahn"
    place.mkdir(parents=True, exist_ok=True)
    stamp = place / "installed"
    wanted = REQUIREMENTS.read_text() + VIRTUALENV
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            _install(python, place)
            stamp.write_text(wanted)
    return place / "env" / "bin" / "python"


def _install(python: str, place: Path) -> None:
    tool, env = str(place / "virtualenv"), str(place / "env")
    pip = ["-m", "pip", "install", "--quiet"]
    steps: list[tuple[list[str], dict[str, str]]] = [
        ([sys.executable, *pip, "--upgrade", "--target", tool, VIRTUALENV], {}),
        ([sys.executable, "-m", "virtualenv", "--clear", "--python", python, env], {"PYTHONPATH": tool}),
        ([f"{env}/bin/python", *pip, "--no-deps", "--requirement", str(REQUIREMENTS)], {}),
    ]
    for command, extra in steps:
        done = _quiet(command, **extra)
        if done.returncode:
            raise NotAtHand(f"Autobahn's test suite could not be installed: {done.stderr.strip()[-2000:]}")


# -------------------------------------------------------------------- running it


@contextlib.contextmanager
def echo_servers(scratch: Path) -> Iterator[dict[str, str]]:
    """name -> address, each a process of its own."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "chatchat.settings", "DATABASE_URL": "", "REDIS_URL": ""}
    env |= {"VAR_DIR": str(scratch / "var"), "DEV_MAIL": "1", "LOG_LEVEL": "CRITICAL"}
    env["SECRET_KEY"] = "nothing-is-signed-here-" + "0123456789" * 4
    processes = []
    with contextlib.ExitStack() as stack:
        addresses = {}
        for name in APPLICATIONS:
            # Listening already: who connects before the process is ready waits in the backlog.
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.autobahn.echo", name, str(listener.fileno())],
                cwd=ROOT, env=env, stdin=subprocess.DEVNULL, pass_fds=[listener.fileno()],
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
            addresses[name] = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        yield addresses
        ended = [process.args for process in processes if process.poll() is not None]
        assert not ended, f"ended before it was told to: {ended}"


def judged(cases: Iterable[str], heard: Hear = lambda _: None) -> Runs:
    """What Autobahn says of ``cases`` (globs) on every server, told to ``heard`` as it goes."""
    runs = [_once(list(cases), heard)]
    while len(runs) < TRIES and (again := {case for _, case in worse(runs)}):
        runs.append(_once(sorted(again), heard))
    return runs


def _once(cases: list[str], heard: Hear) -> dict[str, dict[str, Verdict]]:
    python = installed()
    with tempfile.TemporaryDirectory(prefix="chatchat-autobahn-") as name:
        scratch = Path(name)
        with echo_servers(scratch) as addresses:
            spec = {
                "servers": [{"agent": agent, "url": url} for agent, url in addresses.items()],
                "cases": cases,
                "exclude-cases": list(EXCLUDED),
                "outdir": str(scratch / "reports"),
            }
            (scratch / "spec.json").write_text(json.dumps(spec))
            _fuzz(python, scratch, heard)
        found = json.loads((scratch / "reports" / "index.json").read_text())
    return {
        agent: {case: Verdict(said["behavior"], said["behaviorClose"]) for case, said in found[agent].items()}
        for agent in APPLICATIONS
    }


def _fuzz(python: Path, scratch: Path, heard: Hear) -> None:
    command = [str(python), "-u", "-W", "ignore", "-m", "autobahntestsuite.wstest"]
    client = subprocess.Popen(
        [*command, "--mode", "fuzzingclient", "--spec", str(scratch / "spec.json")],
        cwd=scratch,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    with client:
        try:
            assert client.stdout is not None
            for line in client.stdout:
                said.append(line)
                heard(line.rstrip())
        except BaseException:
            client.kill()
            raise
    if client.returncode:
        raise RuntimeError("Autobahn's fuzzing client failed: " + "".join(said[-20:]))


# -------------------------------------------------------------------- judging


def worse(runs: Runs) -> list[tuple[str, str]]:
    """(server, case) where one of ours was never as good as the measure."""
    return [
        (name, case)
        for name, tried in runs[0].items()
        for case in tried
        if not any(
            mine.as_good_as(measure)
            for mine in _seen(runs, name, case)
            for measure in _seen(runs, MEASURE, case)
        )
    ]


def _seen(runs: Runs, name: str, case: str) -> list[Verdict]:
    return [run[name][case] for run in runs if case in run[name]]


def told(runs: Runs) -> str:
    """The same in words, a line each."""

    def words(name: str, case: str) -> str:
        return ", ".join(" / ".join(verdict) for verdict in _seen(runs, name, case))

    return "\n".join(
        f"case {case}, {name}: {words(name, case)}; {MEASURE}: {words(MEASURE, case)}"
        for name, case in worse(runs)
    )


def totals(found: Verdicts) -> dict[str, Counter[str]]:
    """name -> verdict on the behaviour -> cases."""
    return {name: Counter(verdict.behavior for verdict in tried.values()) for name, tried in found.items()}
