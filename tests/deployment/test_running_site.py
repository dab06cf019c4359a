"""The deployment of this repository: real chat through nginx, while every process is restarted in turn."""

import asyncio
import threading
import uuid
from collections import Counter
from pathlib import Path

import httpx
import pytest

from bench.clients import to_the_end
from bench.play import Stage
from bench.session import Options, Report, run
from tests.bench.test_replay import write_log
from tests.client import ApiClient, ok
from tests.deployment.site import Site
from tests.stack.server import ROOT

pytestmark = [pytest.mark.production, pytest.mark.slow]

MESSAGES, RATE = 400, 40
#: Real chat, where it lies beside the checkout.
LOG = ROOT.parent / "shared/data/group_ubuntu_irc.jsonl"


class Visitor(threading.Thread):
    """Somebody who writes over REST and reads, on a connection for each request, within their limits."""

    def __init__(self, site: Site, client: ApiClient, conversation: int) -> None:
        super().__init__()
        self.answers: Counter[str] = Counter()
        self._url, self._conversation = site.url, conversation
        self._headers = {"Authorization": f"Bearer {client.token}"}
        self._done = threading.Event()

    def run(self) -> None:
        with httpx.Client(base_url=self._url, headers=self._headers, timeout=30, trust_env=False) as http:
            while not self._done.wait(0.12):
                body = {"client_id": str(uuid.uuid4()), "kind": "text", "body": "over REST"}
                path = f"/api/v1/conversations/{self._conversation}/messages"
                self.answers[f"written {http.post(path, json=body).status_code}"] += 1
                self.answers[f"read {http.get('/api/v1/users/me').status_code}"] += 1

    def finish(self) -> None:
        self._done.set()
        self.join()


def play(site: Site, log: Path, logins: list[tuple[str, str]]) -> Report:
    """The replay, with a rolling restart when a third of it was said."""

    async def restart(stage: Stage) -> None:
        while stage.acknowledged < MESSAGES / 3:  # noqa: ASYNC110  # as in bench/crash.py
            await asyncio.sleep(0.01)
        await asyncio.to_thread(site.rolling_restart)

    options = Options(
        log=log,
        urls=[site.url],
        people=len(logins),
        logins=logins,
        limit=MESSAGES,
        rate=RATE,
        meanwhile=restart,
    )
    return to_the_end(run(options))


def check_log(lines: list[str]) -> None:
    """Nothing that nginx answered is a failure, though somebody asked for a process that had gone."""
    assert [line for line in lines if line.split()[4].startswith("5")] == []
    assert [line for line in lines if line.endswith(("502, 200", "502, 201", "502, 101"))]


def test_a_rolling_restart_drops_nobody(running: Site, tmp_path: Path) -> None:
    log = LOG if LOG.exists() else write_log(tmp_path / "log", MESSAGES, room="#test")
    amy, bob = (ApiClient(running.url).login(*login) for login in running.logins[:2])
    visitor = Visitor(running, amy, amy.befriend(bob))
    logins = running.logins[2:]
    before = len(ok(amy.get("auth/sessions")).json()["results"])

    visitor.start()
    report = play(running, log, logins)
    visitor.finish()

    assert report.good, report.as_text()
    assert report.messages == MESSAGES
    assert set(report.close_codes) == {1012}, report.as_text()
    # Everybody was on one of the two: sent away once, or a second time by the one they had gone to.
    assert len(logins) <= report.cuts <= 2 * len(logins), report.as_text()
    assert report.close_codes[1012] == report.cuts
    assert set(visitor.answers) == {"written 201", "read 200"}, visitor.answers
    check_log(running.nginx.access_log.read_text().splitlines())
    # Nobody has to log in again: the token from before, and the refresh token, are good.
    assert len(ok(amy.get("auth/sessions")).json()["results"]) == before
    ok(amy.post("auth/token/refresh", {"refresh": amy.refresh_token}))


def test_through_nginx_a_forged_header_neither_evades_nor_is_remembered(running: Site) -> None:
    client = ApiClient(running.url)
    wrong = {"email": "nobody@example.com", "password": "wrong horse battery"}
    found = Counter(
        client.post("auth/token", wrong, headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number in range(24)
    )
    assert found[429] >= 4, found  # a minute may have begun meanwhile
    client.http.headers["X-Forwarded-For"] = "203.0.113.77"
    client.login(*running.logins[-1])
    sessions = ok(client.get("auth/sessions")).json()["results"]
    assert [session["ip"] for session in sessions if session["current"]] == ["127.0.0.1"]
