"""What must be in no log, trace or metric: every password, code, token and message body of a test run.

What tests say at the doors is noted here as it is said (`tests/client.py`, `tests/people.py`). All processes
of a run write their logs to files, down to DEBUG; servers that tests share send their traces too, and each
one's metrics are read when it ends. At the end all of that is searched; a find fails the run.
"""

import re
import subprocess
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

#: By the name of a field, what its value is.
KINDS = {
    "password": "a password", "new_password": "a password", "current_password": "a password",
    "password1": "a password", "password2": "a password",
    "code": "a code", "code_verifier": "a code", "bind_token": "a token", "token": "a token",
    "access": "a token", "refresh": "a token", "access_token": "a token", "refresh_token": "a token",
    "id_token": "a token", "client_secret": "a secret", "csrfmiddlewaretoken": "a token",
    "body": "a message", "q": "a message", "greeting": "a message", "text": "a mail",
}  # fmt: skip
CODE = re.compile(r"\d{6}")
#: What a log writes as it is, whatever its format: no quotes, no escapes, no line ends.
PLAIN = re.compile(r"[^\x00-\x1f\x7f\"'\\<>&\u2028\u2029\ud800-\udfff]+")
SHORTEST = 9  # characters that are nobody's by chance
LONGEST = 60  # characters: a log may shorten what it quotes

_planted: dict[str, str] = {}
_codes: set[str] = set()
#: The files to be searched.
places: set[Path] = set()


def plant(value: object, what: str) -> None:
    """From now on ``value`` is searched for, if it is long enough to be recognised."""
    if not isinstance(value, str):
        return
    if CODE.fullmatch(value):
        _codes.add(value)
        return
    plain = max(PLAIN.findall(value[:4000]), key=len, default="").strip()[:LONGEST]
    # A word that is all one letter, or a name of ours such as "not_authenticated", says nothing.
    if len(plain) >= SHORTEST and len(set(plain)) > 4 and not re.fullmatch(r"[a-z_.]+", plain):
        _planted[plain] = what


def plant_all(value: object, name: str = "") -> None:
    """Whatever a JSON value holds under a name of ``KINDS``, however deep."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            plant_all(each, str(key))
    elif isinstance(value, list | tuple):
        for each in value:
            plant_all(each, name)
    elif name in KINDS:
        plant(value, KINDS[name])


def plant_address(url: str) -> None:
    """What an address holds in its query."""
    for name, value in parse_qsl(urlsplit(url).query):
        plant_all(value, name)


def search(texts: Iterable[Path] | None = None) -> list[str]:
    """What was found where: ``["a token in server.log: eyJ…"]``."""
    files = [place for place in sorted(places) if place.exists()] if texts is None else [*texts]
    return [f"{what} in {file.name}: {value}" for file in files for value, what in _found(file)]


def _found(file: Path) -> list[tuple[str, str]]:
    """By grep, which looks for thousands of strings at once."""
    numbers = set(re.findall(rb"(?<![\w.:-])\d{6}(?![\w.-])", file.read_bytes()))
    found = [(code, "a code") for code in sorted(_codes) if code.encode() in numbers]
    if _planted:
        patterns = file.parent / f".{file.name}.patterns"
        patterns.write_text("\n".join(_planted), encoding="utf-8")
        command = ["grep", "--text", "--only-matching", "--fixed-strings", "--file", str(patterns), str(file)]
        done = subprocess.run(command, capture_output=True, env={"LC_ALL": "C"})
        patterns.unlink()
        assert done.returncode in (0, 1), done.stderr
        lines = sorted(set(done.stdout.decode(errors="replace").splitlines()))
        found += [(line, _planted.get(line, "something")) for line in lines]
    return found


class Spans:
    """An OTLP receiver that keeps what it gets in a file, as it came: strings in protobuf are plain."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        places.add(file)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def env(self) -> dict[str, str]:
        """What makes a server send its traces here."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._server.server_address[1]}"}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        spans = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with spans._lock, spans._file.open("ab") as file:
                    file.write(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        return Handler
