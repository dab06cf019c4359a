"""``python -m chatchat.server``: one server process on uvicorn, with the frame extension."""

import gc
import math
import os
import socket
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatchat.settings")

BACKLOG = 2048  # connections waiting to be accepted: a thousand clients may come back at once


def main() -> None:
    """Serve on ``HOST``:``PORT`` until told to stop."""
    # What is imported stays: to look through it for garbage is a twentieth of the start.
    gc.disable()
    import django
    import uvicorn

    django.setup()
    from django.conf import settings

    from chatchat.draining import drain

    listener = _listen(settings.HOST, settings.PORT)
    greeting = _greeting(settings)
    # The writer's thread and the loop's share the interpreter; the default of 5 ms is a message's whole way.
    sys.setswitchinterval(0.0005)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            gc.enable()
            if self.started:
                print(greeting, flush=True)  # noqa: T201 - what the terminal shows

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await drain(self, listener, settings.DRAIN_SECONDS / 2)
            await super().shutdown(sockets)

    config = uvicorn.Config("chatchat.asgi:application", lifespan="on", **uvicorn_options(settings))
    Server(config).run(sockets=[listener])


def uvicorn_options(settings: Any) -> dict[str, Any]:
    """For ``uvicorn.Config``: how this server speaks HTTP and WebSocket."""
    from chatchat.realtime.uvicorn_frames import protocol_class

    return {
        "loop": "uvloop",
        "http": "httptools",
        "ws": protocol_class(),
        "ws_max_size": settings.FRAME_MAX_BYTES,
        "ws_per_message_deflate": False,
        "access_log": False,
        "log_config": None,  # ours
        "log_level": "warning",
        "timeout_graceful_shutdown": math.ceil(settings.DRAIN_SECONDS / 2),
        "proxy_headers": False,
        "server_header": False,
        "backlog": BACKLOG,
    }


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError as error:
        sys.exit(
            f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port: PORT=8001 make run"
        )
    return listener


def _greeting(settings: Any) -> str:
    from chatchat import demo
    from oauth_provider import demo as meridian

    site = settings.SITE_URL
    doors = [
        ("the chat, sign in or register", f"{site}/"),
        ("REST, described and to be tried", f"{site}/api/docs/"),
        ("the socket", f"{site.replace('http', 'ws', 1)}/ws/chat/ (described at {site}/docs/websocket/)"),
        ("the admin", f"{site}/admin/"),
    ]
    if settings.OAUTH_PROVIDER:
        doors.append(("Meridian, a third party to try", f"{site}/provider/"))
    if settings.DEV_MAIL:
        doors.append(("mail is read at", f"{site}/dev/mail/"))
    lines = [f"chatchat is running on {settings.HOST}:{settings.PORT} (Ctrl-C stops it)", ""]
    lines += [f"  {what:<34}{where}" for what, where in doors]
    if settings.DEV_MAIL:
        tables = [demo.table(), meridian.table() if settings.OAUTH_PROVIDER else ""]
        lines += [line for table in tables if table for line in ("", table)]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
