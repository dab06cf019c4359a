"""Real traffic moves the metrics as it should; who may read them; the dashboard asks for what is there."""

import asyncio
import json
import re
import tomllib
import uuid
from collections.abc import Callable

import httpx
import pytest

import chatchat
from tests.client import ApiClient, ChatSocket, error_code
from tests.stack.server import ROOT, Server
from tests.telemetry.scrape import Metrics, scrape

Start = Callable[..., Server]
Person = Callable[..., ApiClient]


def test_a_message_over_the_socket_is_counted_on_its_way(start_server: Start, person: Person) -> None:
    server = start_server()
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    conversation = amy.befriend(bob)
    before = scrape(server)

    async def talk() -> Metrics:
        async with (
            ChatSocket(server.ws_url, amy.token) as mine,
            ChatSocket(server.ws_url, bob.token) as theirs,
        ):
            await mine.hello()
            await theirs.hello({conversation: 0})
            client_id = str(uuid.uuid4())
            await mine.send_message(conversation, "counted", client_id)
            await theirs.next("message")
            await mine.send_message(conversation, "counted", client_id)
            refused = await mine.send_message(2**40, "nowhere")
            assert refused["error"]["code"] == "not_found"
            await mine.send("no frame")
            await mine.next("error")
            await mine.request({"type": "ping"})
            return scrape(server)

    during = asyncio.run(talk())

    def more(name: str, now: Metrics = during, **labels: str) -> float:
        return now(name, **labels) - before(name, **labels)

    assert during("chatchat_connections") == 2
    assert during("chatchat_hub_people") == 2
    assert during("chatchat_tasks") >= 2
    assert during("chatchat_hub_conversations") >= 1
    assert more("chatchat_connections_opened_total") == 2
    assert more("chatchat_resumes_total", how="with cursors") == 1
    assert more("chatchat_resumes_total", how="without") == 1
    assert more("chatchat_frames_in_total", type="message.send") == 3
    assert more("chatchat_frames_in_total", type="ping") == 1
    assert more("chatchat_frames_in_total", type="invalid") == 1
    assert more("chatchat_frames_out_total", type="message.accepted") == 2
    assert more("chatchat_frames_out_total", type="message") >= 2, "one to each of the two"
    assert more("chatchat_frames_out_total", type="pong") == 1
    assert more("chatchat_messages_total", outcome="accepted") == 1
    assert more("chatchat_messages_total", outcome="duplicate") == 1
    assert more("chatchat_messages_total", outcome="refused") == 1
    assert more("chatchat_refusals_total", door="socket", code="not_found") == 1
    assert more("chatchat_refusals_total", door="socket", code="invalid_json") == 1
    assert more("chatchat_batch_wait_seconds_count") == 3
    assert more("chatchat_batch_size_sum") >= 3
    assert more("chatchat_batch_write_seconds_count") == more("chatchat_batch_size_count")
    assert more("chatchat_commit_seconds_count") == more("chatchat_batch_size_count")
    assert more("chatchat_delivery_seconds_count") == 1
    assert more("chatchat_delivery_seconds_bucket", le="+Inf") == 1
    assert 0 < more("chatchat_delivery_seconds_sum") < 20
    after = scrape(server)
    assert more("chatchat_connections_closed_total", after, code="1000") == 2
    assert after("chatchat_connections") == 0


def test_requests_are_counted_by_the_pattern_of_their_address(start_server: Start, person: Person) -> None:
    server = start_server()
    amy = person("Amy", server=server)
    conversation = amy.befriend(person("Bob", server=server))
    amy.get(f"conversations/{conversation}")
    amy.get("conversations/123456789")
    httpx.get(f"{server.url}/a/secret/address/")
    httpx.get(f"{server.url}/static/nothing.css")
    told = scrape(server)
    route = "api/v1/conversations/<id:conversation>"
    assert told("chatchat_http_requests_total", method="GET", route=route, status="200") == 1
    assert told("chatchat_http_requests_total", method="GET", route=route, status="404") == 1
    assert told("chatchat_http_request_seconds_count", method="GET", route=route) == 2
    assert told("chatchat_http_requests_total", route="-", status="404") == 1
    assert told("chatchat_http_requests_total", route="static", status="404") == 1
    assert told("chatchat_refusals_total", door="rest", code="not_found") == 1
    assert told("chatchat_http_requests_open") == 0, "the probes are none"
    text = httpx.get(f"{server.url}/metrics").text
    assert "123456789" not in text
    assert "secret/address" not in text


