"""A real OTLP receiver: HTTP in, protobuf decoded, spans to look at."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}


@dataclass(frozen=True)
class Span:
    """A span as it came over the wire; ids in hexadecimal digits."""

    name: str
    trace: str
    id: str
    parent: str
    kind: str
    process: str
    links: frozenset[str]
    failed: bool
    attributes: dict[str, Any] = field(hash=False)


class Collector:
    """Takes what is exported to ``url`` until it is closed."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.paths: set[str] = set()
        self._spans: list[Span] = []
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def env(self, process: str = "one", **more: str) -> dict[str, str]:
        """What switches traces on in a server, which calls itself ``process`` there."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_RESOURCE_ATTRIBUTES": f"service.instance.id={process}",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
        } | more

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(self.path, body)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        return Handler

    def take(self, path: str, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self._news:
            self.raw.append(body)
            self.paths.add(path)
            self._spans += _spans(request)
            self._news.notify_all()

    def spans(self, trace: str | None = None) -> list[Span]:
        """What has come so far, or what of it belongs to one trace."""
        with self._news:
            return [span for span in self._spans if trace in (None, span.trace)]

    def until(
        self, enough: Callable[[list[Span]], object], trace: str | None = None, within: float = 20
    ) -> list[Span]:
        """The spans, as soon as they are ``enough``."""

        def there() -> list[Span]:
            return [span for span in self._spans if trace in (None, span.trace)]

        with self._news:
            if not self._news.wait_for(lambda: enough(there()), within):
                lines = "\n".join(f"{span.process} {span.name} {span.parent}>{span.id}" for span in there())
                raise TimeoutError(f"waited in vain; had\n{lines}")
            return there()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for each in request.resource_spans:
        resource = {pair.key: _value(pair.value) for pair in each.resource.attributes}
        for scope in each.scope_spans:
            for span in scope.spans:
                yield Span(
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    KINDS[span.kind],
                    str(resource.get("service.instance.id")),
                    frozenset(link.span_id.hex() for link in span.links),
                    span.status.code == 2,
                    {pair.key: _value(pair.value) for pair in span.attributes},
                )


def _value(value: Any) -> Any:
    return getattr(value, str(value.WhichOneof("value")), None)
