"""The least that a fan-out can cost: no product, a hub that sends every text to every socket.

    python -m bench.floor uvicorn|picows        on the port that PORT names

`uvicorn`: the ASGI server that the product runs on, with `await send()` of ready text. `picows`: a
WebSocket library in C, and nothing else. `bench/fanout.py` measures the product next to both.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server
from picows.common import WSUpgradeResponse, WSUpgradeResponseWithListener

Event = MutableMapping[str, Any]
Send = Callable[[Event], Awaitable[None]]
Receive = Callable[[], Awaitable[Event]]

# ------------------------------------------------------------------ uvicorn

_sends: set[Send] = set()


async def application(scope: Event, receive: Receive, send: Send) -> None:
    """The hub as an ASGI application."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        _sends.add(send)
        try:
            await _broadcast(receive)
        finally:
            _sends.discard(send)


async def _broadcast(receive: Receive) -> None:
    while (event := await receive())["type"] == "websocket.receive":
        ready: Event = {"type": "websocket.send", "text": event["text"]}
        for send in list(_sends):
            await send(ready)


def serve_uvicorn(port: int) -> None:
    uvicorn.run(
        application,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
        access_log=False,
    )


# ------------------------------------------------------------------ picows

_transports: set[WSTransport] = set()


class Hub(WSListener):
    def on_ws_connected(self, transport: WSTransport) -> None:
        _transports.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        _transports.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
            return
        text = frame.get_payload_as_bytes()
        for one in _transports:
            one.send(WSMsgType.TEXT, text)


def _listener(request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener:
    if "Upgrade" not in request.headers:
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_ok_response(b"ok"), None)
    return Hub()


async def _serve_picows(port: int) -> None:
    server = await ws_create_server(_listener, "127.0.0.1", port)
    await server.serve_forever()


def serve_picows(port: int) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_picows(port))


if __name__ == "__main__":
    {"uvicorn": serve_uvicorn, "picows": serve_picows}[sys.argv[1]](int(os.environ["PORT"]))
