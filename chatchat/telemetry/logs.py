"""Logs: structlog over the standard library's logging, so that what libraries say goes the same way.

``json``: one object a line, for machines. ``text``: for a terminal. The fields of a line are ours; the
message of a library's is as it comes, less what looks like a secret (``redaction``).
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from chatchat.telemetry import traces
from chatchat.telemetry.redaction import redact

Line = MutableMapping[str, Any]


def configuration(*, form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: everything to stderr as ``form``, ours from ``level`` on, others' from WARNING on."""
    others = level if level in ("ERROR", "CRITICAL") else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "chatchat.telemetry.logs.formatter", "form": form}},
        "filters": {"of_requests": {"()": "chatchat.telemetry.logs.OfRequests"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["of_requests"]}
        },
        "root": {"handlers": ["console"], "level": others},
        "loggers": {
            # Django's own handlers are for its development server, and for mails to administrators.
            "django": {"handlers": [], "level": others, "propagate": True},
            "chatchat": {"level": level},
            # Anybody can send a wrong Host; a line for each would fill the disk.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }


def formatter(form: str) -> logging.Formatter:
    """Renders a line of ours or of a library's as ``form``."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_common(),
        processors=_finish(form),
    )


def configure() -> None:
    """Let ``structlog.get_logger()`` speak through the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _common() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow={"conversation", "user", "count"}),
        structlog.processors.StackInfoRenderer(),
        _moment,
        _trace,
    ]


def _finish(form: str) -> list[Any]:
    if form == "json":
        return [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            _ordered,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        _short,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=0, pad_level=False, sort_keys=False
        ),
    ]


def _moment(_logger: Any, _method: str, line: Line) -> Line:
    """RFC 3339, UTC, milliseconds, as everywhere."""
    from chatchat.clock import now, rfc3339

    line["time"] = rfc3339(now())
    return line


def _trace(_logger: Any, _method: str, line: Line) -> Line:
    if traces.on:
        line.update(traces.ids())
    return line


def _ordered(_logger: Any, _method: str, line: Line) -> Line:
    """What a reader looks for first stands first, and what is long last."""
    first = {"time": line.pop("time"), "level": line.pop("level"), "logger": line.pop("logger")}
    last = {"exception": line.pop("exception")} if "exception" in line else {}
    return {**first, "message": line.pop("event"), **line, **last}


def _short(_logger: Any, _method: str, line: Line) -> Line:
    """For a terminal: the time of day, a request in words, and no ids that only machines follow."""
    line["timestamp"] = line.pop("time")[11:23]
    for name in ("request_id", "trace_id", "span_id"):
        line.pop(name, None)
    if line.get("logger") == "chatchat.request":
        words = [str(line.pop(name)) for name in ("method", "route", "status", "ms")]
        line["event"] = " ".join(words) + " ms"
        del line["logger"]
    return {name: value for name, value in line.items() if value is not None}


#: What uvicorn says, as an error, of every handshake that is refused as it should be.
REFUSED_HANDSHAKE = "ASGI callable returned without completing handshake."


class OfRequests(logging.Filter):
    """What Django says of a request beside its own line: only bugs of ours, and never the path.

    A path may hold a token, and so may what a refused one was refused for; the request's line has the route.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "uvicorn.error" and record.msg == REFUSED_HANDSHAKE:
            return False
        if not hasattr(record, "request"):
            return True
        if record.name == "django.request" and not record.exc_info:
            return False  # 4xx, and what was refused with a 503
        if record.name == "django.request":
            record.msg = "a request failed"
        else:
            record.msg, record.exc_info = f"a request was refused: {record.name.rpartition('.')[2]}", None
        record.args = ()
        return True
