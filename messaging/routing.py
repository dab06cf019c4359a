"""The socket's address."""

from typing import Any

from django.urls import URLPattern, path, re_path

from messaging.consumers import ChatConsumer


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Any other address: the handshake is refused."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


websocket_urlpatterns: list[URLPattern] = [
    path("ws/chat/", ChatConsumer.as_asgi()),
    re_path(r"", nowhere),  # type: ignore[arg-type]
]
