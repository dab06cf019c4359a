"""One trace a message, over processes; nothing in it that anybody wrote."""

import asyncio
import secrets
from collections.abc import Callable

import httpx
import pytest

from tests.client import ApiClient, ChatSocket, ok
from tests.stack.server import Server
from tests.telemetry.collector import Collector, Span

Start = Callable[..., Server]
Person = Callable[..., ApiClient]


def traceparent(*, sampled: bool = True) -> tuple[str, str, str]:
    """A new trace, the client's own span in it, and the header (W3C Trace Context) that names both."""
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    return trace, span, f"00-{trace}-{span}-{'01' if sampled else '00'}"


def only(spans: list[Span], name: str, **fields: str) -> Span:
    """The one span of this name; more or fewer fail."""
    found = [
        span
        for span in spans
        if span.name == name and all(getattr(span, key) == value for key, value in fields.items())
    ]
    assert len(found) == 1, f"{name} {fields}: {[(each.name, each.process) for each in spans]}"
    return found[0]


async def said(
    sender: tuple[Server, ApiClient],
    reader: tuple[Server, ApiClient],
    conversation: int,
    body: str,
    header: str,
) -> None:
    """``body`` goes from one socket to another, which are perhaps at two processes."""
    async with (
        ChatSocket(sender[0].ws_url, sender[1].token) as mine,
        ChatSocket(reader[0].ws_url, reader[1].token) as theirs,
    ):
        await mine.hello()
        await theirs.hello()
        await mine.send_message(conversation, body, traceparent=header)
        while (await theirs.next("message"))["message"]["body"] != body:
            pass  # the backlog


@pytest.mark.beyond_core_layer("its command to Redis is another one than PUBLISH, which is looked for")
def test_a_message_is_one_trace_from_the_senders_frame_to_the_readers_socket_on_another_process(
    start_server: Start, person: Person, collector: Collector, stack: str
) -> None:
    one = start_server(**collector.env("one"))
    two = start_server(**collector.env("two")) if stack == "production" else one
    there = "two" if stack == "production" else "one"
    amy, bob = person("Amy", server=one), person("Bob", server=two)
    conversation = amy.befriend(bob)
    trace, client_span, header = traceparent()
    body = f"canary {secrets.token_hex(12)}"

    asyncio.run(said((one, amy), (two, bob), conversation, body, header))

    expected = {"message.send", "validate", "writer.wait", "message.write", "writer.batch", "commit"}

    def whole(spans: list[Span]) -> bool:
        delivered = {span.process for span in spans if span.name == "deliver"}
        return expected | {"publish"} <= {span.name for span in spans} and there in delivered

    spans = collector.until(whole, trace)
    send = only(spans, "message.send", kind="server", process="one")
    assert send.parent == client_span
    assert send.attributes["chatchat.conversation"] == conversation
    assert send.attributes["chatchat.user"] == amy.id
    for name in ("validate", "writer.wait", "message.write"):
        assert only(spans, name).parent == send.id
    write, batch = only(spans, "message.write"), only(spans, "writer.batch")
    assert batch.parent == write.id
    assert write.links == {batch.id}
    assert batch.links == {write.id}
    assert write.attributes["chatchat.seq"] >= 1
    assert only(spans, "commit").parent == batch.id
    statements = [span for span in spans if span.kind == "client" and span.parent == batch.id]
    # On MySQL and MariaDB what is read travels together, and what is written.
    first_words = {"START", "INSERT"} if stack == "production" else {"SELECT", "INSERT", "UPDATE"}
    assert first_words <= {span.name for span in statements}
    publish = only(spans, "publish", kind="producer", process="one")
    assert publish.parent == send.id
    delivered = only(spans, "deliver", kind="consumer", process=there)
    assert delivered.parent == publish.id
    assert delivered.attributes["chatchat.sockets"] == (1 if stack == "production" else 2)
    if stack == "production":
        assert only(spans, "deliver", process="one").parent == publish.id
        assert only(spans, "PUBLISH", kind="client").parent == publish.id
    assert collector.paths == {"/v1/traces"}
    everything = b"".join(collector.raw)
    for secret in (body, amy.email, bob.email, amy.token or "", bob.token or "", "Amy"):
        assert secret.encode() not in everything


