"""Servers that say back what they are told, for Autobahn's fuzzing client to judge.

    python -m tests.autobahn.echo NAME FD

`uvicorn` is uvicorn's own protocol class, the measure. The others are ours, set up as `chatchat.server`
sets it up, which answer by the ordinary `send` or with finished frames, as the hub does.
"""

import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import django
import uvicorn

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

BINARY = b"\x82"  # FIN, opcode 2


async def by_send(scope: Any, receive: Receive, send: Send) -> None:
    """Any ASGI server."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})


async def by_frames(scope: Any, receive: Receive, send: Send) -> None:
    """Finished frames, straight to the transport."""
    from chatchat.realtime.sink import EXTENSION
    from chatchat.realtime.wsframe import text_frame

    put = scope["extensions"][EXTENSION].put
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is None:
            put((), BINARY + text_frame(message["bytes"])[1:])
        else:
            put((), text_frame(text.encode()))


#: All but the measure are on our protocol class.
MEASURE = "uvicorn"
APPLICATIONS: dict[str, Application] = {MEASURE: by_send, "ours, send": by_send, "ours, frames": by_frames}


def server(name: str) -> uvicorn.Server:
    """The one of that name; all that differs is what the name says."""
    from django.conf import settings

    from chatchat.realtime.uvicorn_frames import protocol_class
    from chatchat.server import uvicorn_options

    protocol = "websockets-sansio" if name == MEASURE else protocol_class()
    options = uvicorn_options(settings) | {"ws": protocol, "log_level": "critical"}
    return uvicorn.Server(uvicorn.Config(APPLICATIONS[name], lifespan="off", **options))


if __name__ == "__main__":
    django.setup()
    server(sys.argv[1]).run(sockets=[socket.socket(fileno=int(sys.argv[2]))])
