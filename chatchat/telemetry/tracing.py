"""Where traces go, and what of them: OpenTelemetry's SDK, its instrumentations, and our own sieve.

The SDK reads OTEL_* by itself: endpoint, headers, sampler, resource. Spans leave in batches by a thread of
their own; what the collector does not take in time is dropped, and nobody waits for it but ``finish``, which
waits ``FLUSH`` seconds.
"""

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Decision, Sampler, SamplingResult
from opentelemetry.trace import SpanKind
from opentelemetry.trace.status import Status

from chatchat import __version__
from chatchat.telemetry import traces

FLUSH = 3.0  # seconds
LONGEST = 400  # characters of an attribute: a batch's INSERT has a row of placeholders for each message

#: What may leave: names and sizes, never what somebody wrote. Of an address only its pattern: a path and
#: a query may hold tokens. Of SQL the statement, whose parameters stay behind.
ALLOWED = frozenset({
    "http.request.method", "http.response.status_code", "http.route", "url.scheme", "server.address",
    "server.port", "network.protocol.version", "network.transport", "error.type", "exception.type",
    "db.system", "db.system.name", "db.name", "db.namespace", "db.operation.name", "db.statement",
    "db.query.text", "db.redis.args_length", "db.redis.pipeline_length", "db.redis.database_index",
})  # fmt: skip


class Sieved(SpanExporter):
    """Lets nothing through but what is ``ALLOWED``, whoever has put it there."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_sieved(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _sieved(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=_allowed(span.attributes),
        events=[Event(each.name, _allowed(each.attributes), each.timestamp) for each in span.events],
        links=span.links,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),  # its description is an exception's text
        start_time=span.start_time,
        end_time=span.end_time,
    )


def _allowed(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: value[:LONGEST] if isinstance(value, str) else value
        for name, value in (attributes or {}).items()
        if name in ALLOWED or name.startswith("chatchat.")
    }


class Rooted(Sampler):
    """As ``sampler`` says, but that a query or a call of ours that belongs to nothing begins no trace."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Any,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> SamplingResult:
        if kind == SpanKind.CLIENT and not trace.get_current_span(parent_context).get_span_context().is_valid:
            return SamplingResult(Decision.DROP)
        return self._sampler.should_sample(parent_context, trace_id, name, kind, *args, **kwargs)

    def get_description(self) -> str:
        return f"Rooted({self._sampler.get_description()})"


_processor: BatchSpanProcessor | None = None


def start() -> None:
    """Switch traces on in this process, if the settings say so; before Django's middleware is loaded."""
    global _processor
    if settings.TRACES == "none":
        return
    # The names of attributes as they are now; without this the instrumentations use their old ones.
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
    resource = Resource.create({"service.version": __version__}).merge(_service())
    _processor = BatchSpanProcessor(Sieved(_exporter()))
    asked = TracerProvider(resource=resource, shutdown_on_exit=False).sampler
    provider = TracerProvider(sampler=Rooted(asked), resource=resource, shutdown_on_exit=False)
    chosen = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
    for each in (provider, chosen):
        each.add_span_processor(_processor)
    trace.set_tracer_provider(provider)
    _instrument(provider)
    traces.switch_on(provider=provider, chosen=chosen)


def _service() -> Resource:
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    return Resource({} if named else {"service.name": "chatchat"})


def _exporter() -> SpanExporter:
    if settings.TRACES == "console":
        return ConsoleSpanExporter(out=sys.stderr, formatter=_line)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _line(span: ReadableSpan) -> str:
    """A span on a terminal: its trace, its parent and itself by their last digits, how long, what."""
    context, parent = span.get_span_context(), span.parent
    trace_id, own = (context.trace_id, context.span_id) if context is not None else (0, 0)
    ids = f"{trace_id:032x}"[-8:], f"{parent.span_id if parent else 0:016x}"[-4:], f"{own:016x}"[-4:]
    took = ((span.end_time or 0) - (span.start_time or 0)) / 1e6
    told = [
        f"{name.removeprefix('chatchat.')}={value!s:.80}"
        for name, value in (span.attributes or {}).items()
        if name.startswith(("chatchat.", "db.query", "error"))
    ]
    return f"span {ids[0]} {ids[1]}>{ids[2]} {took:8.2f} ms  {span.name}  {' '.join(told)}\n"


def _instrument(provider: TracerProvider) -> None:
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor

    # Behind the probes, and the request's line, which is told of its trace.
    DjangoInstrumentor().instrument(
        tracer_provider=provider, middleware_position=2, request_hook=_tell_request
    )
    RedisInstrumentor().instrument(tracer_provider=provider)
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor

        SQLite3Instrumentor().instrument(tracer_provider=provider)
    else:
        from opentelemetry.instrumentation.mysqlclient import MySQLClientInstrumentor

        MySQLClientInstrumentor().instrument(tracer_provider=provider)


def _tell_request(span: Any, request: Any) -> None:
    request.trace_ids = traces.ids_of(span)


def finish() -> None:
    """Send what is left, in ``FLUSH`` seconds at most: a collector that is away holds nobody up."""
    traces.switch_off()
    if _processor is not None:
        ending = threading.Thread(target=_processor.shutdown, name="traces-end", daemon=True)
        ending.start()
        ending.join(FLUSH)
