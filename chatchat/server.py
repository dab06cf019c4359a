"""``python -m chatchat.server``: one server process on uvicorn, with the frame extension."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatchat.settings")


def main() -> None:
    """Serve on ``HOST``:``PORT`` until told to stop."""
    import django
    import uvicorn

    django.setup()
    from django.conf import settings

    from chatchat.realtime.uvicorn_frames import FramesProtocol

    # The writer's thread and the loop's share the interpreter; the default of 5 ms is a message's whole way.
    sys.setswitchinterval(0.0005)
    config = uvicorn.Config(
        "chatchat.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        loop="uvloop",
        http="httptools",
        ws=FramesProtocol,
        ws_max_size=settings.FRAME_MAX_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
        proxy_headers=False,
        server_header=False,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
