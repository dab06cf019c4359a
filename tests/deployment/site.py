"""The production stack as docker-compose.yml describes it, on this machine and without an engine.

nginx with the configuration of deploy/nginx/, server processes with the image's files, command and
environment, and MariaDB and Redis. Only addresses and the places of files are other ones.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from scripts.services import MariaDB, Redis, Service, another_database, free_port, short_directory
from tests.client import PASSWORD
from tests.deployment import compose, image
from tests.deployment.names import NameServer
from tests.stack.server import ROOT
from tests.stack.static import collected_static

PROCESSES = ["127.0.0.2", "127.0.0.3"]
PEOPLE = 16
MAKE_PEOPLE = """
from accounts.models import User
for number in range({count}):
    User.objects.create_user(f"person{{number}}@example.com", "{password}", nickname=f"Person {{number}}")
"""
READY_SECONDS = 120
#: docker-compose.yml's stop_grace_period: an engine kills what still runs then.
GRACE_SECONDS = float(compose.load()["services"]["web"]["stop_grace_period"].removesuffix("s"))


class Nginx(Service):
    """nginx with one of the shipped sites, at ``url``."""

    name = "nginx"

    def __init__(self, directory: Path, site: str, places: Mapping[str, str]) -> None:
        super().__init__(directory)
        self.url = f"http://127.0.0.1:{self.port}"
        self.tls_port = free_port()
        self._configure(site, dict(places))

    def _configure(self, site: str, places: dict[str, str]) -> None:
        places |= {
            "/etc/nginx/chatchat/": f"{self.directory}/chatchat/",
            "/var/cache/chatchat": f"{self.directory}/cache",
            "/var/log/nginx/access.log": str(self.access_log),
            "/var/www/acme": f"{self.directory}/acme",
            "listen [::]:": "# listen [::]:",  # there may be no IPv6 here
            "listen 80": f"listen 127.0.0.1:{self.port}",
            "listen 443": f"listen 127.0.0.1:{self.tls_port}",
            "127.0.0.1:8081": f"127.0.0.1:{free_port()}",
        }
        for source in (ROOT / "deploy/nginx").glob("*.conf"):
            text = source.read_text()
            for shipped, here in places.items():
                text = text.replace(shipped, here)
            target = self.directory / "chatchat" / source.name
            target.parent.mkdir(exist_ok=True)
            target.write_text(text)
        # In the place of the package's nginx.conf, which includes sites at this level.
        (self.directory / "nginx.conf").write_text(
            f"""
            {"user root;" if os.geteuid() == 0 else ""}
            daemon off;
            pid {self.directory}/pid;
            error_log {self.directory}/error.log info;
            events {{ worker_connections 1024; }}
            http {{
                client_body_temp_path {self.directory}/body;
                proxy_temp_path {self.directory}/proxy;
                fastcgi_temp_path {self.directory}/fastcgi;
                uwsgi_temp_path {self.directory}/uwsgi;
                scgi_temp_path {self.directory}/scgi;
                include {self.directory}/chatchat/{site}.conf;
            }}
            """
        )

    @property
    def access_log(self) -> Path:
        return self.directory / "access.log"

    def command(self) -> list[str]:
        error_log = str(self.directory / "error.log")
        return ["nginx", "-e", error_log, "-p", str(self.directory), "-c", str(self.directory / "nginx.conf")]

    def check(self) -> subprocess.CompletedProcess[str]:
        """What `nginx -t` says."""
        return subprocess.run([*self.command(), "-t"], capture_output=True, text=True)

    def answers(self) -> bool:
        return answers("127.0.0.1", self.port, "/")


def answers(host: str, port: int, path: str, status: int | None = None) -> bool:
    """Whether anything, or just this status, comes back."""
    connection = HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        answer.read()
        return status in (None, answer.status)
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class Process:
    """A container of the service `web`: at an address of its own, and at the port of all."""

    def __init__(self, host: str, port: int, app: Path, env: dict[str, str], log: Path) -> None:
        self.host, self.port = host, port
        self.url = f"http://{host}:{port}"
        self.log = log
        self._app = app
        self._env = {**env, "HOST": host, "PORT": str(port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                image.command(),
                cwd=self._app,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_until_healthy(self) -> None:
        """As the engine finds out: by the image's HEALTHCHECK."""
        deadline = time.monotonic() + READY_SECONDS
        check = image.command("HEALTHCHECK")
        while subprocess.run(check, cwd=self._app, env=self._env, capture_output=True).returncode:
            assert self._process is not None
            assert self._process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.3)

    def stop(self) -> int:
        """As the engine does it: SIGTERM, and SIGKILL when the time of grace is over."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"not gone after {GRACE_SECONDS} s: {self.log.read_text()[-2000:]}"
            ) from None

    def restart(self) -> None:
        self.stop()
        self.start()
        self.wait_until_healthy()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@dataclass
class Site:
    """It runs, and ``logins`` are people's."""

    nginx: Nginx
    processes: list[Process]
    database: MariaDB
    app: Path
    env: dict[str, str]
    logins: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.nginx.url

    def manage(self, *arguments: str) -> str:
        """A command in a container of the server's."""
        program = [image.command()[0], "manage.py", *arguments]
        done = subprocess.run(program, cwd=self.app, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def rolling_restart(self) -> None:
        """One after the other, each when the one before is healthy again."""
        for process in self.processes:
            process.restart()


@contextlib.contextmanager
def site(variant: str = "compose-plain", **settings: str) -> Iterator[Site]:
    """All of it; ``settings`` are what somebody has put into .env."""
    directory = short_directory()
    database, redis = another_database(directory / "m"), Redis(directory / "r")
    port = free_port()
    processes: list[Process] = []
    with NameServer("web", PROCESSES) as names:
        places = {
            "127.0.0.11": f"127.0.0.1:{names.port}",
            "web:8000": f"web:{port}",
            "127.0.0.1:8001": f"{PROCESSES[0]}:{port}",
            "127.0.0.1:8002": f"{PROCESSES[1]}:{port}",
            **certificate(directory),
        }
        nginx = Nginx(directory / "n", variant, places)
        try:
            database.start()
            redis.start()
            env = _environment(directory, database, redis, nginx, settings)
            app = image.unpack(directory)
            env |= image.environment(collected_static())  # those of the image take long to collect
            for host in PROCESSES:
                processes.append(Process(host, port, app, env, directory / f"{host}.log"))
            running = Site(nginx, processes, database, app, env)
            _migrate(running)
            running.logins = _make_people(running)
            for process in processes:
                process.start()
            for process in processes:
                process.wait_until_healthy()
            nginx.start()
            yield running
        finally:
            nginx.stop()
            for process in processes:
                process.kill()
            redis.stop()
            database.stop()
            shutil.rmtree(directory, ignore_errors=True)


def _make_people(running: Site) -> list[tuple[str, str]]:
    """Accounts, as they would have come from before."""
    running.manage("shell", "-c", MAKE_PEOPLE.format(count=PEOPLE, password=PASSWORD))
    return [(f"person{number}@example.com", PASSWORD) for number in range(PEOPLE)]


def _environment(
    directory: Path, database: MariaDB, redis: Redis, nginx: Nginx, settings: Mapping[str, str]
) -> dict[str, str]:
    """compose's, with this machine's addresses."""
    secrets = directory / "secrets"
    subprocess.run([ROOT / "deploy/secrets.sh", secrets], check=True, capture_output=True)
    password = (secrets / "database_password").read_text()
    database.run(f"CREATE USER chatchat IDENTIFIED BY '{password}'; GRANT ALL ON chatchat.* TO chatchat")
    given = {
        "SITE_URL": nginx.url,
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "FRONT_SUBNET": "127.0.0.1/32",
        **settings,
    }
    places = {
        "@database:3306": f"@127.0.0.1:{database.port}",
        "redis:6379": f"127.0.0.1:{redis.port}",
        "/run/secrets": str(secrets),
        "http://jaeger:4318": "",
    }
    env = compose.server_environment("web", given) | {"VAR_DIR": str(directory / "data")}
    for name, value in env.items():
        for shipped, here in places.items():
            value = value.replace(shipped, here)
        env[name] = value
    return env


def _migrate(running: Site) -> None:
    """The service `migrate`, which has to end well before any process starts."""
    command = compose.load()["services"]["migrate"]["command"]
    assert command[:2] == ["python", "manage.py"]
    running.manage(*command[2:])


def certificate(directory: Path) -> dict[str, str]:
    """A certificate of our own, where the shipped files have the real one."""
    chain, key = directory / "fullchain.pem", directory / "privkey.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(chain)),
        ],
        check=True,
        capture_output=True,
    )
    letsencrypt = "/etc/letsencrypt/live/chat.example.com"
    return {
        "/etc/nginx/tls/fullchain.pem": str(chain),
        "/etc/nginx/tls/privkey.pem": str(key),
        f"{letsencrypt}/fullchain.pem": str(chain),
        f"{letsencrypt}/privkey.pem": str(key),
    }
