"""How big a request's body may be: told before anything of it is kept, in memory or on the disk."""

import json
import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestAborted

from chatchat.errors import ChatError, TooLarge, Unavailable, is_full

log = logging.getLogger("chatchat")


class LimitedBodies:
    """ASGI middleware: a body of more than ``BODY_MAX_BYTES`` is read past and answered with 413.

    Django would first write all of it to a file. It is read to its end, as far as ``DRAIN`` times the
    limit, since a client that is still sending doesn't look for an answer.
    """

    DRAIN = 4

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit: int = settings.BODY_MAX_BYTES
        if _declared(scope) > limit:
            await _refuse(TooLarge(), receive, send, more=True, upto=limit * self.DRAIN)
            return
        read, more = 0, True

        async def counted() -> Any:
            nonlocal read, more
            message = await receive()
            read += len(message.get("body", b""))
            more = message.get("more_body", False)
            if read > limit:  # a chunked body says its length only by its end
                raise RequestAborted
            return message

        try:
            await self.app(scope, counted, send)
        except OSError as error:
            if not is_full(error):
                raise
            # The body is the first thing that is kept, before there is any answer.
            log.error("a request's body could not be kept: %s", error)
            await _refuse(Unavailable(), receive, send, more=more, upto=limit)
            return
        if read > limit:  # Django has let go of it without a word
            await _refuse(TooLarge(), receive, send, more=more, upto=limit * self.DRAIN)


def _declared(scope: Any) -> int:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(error: ChatError, receive: Any, send: Any, *, more: bool, upto: int) -> None:
    """Read what is still to come (``more``), up to a bound, and answer."""
    read = 0
    while more and read <= upto:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        read += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = json.dumps(error.envelope(), default=str).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    if more:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
