"""nginx as it is shipped: which headers get through, what stays within, and what is asked again."""

import json
import os
import re
import shutil
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPSConnection

import httpx
import pytest
from django.conf import settings

from scripts.services import short_directory
from tests.deployment.names import NameServer
from tests.deployment.site import PROCESSES, Nginx, certificate
from tests.deployment.upstream import Upstream
from tests.stack.server import ROOT

pytestmark = pytest.mark.production

SITES = ["compose-plain", "compose-tls", "debian"]
LOCATIONS = (ROOT / "deploy/nginx/locations.conf").read_text()
FORGED = {
    "X-Forwarded-For": "1.1.1.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Real-IP": "1.1.1.1",
    "Forwarded": "for=1.1.1.1",
}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as started:
        yield started


class Proxy:
    """nginx before the upstream, and a client of it."""

    def __init__(self, site: str, upstream: Upstream, names: NameServer) -> None:
        self.directory = short_directory()
        places = {
            "127.0.0.11": f"127.0.0.1:{names.port}",
            "web:8000": f"web:{upstream.port}",
            "127.0.0.1:8001": f"{PROCESSES[0]}:{upstream.port}",
            "127.0.0.1:8002": f"{PROCESSES[1]}:{upstream.port}",
            **certificate(self.directory),
        }
        self.nginx = Nginx(self.directory, site, places)
        self.site = site
        self.tls = site != "compose-plain"
        context = ssl.create_default_context(cafile=str(self.directory / "fullchain.pem"))
        self.url = f"https://127.0.0.1:{self.nginx.tls_port}" if self.tls else self.nginx.url
        self.http = httpx.Client(base_url=self.url, verify=context, trust_env=False)
        self._context = context

    def connection(self) -> HTTPConnection:
        """For what a well-behaved client does not send."""
        if self.tls:
            return HTTPSConnection("127.0.0.1", self.nginx.tls_port, context=self._context, timeout=20)
        return HTTPConnection("127.0.0.1", self.nginx.port, timeout=20)


@pytest.fixture(params=SITES)
def proxy(request: pytest.FixtureRequest, upstream: Upstream) -> Iterator[Proxy]:
    with NameServer("web", PROCESSES) as names:
        made = Proxy(request.param, upstream, names)
        made.nginx.start()
        upstream.asked.clear()  # of those who looked whether it was there
        yield made
        made.http.close()
        made.nginx.stop()
        shutil.rmtree(made.directory)


def test_the_configuration_is_valid(proxy: Proxy) -> None:
    done = proxy.nginx.check()
    assert done.returncode == 0
    assert "warn" not in done.stderr, done.stderr


def test_the_containers_whole_configuration_is_valid(proxy: Proxy) -> None:
    if proxy.site == "debian":
        return
    given = (ROOT / "deploy/nginx/nginx.conf").read_text()
    for shipped, here in {
        "user nginx;": "user root;" if os.geteuid() == 0 else "",
        "/run/nginx.pid": f"{proxy.directory}/whole.pid",
        "/var/log/nginx/error.log": f"{proxy.directory}/whole.log",
        "/etc/nginx/conf.d/default.conf": f"{proxy.directory}/chatchat/{proxy.site}.conf",
    }.items():
        assert shipped in given
        given = given.replace(shipped, here)
    whole = proxy.directory / "whole.conf"
    whole.write_text(given)
    command = ["nginx", "-t", "-e", str(proxy.directory / "error.log"), "-c", str(whole)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr, done.stderr


def test_who_asks_and_how_is_said_by_nginx_alone(proxy: Proxy, upstream: Upstream) -> None:
    proxy.http.get("/anything?q=1", headers=FORGED)
    ((method, path, headers),) = upstream.asked
    assert (method, path) == ("GET", "/anything?q=1")
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == ("https" if proxy.tls else "http")
    assert headers["host"] == proxy.url.partition("//")[2]
    assert not {"x-forwarded-host", "x-forwarded-port", "x-real-ip", "forwarded"} & headers.keys()
    assert headers["connection"] == "close"


def test_a_websocket_is_handed_through_and_no_other_upgrade(proxy: Proxy, upstream: Upstream) -> None:
    for asked in ("websocket", "WebSocket", "h2c"):
        proxy.http.get("/ws/chat/", headers={"Connection": "Upgrade", "Upgrade": asked})
    sent = [(headers["connection"], headers.get("upgrade")) for _, _, headers in upstream.asked]
    assert sent == [("upgrade", "websocket"), ("upgrade", "websocket"), ("close", None)]


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/metrics/",
        "/readyz",
        "/healthz",
        "//metrics",
        "/%6detrics",
        "/x/../readyz",
        "/metrics?a=b",
    ],
)
def test_what_is_for_the_machines_within_is_not_there(proxy: Proxy, upstream: Upstream, path: str) -> None:
    assert proxy.http.get(httpx.URL(proxy.url + path)).status_code == 404
    assert upstream.asked == []


@pytest.mark.parametrize(
    ("method", "times"), [("GET", 2), ("PUT", 2), ("DELETE", 2), ("POST", 1), ("PATCH", 1)]
)
def test_only_what_may_be_repeated_is_asked_of_another_process(
    proxy: Proxy, upstream: Upstream, method: str, times: int
) -> None:
    upstream.dies = True
    answer = proxy.http.request(method, "/api/v1/anything")
    assert len(upstream.asked) == times
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["error"]["code"] == "unavailable"


def test_what_is_too_big_is_refused_in_our_words(proxy: Proxy, upstream: Upstream) -> None:
    given = re.search(r"client_max_body_size (\d+)m;", LOCATIONS)
    assert given
    limit = int(given[1]) * 1024 * 1024
    # The server comes first to say so, and nginx keeps away what nobody needs to read.
    assert settings.BODY_MAX_BYTES < limit <= settings.BODY_MAX_BYTES + 4 * 1024 * 1024
    connection = proxy.connection()
    connection.putrequest("POST", "/api/v1/attachments")
    connection.putheader("Content-Length", str(limit + 1))
    connection.endheaders()  # and nothing is sent: the length is enough
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["error"]["code"] == "too_large"
    connection.close()
    assert upstream.asked == []


def test_without_tls_a_site_with_tls_only_shows_the_way(proxy: Proxy, upstream: Upstream) -> None:
    if not proxy.tls:
        assert httpx.get(proxy.nginx.url, trust_env=False).status_code == 200
        return
    answer = httpx.get(f"{proxy.nginx.url}/chat/?a=b", trust_env=False)
    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://")
    assert answer.headers["Location"].endswith("/chat/?a=b")
    assert upstream.asked == []


def test_old_tls_is_refused(proxy: Proxy) -> None:
    if not proxy.tls:
        return
    old = ssl.create_default_context(cafile=str(proxy.directory / "fullchain.pem"))
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        httpx.get(proxy.url, verify=old, trust_env=False)
    assert proxy.http.get("/").status_code == 200


def test_the_access_log_holds_no_query_and_no_referrer(proxy: Proxy) -> None:
    proxy.http.get("/login/?secret=hidden", headers={"Referer": "https://elsewhere.example/hidden"})
    proxy.nginx.stop()  # it has written everything then
    log = proxy.nginx.access_log.read_text()
    assert "GET /login/ 200" in log
    assert "hidden" not in log


def test_an_unfinished_socket_is_kept_longer_than_its_pings() -> None:
    within = LOCATIONS.partition("location /ws/ {")[2].partition("}")[0]
    timeout = re.search(r"proxy_read_timeout (\d+)s;", within)
    assert timeout
    assert int(timeout[1]) > 2 * 20  # uvicorn's ws_ping_interval
