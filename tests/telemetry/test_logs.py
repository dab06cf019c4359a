"""One line a request, one a connection, as JSON or for a terminal; ids that tie them; nothing secret."""

import asyncio
import io
import json
import logging
import random
import re
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.http import HttpRequest

from chatchat.telemetry import logs
from chatchat.telemetry.redaction import HIDDEN, clean, hide
from tests.client import ApiClient, ChatSocket, ok
from tests.stack.server import Server, refusal
from tests.telemetry.collector import Collector
from tests.telemetry.test_traces import traceparent

Start = Callable[..., Server]
Person = Callable[..., ApiClient]
JSON = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json"}


def lines(server: Server, **fields: Any) -> list[dict[str, Any]]:
    """The log's lines that have these fields; whatever is no JSON, but for the greeting, fails."""
    text = server.log_text().partition("{")
    found = [json.loads(line) for line in (text[1] + text[2]).splitlines()]
    return [line for line in found if all(line.get(key) == value for key, value in fields.items())]


def test_a_request_is_one_line_with_its_route_and_who_asked(start_server: Start, person: Person) -> None:
    server = start_server(**JSON)
    amy = person("Amy", server=server)
    conversation = amy.befriend(person("Bob", server=server))
    answer = amy.get(f"conversations/{conversation}", cursor="a-query-with-something-in-it")
    id_ = answer.headers["X-Request-ID"]
    [line] = lines(server, request_id=id_)
    assert line["message"] == "request"
    assert line["logger"] == "chatchat.request"
    assert (line["method"], line["route"], line["status"]) == (
        "GET",
        "api/v1/conversations/<id:conversation>",
        200,
    )
    assert line["user"] == amy.id
    assert line["ip"] == "127.0.0.1"
    assert line["ms"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert "a-query" not in server.log_text()


def test_a_refusal_and_a_wrong_address_have_one_line_too(start_server: Start) -> None:
    server = start_server(**JSON)
    with httpx.Client(base_url=server.url) as client:
        client.get("/invite/an-invitation-that-nobody-made/")
        client.get("/no/such/address/")
        client.get("/api/v1/users/me")
        client.post("/login/", data={"email": "a@example.com"})  # without its CSRF token
        client.get("/static/nothing.css")
        client.get("/healthz")
    text = server.log_text()
    assert len(lines(server, message="request")) == 4
    assert [line["status"] for line in lines(server, logger="chatchat.request")][1:3] == [404, 401]
    assert "an-invitation" not in text
    assert "such/address" not in text
    assert "Not Found" not in text


def test_a_connection_is_one_line_when_it_has_ended(start_server: Start, person: Person) -> None:
    server = start_server(**JSON)
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    conversation = amy.befriend(bob)

    async def talk() -> int:
        async with (
            ChatSocket(server.ws_url, amy.token) as mine,
            ChatSocket(server.ws_url, bob.token) as theirs,
        ):
            await mine.hello()
            await theirs.hello()
            for number in range(5):
                await mine.send_message(conversation, f"body number {number} of Amy's")
            while len(theirs.messages()) < 5:
                await theirs.next("message")
            return len(theirs.received)

    received = asyncio.run(talk())
    asyncio.run(refused(server))
    [of_amy] = lines(server, message="connection", user=amy.id)
    [of_bob] = lines(server, message="connection", user=bob.id)
    assert of_amy["frames_in"] == 6
    assert of_bob["frames_out"] == received, "also those that are written to all who watch"
    assert (of_bob["close_code"], of_bob["closed_by"]) == (1000, "client")
    assert of_bob["seconds"] >= 0
    assert {"session", "connection", "ip"} <= set(of_bob)
    assert len(lines(server, message="connection refused", why="not_authenticated")) == 1
    assert "body number" not in server.log_text()


async def refused(server: Server) -> None:
    with pytest.raises(Exception, match=str(refusal(401))):
        async with ChatSocket(server.ws_url, "no-token-of-ours"):
            pass


def test_a_request_whose_client_has_left_has_its_line_and_ends_its_trace(
    start_server: Start, person: Person, collector: Collector
) -> None:
    server = start_server(**JSON, **collector.env())
    amy = person("Amy", server=server)
    wrong = json.dumps({"email": amy.email, "password": "not hers"}).encode()  # slow to refuse
    head = "POST /api/v1/auth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    until = time.monotonic() + 20
    while not (left := lines(server, message="request", status=499, route="api/v1/auth/token")):
        assert time.monotonic() < until, server.log_text()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(f"{head}Content-Length: {len(wrong)}\r\n\r\n".encode() + wrong)
            time.sleep(random.uniform(0.002, 0.02))
        time.sleep(0.1)
    spans = collector.until(lambda spans: any(span.kind == "server" for span in spans), left[0]["trace_id"])
    [request] = [span for span in spans if span.kind == "server"]  # its thread may go on, and end later
    assert request.attributes["http.response.status_code"] == 499
    with httpx.Client(base_url=server.url) as other:
        for _ in range(500):  # until what was left behind has been swept up
            other.get("/healthz")
    assert "Traceback" not in server.log_text()


def test_an_id_is_taken_from_a_proxy_of_ours_if_it_is_one_and_made_otherwise(start_server: Start) -> None:
    proxied = {"X-Forwarded-For": "203.0.113.7"}
    server = start_server(**JSON, TRUSTED_PROXIES="127.0.0.1")

    def answered(server: Server, **headers: str) -> str:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(f"{server.url}/api/v1/users/me", headers=given).headers["X-Request-ID"]

    assert answered(server, X_Request_ID="of-the-proxy-1", **proxied) == "of-the-proxy-1"
    [line] = lines(server, request_id="of-the-proxy-1")
    assert line["ip"] == "203.0.113.7"
    for strange in ("short", "x" * 200, "with blanks in it", "{json}: yes", "a\\nb-and-more"):
        assert re.fullmatch(r"[0-9a-f]{32}", answered(server, X_Request_ID=strange, **proxied))
    assert re.fullmatch(r"[0-9a-f]{32}", answered(server, X_Request_ID="not-by-a-proxy"))
    alone = start_server(**JSON)
    assert answered(alone, X_Request_ID="of-the-proxy-1", **proxied) != "of-the-proxy-1"


def test_a_line_knows_its_trace(start_server: Start, person: Person, collector: Collector) -> None:
    server = start_server(**JSON, **collector.env())
    amy = person("Amy", server=server)
    trace, _, header = traceparent()
    ok(amy.request("GET", "users/me", headers={"traceparent": header}))
    [line] = lines(server, trace_id=trace)
    [span] = [
        s for s in collector.until(lambda s: any(x.kind == "server" for x in s), trace) if s.kind == "server"
    ]
    assert (line["message"], line["span_id"]) == ("request", span.id)


def test_on_a_terminal_it_reads_well_and_is_quiet_where_nobody_asked(start_server: Start, stack: str) -> None:
    server = start_server(LOG_LEVEL="INFO", LOG_FORMAT="text")
    httpx.get(f"{server.url}/api/v1/users/me")
    last = server.log_text().splitlines()[-1]
    expected = r"\d\d:\d\d:\d\d\.\d{3} \[info\] GET api/v1/users/me 401 [\d.]+ ms +ip=127\.0\.0\.1"
    assert re.fullmatch(expected, last), last
    assert "\x1b" not in last, "no colours in a file"
    if stack == "embedded":
        quiet = start_server(LOG_LEVEL="", LOG_FORMAT="")
        httpx.get(f"{quiet.url}/api/v1/users/me")
        assert "users/me" not in quiet.log_text()


# --- the second line of defence -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Bearer {secret} was refused",
        "GET /callback?code={secret}&state=x",
        'payload {{"password": "{secret} and more", "a": 1}}',
        "{{'new_password': '{secret}'}}",
        "redis://:{secret}@host:6379/0 is away",
        "Duplicate entry '{secret}' for key 'email'",
        "eyJhbGciOiJIUzI1NiJ9.{secret}.signature",
        "subprotocols chatchat.v1, bearer.{secret}",
        "mail to {secret}@example.com",
    ],
)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(text: str) -> None:
    secret = secrets.token_hex(12)
    shown = hide(text.format(secret=secret))
    assert secret not in shown
    assert HIDDEN in shown


