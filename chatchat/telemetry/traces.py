"""One trace a message, from its frame or request to the last socket write on whichever process.

``on`` is looked at before anything else here: while it is off nothing of OpenTelemetry is even imported. A
message that is not sampled has no spans, only the decision. ``chatchat.telemetry.tracing`` switches it on.

What travels with a message is a ``Passage``; between processes, the traceparent (W3C Trace Context) in the
event.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import Sampler
    from opentelemetry.trace import Span, Tracer

    from chatchat.realtime.events import Change, Event

on = False

_tracer: "Tracer"
#: For what ``_sampler`` has already chosen.
_chosen: "Tracer"
_sampler: "Sampler"


def switch_on(*, provider: "TracerProvider", chosen: "TracerProvider") -> None:
    """From now on; ``chosen`` samples everything, ``provider`` as the settings say."""
    global on, _tracer, _chosen, _sampler
    _tracer, _chosen, _sampler = (
        provider.get_tracer("chatchat"),
        chosen.get_tracer("chatchat"),
        provider.sampler,
    )
    on = True


def switch_off() -> None:
    """No new spans."""
    global on
    on = False


# --- where we are ---------------------------------------------------------------------------------------


def current() -> "Span | None":
    """The span under way, if it is recorded."""
    from opentelemetry import trace

    span = trace.get_current_span()
    return span if span.is_recording() else None


def traceparent() -> str:
    """What carries the span under way to another process; "" if there is none, or it is not recorded."""
    span = current()
    return _traceparent(span) if span is not None else ""


def _traceparent(span: "Span") -> str:
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def ids() -> dict[str, str]:
    """The ids of the span under way, for a line of the log."""
    from opentelemetry import trace

    return ids_of(trace.get_current_span())


def ids_of(span: "Span") -> dict[str, str]:
    """A span's ids; none of what is no span."""
    context = span.get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


def _context_of(carried: str) -> "Context | None":
    """Where a traceparent comes from; what is none begins anew (W3C Trace Context, 3.2.2.3)."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": carried}) if carried else None


@contextmanager
def span(name: str, *, calling: bool = False, **attributes: Any) -> Iterator[Any]:
    """A step of what is under way, ``calling`` somebody else or not; None where nothing is followed."""
    if not on or current() is None:
        yield None
        return
    from opentelemetry.trace import SpanKind

    kind = SpanKind.CLIENT if calling else SpanKind.INTERNAL
    with _tracer.start_as_current_span(
        name, kind=kind, attributes=_named(attributes), record_exception=False, set_status_on_exception=False
    ) as begun:
        try:
            yield begun
        except Exception as error:
            failed(begun, error)
            raise


def step(name: str, *, since: int) -> None:
    """What has just been done for what is under way, from ``since`` (ns) until now."""
    if current() is not None:
        _tracer.start_span(name, start_time=since).end()


def failed(step: "Span", error: BaseException) -> None:
    """By its kind alone: what an exception says may hold what somebody wrote."""
    from opentelemetry.trace import StatusCode

    step.set_attribute("error.type", type(error).__name__)
    step.set_status(StatusCode.ERROR)


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    return {f"chatchat.{name}": value for name, value in attributes.items() if value is not None}


# --- a client's frame -------------------------------------------------------------------------------------


class Passage:
    """A sampled message on its way through this process."""

    __slots__ = ("_begun", "_owned", "_write", "context", "span", "traceparent")

    def __init__(self, span: "Span", *, owned: bool) -> None:
        from opentelemetry import trace

        self.span = span
        self.context = trace.set_span_in_context(span)
        self.traceparent = _traceparent(span)
        self._owned = owned  # a frame's span ends with its answer, a request's with the request
        self._begun = time.time_ns()
        self._write: Span | None = None

    def writing(self) -> "Span":
        """Its turn has come: the wait ends here, the write begins."""
        waited = _tracer.start_span("writer.wait", context=self.context, start_time=self._begun)
        waited.end()
        self._write = _tracer.start_span("message.write", context=self.context)
        return self._write

    def written(self, **attributes: Any) -> None:
        """What became of it, by the database."""
        if self._write is not None:
            self._write.set_attributes(_named(attributes))
            self._write.end()

    def answered(self, **attributes: Any) -> None:
        """The client has been told."""
        if self._owned:
            self.span.set_attributes(_named(attributes))
            self.span.end()


class FrameTrace:
    """A client's frame being handled; ``kept``: its span ends with its answer, which is still to come."""

    __slots__ = ("_since", "kept", "span")

    def __init__(self, span: "Span", since: int) -> None:
        self.span = span
        self.kept = False
        self._since = since

    def step(self, name: str) -> None:
        """What has been done with it so far."""
        step(name, since=self._since)


