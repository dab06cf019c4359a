"""The socket's address."""

from collections.abc import Awaitable
from typing import Any, cast

from django.urls import path, re_path

from messaging.consumers import ChatConsumer


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Any other address: the handshake is refused."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


def chat(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
    """A consumer a socket, without the coroutine that Channels' ``as_asgi`` keeps beside each."""
    return ChatConsumer()(scope, receive, send)


# Channels routes to ASGI applications by the means with which Django routes to views.
websocket_urlpatterns: list[Any] = [
    path("ws/chat/", cast(Any, chat)),
    re_path(r"", cast(Any, nowhere)),
]