def test_messages_of_one_transaction_know_their_batch_and_it_knows_them(
    start_server: Start, person: Person, collector: Collector
) -> None:
    server = start_server(**collector.env())
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    conversation = amy.befriend(bob)

    async def burst() -> None:
        async with ChatSocket(server.ws_url, amy.token) as socket:
            await socket.hello()
            await asyncio.gather(*(socket.send_message(conversation, f"number {n}") for n in range(40)))

    asyncio.run(burst())
    spans = collector.until(lambda spans: sum(span.name == "message.send" for span in spans) == 40)
    writes = {span.id: span for span in spans if span.name == "message.write"}
    batches = {span.id: span for span in spans if span.name == "writer.batch"}
    assert len(writes) == 40
    assert any(len(batch.links) > 1 for batch in batches.values()), "some were written together"
    for batch in batches.values():
        assert batch.attributes["chatchat.batch.traced"] == len(batch.links)
        for link in batch.links:
            assert writes[link].links == {batch.id}
    # Each is a trace of its own, and the batch is in one of them.
    assert len({write.trace for write in writes.values()}) == 40
    assert {writes[batch.parent].trace for batch in batches.values()} == {b.trace for b in batches.values()}


def test_a_request_goes_on_with_the_callers_trace_and_its_message_is_followed(
    start_server: Start, person: Person, collector: Collector
) -> None:
    server = start_server(**collector.env())
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    conversation = amy.befriend(bob)
    trace, client_span, header = traceparent()
    path = f"conversations/{conversation}/messages"
    body = {"client_id": "0b5f0f6e-7d2a-4c58-9d5e-1c1f5c6a7b81", "kind": "text", "body": "by REST, a canary"}
    ok(amy.request("POST", f"{path}?hint=canary-in-a-query", json=body, headers={"traceparent": header}), 201)

    spans = collector.until(lambda spans: {"publish", "message.write"} <= {s.name for s in spans}, trace)
    request = [span for span in collector.until(lambda s: any(x.kind == "server" for x in s), trace)
               if span.kind == "server"]  # fmt: skip
    assert [span.parent for span in request] == [client_span]
    assert request[0].attributes["http.route"] == "api/v1/conversations/<id:conversation>/messages"
    assert only(spans, "message.write").parent == request[0].id
    assert only(spans, "publish").parent == request[0].id
    assert b"canary" not in b"".join(collector.raw)


@pytest.mark.parametrize("sampler", ["always_off", "parentbased_always_off"])
def test_what_is_not_sampled_leaves_nothing_and_is_delivered_all_the_same(
    start_server: Start, person: Person, collector: Collector, sampler: str
) -> None:
    server = start_server(**collector.env(OTEL_TRACES_SAMPLER=sampler))
    amy, bob = person("Amy", server=server), person("Bob", server=server)
    conversation = amy.befriend(bob)
    asyncio.run(said((server, amy), (server, bob), conversation, "nobody follows this", ""))
    asyncio.run(said((server, amy), (server, bob), conversation, "nor this", traceparent(sampled=False)[2]))
    asyncio.run(said((server, amy), (server, bob), conversation, "nor this", "no traceparent at all"))
    if sampler == "parentbased_always_off":  # what the client follows is followed
        trace, _, header = traceparent()
        asyncio.run(said((server, amy), (server, bob), conversation, "but this", header))
        collector.until(lambda spans: any(span.name == "deliver" for span in spans), trace)
        assert {span.trace for span in collector.spans()} == {trace}
    server.stop()
    if sampler == "always_off":
        assert collector.spans() == []


@pytest.mark.own_server("daphne has no lifespan: nothing tells the application that its process ends")
def test_what_is_waiting_when_a_process_ends_is_still_sent(
    start_server: Start, person: Person, collector: Collector
) -> None:
    server = start_server(**collector.env(OTEL_BSP_SCHEDULE_DELAY="600000"))
    amy = person("Amy", server=server)
    trace, _, header = traceparent()
    ok(amy.request("GET", "users/me", headers={"traceparent": header}))
    server.stop()
    assert [span.name for span in collector.spans(trace) if span.kind == "server"] == ["GET api/v1/users/me"]


def test_a_dead_collector_costs_no_message_and_holds_no_process_up(
    start_server: Start, person: Person, silent_port: int
) -> None:
    for endpoint in ("http://127.0.0.1:9", f"http://127.0.0.1:{silent_port}"):
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50"}
        server = start_server(**env)
        amy, bob = person("Amy", server=server), person("Bob", server=server)
        conversation = amy.befriend(bob)
        for number in range(3):
            asyncio.run(said((server, amy), (server, bob), conversation, f"number {number}", ""))
        assert httpx.get(f"{server.url}/readyz").json()["status"] == "ready"
        server.stop(within=20)
        assert len(amy_history(server, amy, conversation)) == 3


def amy_history(server: Server, amy: ApiClient, conversation: int) -> list[object]:
    """What is there after the server has come back."""
    server.start()
    return [message for message in amy.history(conversation) if message["kind"] == "text"]