def frame(type_: str, carried: str, since: int, **attributes: Any) -> FrameTrace | None:
    """Begin to follow a frame that came at ``since`` (ns), if the sampler chooses it."""
    from opentelemetry.sdk.trace.sampling import Decision
    from opentelemetry.trace import SpanKind

    context = _context_of(carried)
    decision = _sampler.should_sample(context, _trace_id(context), type_, SpanKind.SERVER).decision
    if decision is not Decision.RECORD_AND_SAMPLE:
        return None
    begun = _chosen.start_span(
        type_, context=context, kind=SpanKind.SERVER, attributes=_named(attributes), start_time=since
    )
    return FrameTrace(begun, since)


def _trace_id(context: "Context | None") -> int:
    if context is not None:
        from opentelemetry import trace

        if trace_id := trace.get_current_span(context).get_span_context().trace_id:
            return trace_id
    return random.getrandbits(128)


@contextmanager
def following(traced: FrameTrace) -> Iterator[None]:
    """What happens within belongs to the frame."""
    from opentelemetry import trace

    try:
        with trace.use_span(traced.span, record_exception=False, set_status_on_exception=False):
            yield
    except BaseException as error:
        traced.kept = False
        failed(traced.span, error)
        raise
    finally:
        if not traced.kept:
            traced.span.end()


def passage(traced: FrameTrace | None = None) -> Passage | None:
    """Follow a message from here on: one of ``traced``, or of the request under way."""
    if traced is not None:
        traced.kept = True
        return Passage(traced.span, owned=True)
    span = current()
    return Passage(span, owned=False) if span is not None else None


# --- the writer --------------------------------------------------------------------------------------------


@contextmanager
def batch(passages: Sequence[Passage], size: int) -> Iterator[None]:
    """One transaction for many: a span in the trace of the first, linked with each message's both ways.

    A batch that nobody follows is written without any span, of the database's driver either.
    """
    from opentelemetry import context as contexts
    from opentelemetry import trace
    from opentelemetry.instrumentation.utils import suppress_instrumentation

    if not passages:
        with suppress_instrumentation():
            yield
        return
    writes = [each.writing() for each in passages]
    links = [trace.Link(write.get_span_context()) for write in writes]
    whole = _chosen.start_span(
        "writer.batch",
        context=trace.set_span_in_context(writes[0]),
        links=links,
        attributes=_named({"batch.size": size, "batch.traced": len(passages)}),
    )
    for write in writes:
        write.add_link(whole.get_span_context())
    token = contexts.attach(trace.set_span_in_context(whole))
    try:
        yield
    finally:
        contexts.detach(token)
        whole.end()


# --- out, and between processes -------------------------------------------------------------------------

#: {traceparent: the publication under way}
_publications: "dict[str, Span]" = {}


def publishing(events: "Iterable[Event]") -> "list[Event]":
    """Begin the publication of those that are followed; each carries its publication from here on."""
    return [_published(event) if getattr(event, "trace", "") else event for event in events]


def _published(event: Any) -> Any:
    import msgspec
    from opentelemetry.trace import SpanKind

    span = _tracer.start_span(
        "publish",
        context=_context_of(event.trace),
        kind=SpanKind.PRODUCER,
        attributes=_named({"conversation": event.conversation, "version": event.version}),
    )
    carried = _traceparent(span)
    _publications[carried] = span
    return msgspec.structs.replace(event, trace=carried)


@contextmanager
def carrying(events: "Sequence[Event]") -> Iterator[None]:
    """The publication of these to the other processes; its steps belong to the first that is followed."""
    from opentelemetry import trace

    spans = [span for event in events if (span := _publications.get(getattr(event, "trace", "")))]
    if not spans:
        yield
        return
    with trace.use_span(spans[0], record_exception=False, set_status_on_exception=False):
        yield


def published(events: "Iterable[Event]", error: BaseException | None = None) -> None:
    """The publication of these is over: the layer has taken them, or not."""
    for event in events:
        span = _publications.pop(getattr(event, "trace", ""), None)
        if span is not None:
            if error is not None:
                failed(span, error)
            span.end()


def delivered(changes: "Iterable[Change]", *, since: int, sockets: int) -> None:
    """These have been written to ``sockets``, from ``since`` (ns) until now."""
    from opentelemetry.trace import SpanKind

    for change in changes:
        if change.trace:
            span = _tracer.start_span(
                "deliver",
                context=_context_of(change.trace),
                kind=SpanKind.CONSUMER,
                attributes=_named(
                    {"conversation": change.conversation, "version": change.version, "sockets": sockets}
                ),
                start_time=since,
            )
            span.end()


@contextmanager
def call(method: str, host: str) -> Iterator[Callable[[int], None]]:
    """An HTTP request of ours; what is yielded is told the answer's status."""
    with span(method, calling=True) as begun:
        if begun is None:
            yield lambda status: None
            return
        begun.set_attributes({"http.request.method": method, "server.address": host})
        yield lambda status: begun.set_attribute("http.response.status_code", status)


def headers() -> dict[str, str]:
    """What carries the span under way in an HTTP request of ours."""
    carried = traceparent() if on else ""
    return {"traceparent": carried} if carried else {}
