"""What is counted, and how ``/metrics`` tells it: Prometheus' text format, of this process alone.

On a message's way nothing is locked: each ``Tally`` and ``Spread`` belongs to one thread (the loop's or the
writer's) and is a plain dictionary or list, read when somebody asks. Everything else is prometheus_client's
own. Labels are words of ours (a type, a code, a route's pattern), never what a client wrote.
"""

import logging
import platform
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator

import django
from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from chatchat import __version__

log = logging.getLogger("chatchat.telemetry")

#: Seconds: a message's way takes milliseconds; what takes longer than ten seconds is broken.
WAY = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SIZES = (1, 2, 5, 10, 25, 50, 100, 200, 400)

registry = CollectorRegistry(auto_describe=False)
for _collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
    registry.register(_collector)


class Tally(defaultdict[str, int]):
    """How often, by one word; of one thread."""

    def __init__(self, name: str, about: str, label: str) -> None:
        super().__init__(int)
        self.name, self.about, self.label = name, about, label
        _hot.append(self)

    def collect(self) -> Metric:
        family = CounterMetricFamily(self.name, self.about, labels=[self.label])
        for word, count in dict(self).items():  # copied in one step
            family.add_metric([word], count)
        return family


class Spread:
    """How much, in steps (a histogram); of one thread. With a ``label`` there is one for each word."""

    __slots__ = ("about", "bounds", "label", "name", "words")

    def __init__(self, name: str, about: str, bounds: tuple[float, ...], label: str = "") -> None:
        self.name, self.about, self.bounds, self.label = name, about, bounds, label
        self.words: dict[str, list[float]] = {}
        if not label:
            self._steps("")
        _hot.append(self)

    def _steps(self, word: str) -> list[float]:
        # The counts of the steps, that of what is above them all, and the sum of what was seen.
        return self.words.setdefault(word, [0] * (len(self.bounds) + 1) + [0.0])

    def add(self, value: float, word: str = "") -> None:
        """One more."""
        steps = self.words.get(word) or self._steps(word)
        steps[bisect_left(self.bounds, value)] += 1
        steps[-1] += value

    def collect(self) -> Metric:
        family = HistogramMetricFamily(self.name, self.about, labels=[self.label] if self.label else [])
        for word, steps in dict(self.words).items():
            *counts, total = list(steps)
            family.add_metric([word] if self.label else [], list(self._buckets(counts)), total)
        return family

    def _buckets(self, counts: list[float]) -> Iterator[tuple[str, float]]:
        below = 0.0
        for bound, count in zip([*map(str, map(float, self.bounds)), "+Inf"], counts, strict=True):
            below += count
            yield bound, below


_hot: list[Tally | Spread] = []


class _Hot(Collector):
    """Gathers what was counted without locks."""

    def collect(self) -> Iterator[Metric]:
        for each in _hot:
            yield each.collect()


# --- the socket ---------------------------------------------------------------------------------------

opened = Counter("chatchat_connections_opened", "Sockets that were accepted.", registry=registry)
closed = Tally("chatchat_connections_closed", "Sockets that ended, by close code.", "code")
frames_in = Tally("chatchat_frames_in", "Frames from clients, by type.", "type")
frames_out = Tally("chatchat_frames_out", "Frames to clients, by type.", "type")
resumed = Tally("chatchat_resumes", "Clients that said hello, with cursors or without.", "how")

# --- a message's way ------------------------------------------------------------------------------------

batch_size = Spread("chatchat_batch_size", "Messages and markers in a transaction.", SIZES)
batch_wait = Spread("chatchat_batch_wait_seconds", "From a message's acceptance to its transaction.", WAY)
batch_write = Spread("chatchat_batch_write_seconds", "A batch's transaction, the commit included.", WAY)
commit = Spread("chatchat_commit_seconds", "The commit alone of a batch's transaction.", WAY)
outcomes = Tally(
    "chatchat_messages", "Messages by what became of them: accepted, duplicate or refused.", "outcome"
)
delivery = Spread(
    "chatchat_delivery_seconds", "From a message's acceptance to its last socket write on this process.", WAY
)
layer = Spread(
    "chatchat_layer_seconds", "From an event's publication to its arrival on another process.", WAY
)
fills = Tally("chatchat_fills", "Gaps that were filled from the database, by how it went.", "outcome")
layer_failures = Tally("chatchat_layer_failures", "Publications that the channel layer did not take.", "what")

# --- the other doors: many threads, and seldom enough for locks -------------------------------------------

refusals = Counter(
    "chatchat_refusals", "Refusals by code, at either door.", ["door", "code"], registry=registry
)
requests = Counter(
    "chatchat_http_requests",
    "HTTP requests by route and status.",
    ["method", "route", "status"],
    registry=registry,
)
request_seconds = Histogram(
    "chatchat_http_request_seconds",
    "How long HTTP requests took, by route.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=registry,
)
requests_open = Gauge("chatchat_http_requests_open", "HTTP requests under way.", registry=registry)
mails = Counter(
    "chatchat_mails", "Mails by how sending them went: sent or failed.", ["outcome"], registry=registry
)
limited = Counter("chatchat_rate_limited", "What was past a limit, by limit.", ["limit"], registry=registry)
_version = Info("chatchat", "What runs here.", registry=registry)
_version.info({"version": __version__, "python": platform.python_version(), "django": django.__version__})
registry.register(_Hot())


def gauge(name: str, about: str, read: Callable[[], float]) -> None:
    """Tell ``read()`` as ``name`` whenever somebody asks; what it raises is logged, and tells nothing."""

    def careful() -> float:
        try:
            return float(read())
        except Exception:
            log.exception("the metric %s cannot be read", name)
            return float("nan")

    Gauge(name, about, registry=registry).set_function(careful)


def sent(frame: bytes, times: int = 1) -> None:
    """Count a finished frame, whose type stands first: ``{"type":"…``."""
    frames_out[frame[9 : frame.find(b'"', 9)].decode()] += times


def text() -> bytes:
    """All of it, in Prometheus' text format."""
    return generate_latest(registry)
