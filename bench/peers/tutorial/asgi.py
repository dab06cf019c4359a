"""HTTP and WebSocket, as the tutorial routes them."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.tutorial.settings")
http = get_asgi_application()

from django.urls import path  # noqa: E402 - once Django is set up

from bench.peers.tutorial.consumers import ChatConsumer  # noqa: E402

websocket = URLRouter([path("ws/chat/<int:room>/", ChatConsumer.as_asgi())])
application = ProtocolTypeRouter({"http": http, "websocket": websocket})
