"""The socket's address."""

from typing import Any, cast

from django.urls import path, re_path

from messaging.consumers import ChatConsumer


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Any other address: the handshake is refused."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


# Channels routes to ASGI applications by the means with which Django routes to views.
websocket_urlpatterns: list[Any] = [
    path("ws/chat/", cast(Any, ChatConsumer.as_asgi())),
    re_path(r"", cast(Any, nowhere)),
]
