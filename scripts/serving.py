"""The commands that serve the application: our own, and daphne's."""

import sys
from collections.abc import Mapping

SERVERS = ("uvicorn", "daphne")
#: Of daphne for both directions: more than `ready` of 500 conversations. What people send is held to
#: FRAME_MAX_BYTES by the application.
MESSAGE_BYTES = str(4 * 1024 * 1024)


def command(server: str, env: Mapping[str, str]) -> list[str]:
    """What a process of ``server`` runs in the environment ``env``, as docs/deployment.md has it."""
    if server == "uvicorn":
        return [sys.executable, "-m", "chatchat.server"]
    where = ["-b", env.get("HOST") or "127.0.0.1", "-p", env["PORT"]]
    # Verbosity 0: its access log has whole addresses, with what people search for.
    quiet = ["--verbosity", "0", "--no-server-name"]
    size = ["--websocket-max-message-size", MESSAGE_BYTES]
    return [sys.executable, "-m", "daphne", *where, *quiet, *size, "chatchat.asgi:application"]