def test_what_is_past_a_limit_is_counted(start_server: Start) -> None:
    server = start_server(RATELIMIT_ENABLE="1", LOGIN_RATE="2/h")
    stranger = ApiClient(server.url)
    for _ in range(3):
        answer = stranger.post("auth/token", {"email": "nobody@example.com", "password": "wrong wrong wrong"})
    assert error_code(answer) == "rate_limited"
    told = scrape(server)
    assert told("chatchat_rate_limited_total") == 1
    assert told("chatchat_refusals_total", door="rest", code="rate_limited") == 1


@pytest.mark.production
def test_what_travels_between_processes_is_counted_where_it_arrives(
    start_server: Start, person: Person
) -> None:
    one, two = start_server(), start_server()
    amy, bob = person("Amy", server=one), person("Bob", server=two)
    conversation = amy.befriend(bob)

    async def talk() -> None:
        async with ChatSocket(one.ws_url, amy.token) as mine, ChatSocket(two.ws_url, bob.token) as theirs:
            await mine.hello()
            await theirs.hello()
            await mine.send_message(conversation, "across")
            await theirs.next("message")

    before = scrape(two)("chatchat_layer_seconds_count")
    asyncio.run(talk())
    assert scrape(two)("chatchat_layer_seconds_count") > before
    assert scrape(two)("chatchat_messages_total") == 0
    assert scrape(two)("chatchat_delivery_seconds_count") == 0, "only who has accepted it knows since when"


def test_whoever_may_not_read_them_finds_nothing(start_server: Start) -> None:
    server = start_server(METRICS_ALLOW="10.1.2.0/24")
    refused, nothing = httpx.get(f"{server.url}/metrics"), httpx.get(f"{server.url}/metricz")
    assert refused.status_code == nothing.status_code == 404
    assert refused.text.replace("metrics", "metricz") == nothing.text
    assert httpx.post(f"{server.url}/metrics").status_code == 404
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_a_token_opens_them_from_anywhere_and_nothing_else_does(start_server: Start) -> None:
    server = start_server(METRICS_TOKEN="a-token-of-the-scraper", METRICS_ALLOW="10.1.2.0/24")
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "a-token-of-the-scraper"}):
        assert httpx.get(f"{server.url}/metrics", headers=headers).status_code == 404
    assert scrape(server, headers={"Authorization": "Bearer a-token-of-the-scraper"}).names


def test_a_proxy_that_is_not_ours_opens_them_to_nobody(start_server: Start) -> None:
    from_outside = {"X-Forwarded-For": "203.0.113.7"}
    for forged in (from_outside, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
        assert httpx.get(f"{start_server().url}/metrics", headers=forged).status_code == 404
    behind = start_server(TRUSTED_PROXIES="127.0.0.1")
    assert httpx.get(f"{behind.url}/metrics", headers=from_outside).status_code == 404
    assert httpx.get(f"{behind.url}/metrics", headers={"X-Forwarded-For": "10.9.8.7"}).status_code == 200


def test_probes_ask_the_machine_whatever_it_is_called(start_server: Start) -> None:
    server = start_server()
    for path in ("/healthz", "/readyz", "/metrics"):
        answer = httpx.get(server.url + path, headers={"Host": "web-1.somewhere:8000"})
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "no-store"
        assert "set-cookie" not in answer.headers


def test_the_version_is_that_of_the_package(start_server: Start) -> None:
    written = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert chatchat.__version__ == written
    assert scrape(start_server())("chatchat_info", version=written) == 1


#: What a process tells of a counter or a histogram only once there is something to count.
WORDS = re.compile(r"\b((?:chatchat|process|python)_\w+)")


def test_everything_that_the_dashboard_and_the_documents_ask_for_is_there(start_server: Start) -> None:
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/chatchat.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    document = (ROOT / "docs/observability.md").read_text()
    table = document.partition("## Metrics")[2].partition("## Logs")[0]
    told = httpx.get(f"{start_server().url}/metrics").text
    there = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)", told, re.MULTILINE):
        there |= {f"{name}_{end}" for end in ("bucket", "sum", "count")} if kind == "histogram" else set()
        there.add(name)
    for name in WORDS.findall(" ".join(asked) + table):
        assert name in there or name.endswith("_"), name
    ours = {name for name in there if name.startswith("chatchat_") and not name.endswith("_created")}
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours}
    assert bare - set(WORDS.findall(table)) == set(), "not in the document"
    assert {panel["type"] for panel in dashboard["panels"]} == {"row", "stat", "timeseries"}