def test_fields_are_hidden_by_their_names_however_deep_and_others_stay() -> None:
    line = {"password": "p", "a": [{"X-Access-Token": "t", "seq": 5}], "status": 200, "close_code": 1000}
    assert clean(line) == {
        "password": HIDDEN,
        "a": [{"X-Access-Token": HIDDEN, "seq": 5}],
        "status": 200,
        "close_code": 1000,
    }
    plain = "12:00 conversation 5 is behind, and the database is away: (2006, 'gone away')"
    assert hide(plain) == plain


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_a_bug_of_ours_is_one_line_with_its_traceback_and_no_path(stream: io.StringIO) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter("json"))
    handler.addFilter(logs.OfRequests())
    logger = logging.Logger("django.request")
    logger.addHandler(handler)
    request = HttpRequest()
    request.path = "/invite/a-secret-invitation/"
    try:
        raise ValueError("token=abcdefgh was bad")
    except ValueError:
        logger.exception("%s: %s", "Internal Server Error", request.path, extra={"request": request})
    logger.warning("%s: %s", "Not Found", request.path, extra={"request": request})
    [line] = [json.loads(each) for each in stream.getvalue().splitlines()]
    assert line["message"] == "a request failed"
    assert "ValueError" in line["exception"]
    assert "secret-invitation" not in str(line)
    assert "abcdefgh" not in str(line)
