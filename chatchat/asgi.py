"""The application: Django for HTTP, Channels for the socket, and the process's own life."""

import asyncio
import gc
import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatchat.settings")
django.setup()

from chatchat.handler import Handler  # noqa: E402 - these need the settings
from chatchat.telemetry import tracing  # noqa: E402

tracing.start()  # before the middleware is loaded, and before anything connects
django_application = Handler()

# What follows needs the apps to be loaded.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from accounts import mail  # noqa: E402
from chatchat.bodies import LimitedBodies  # noqa: E402
from chatchat.proxies import TrustedProxies  # noqa: E402
from chatchat.realtime import process  # noqa: E402
from chatchat.seats import Seats  # noqa: E402
from messaging.routing import websocket_urlpatterns  # noqa: E402

#: Whoever signs in by our own provider is answered while their request to the site waits for it.
PROVIDER_THREADS = 4

requests = Seats(django_application, settings.REQUEST_THREADS, apart={"/provider/": PROVIDER_THREADS})
protocols = TrustedProxies(
    ProtocolTypeRouter(
        {"http": LimitedBodies(requests), "websocket": URLRouter(websocket_urlpatterns)},
    ),
    settings.TRUSTED_PROXIES,
)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """ASGI 3; answers ``lifespan`` too, which Django and Channels do not."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if not (process.started() or process.draining):
        process.start()
    if process.draining and scope["type"] == "http":
        send = _last_on_its_connection(send)
    await protocols(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    await receive()  # lifespan.startup
    await process.get_hub()
    # What is there by now stays: to walk through it again and again holds everybody up for 0.1 s each time.
    gc.collect()
    gc.freeze()
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown
    await process.shut_down()
    await asyncio.to_thread(mail.finish)  # a signal ends the process without waiting for threads
    await asyncio.to_thread(tracing.finish)
    await send({"type": "lifespan.shutdown.complete"})


def _last_on_its_connection(send: Any) -> Any:
    """Tell the client, or the proxy, to come back on another connection (RFC 9112, 9.6)."""

    async def told(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return told
