"""The real server as its own process, on the database of the test that starts it."""

import contextlib
import os
import signal
import subprocess
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from scripts import serving
from scripts.services import free_port
from tests import canaries
from tests import settings as test_settings
from tests.stack.static import collected_static

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 60


class Server:
    """`python -m chatchat.server`, or daphne, on a port of its own, which it keeps over restarts."""

    def __init__(self, *, log: Path, env: dict[str, str], kind: str | None = None) -> None:
        self.kind = kind or test_settings.SERVER
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self.log = log
        canaries.places.add(log)
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until /healthz answers."""
        assert not self.running, "the server is running already"
        env = {**os.environ, **self._env, "PORT": str(self.port)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                serving.command(self.kind, env),
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if not self.running:
                raise AssertionError(f"the server ended while starting: {self.last_line()}")
            if self.healthy(5):
                return
            time.sleep(0.03)
        raise AssertionError(f"the server did not get ready: {self.last_line()}")

    def healthy(self, within: float = 20) -> bool:
        """Whether the process answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=within)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def stop(self, *, within: float = 20) -> int:
        """Tell it to finish and go, as an operator does; its exit code."""
        assert self._process is not None, "the server is not running"
        self._keep_metrics()
        self._process.send_signal(signal.SIGTERM)
        return self.wait(within=within)

    def wait(self, *, within: float = 20) -> int:
        """Until it has gone; its exit code."""
        assert self._process is not None, "the server is not running"
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the server did not stop within {within} s") from None

    def kill(self) -> None:
        """As a crash ends it: no warning, no clean-up."""
        assert self._process is not None, "the server is not running"
        self._process.kill()
        self._process.wait()

    def restart(self, *, kill: bool = False) -> None:
        if kill:
            self.kill()
        else:
            self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze the process: it keeps its connections and does nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Whatever state it is in, it is gone afterwards."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._keep_metrics()
            self._process.kill()
            self._process.wait()

    def _keep_metrics(self) -> None:
        """What it has counted until now, to be searched as its log is."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=3)
        with contextlib.suppress(OSError, HTTPException):
            connection.request("GET", "/metrics")
            kept = self.log.with_suffix(".metrics")
            kept.write_bytes(connection.getresponse().read())
            canaries.places.add(kept)
        connection.close()

    def last_line(self) -> str:
        return (self.log_text().rstrip().splitlines() or ["it said nothing"])[-1]

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def refusal(status: int) -> int:
    """With what a handshake is refused that ``status`` is meant for: daphne has but one answer."""
    return int(HTTPStatus.FORBIDDEN) if test_settings.SERVER == "daphne" else status


def closing(code: int) -> int:
    """The close code that comes where ``code`` is meant: daphne has an application say private ones only."""
    return code + 3000 if test_settings.SERVER == "daphne" and code < 3000 else code


def server_env(**overrides: str) -> dict[str, str]:
    """The environment of a server on the database that this worker's tests use."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    var = Path(os.environ["VAR_DIR"])
    static = var / "static"
    if not static.exists():
        static.symlink_to(collected_static())
    # Limits are for people; a test that is about them starts a server with RATELIMIT_ENABLE="1".
    return {
        "DJANGO_SETTINGS_MODULE": "tests.stack.server_settings",
        "DATABASE_URL": url,
        "RATELIMIT_ENABLE": "0",
        "VAR_DIR": str(var),
    } | overrides
