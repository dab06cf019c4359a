"""Who came through the socket's door, and how they left: one line of the log a connection, and the counts."""

import secrets
import time
from typing import Any

import structlog

from chatchat.errors import ChatError
from chatchat.telemetry import metrics
from messaging.connection import Connection

log = structlog.get_logger("chatchat.connection")

#: What clients, and servers on their way out, close with; any other number is the client's own idea.
KNOWN = frozenset({1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009, 1011, 1012, 1013})


class Visit:
    """One connection, from its acceptance to its end."""

    __slots__ = ("_began", "_connection", "_ip", "code", "frames_in")

    def __init__(self, connection: Connection, scope: Any) -> None:
        self._connection, self._ip = connection, _ip(scope)
        self._began = time.monotonic()
        self.frames_in = 0
        self.code = 0  # the client's, or the line's end
        metrics.opened.inc()
        # Whatever is logged on the connection's behalf says whose it was.
        structlog.contextvars.bind_contextvars(connection=secrets.token_hex(4), user=connection.user_id)

    def over(self) -> None:
        """It has ended, however that came."""
        connection = self._connection
        code = connection.code or (self.code if self.code in KNOWN else 0)
        metrics.closed[str(code or "other")] += 1
        log.info(
            "connection",
            session=connection.session_id,
            seconds=round(time.monotonic() - self._began, 1),
            frames_in=self.frames_in,
            frames_out=connection.frames_out,
            close_code=connection.code or self.code,
            closed_by="server" if connection.code else "client",
            ip=self._ip,
        )


def refused(error: ChatError, scope: Any) -> None:
    """Somebody was not let in."""
    metrics.refusals.labels("handshake", error.code).inc()
    log.info("connection refused", why=error.code, ip=_ip(scope))


def _ip(scope: Any) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
