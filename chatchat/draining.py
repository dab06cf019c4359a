"""How a server process goes, so that nobody notices: after SIGTERM and before uvicorn's own end."""

import asyncio
import contextlib
import ctypes
import select
import socket
import struct
from typing import Any

from chatchat.realtime import process

IDLE_SECONDS = 1.0  # how long a connection without a request is kept open
SO_ATTACH_FILTER = getattr(socket, "SO_ATTACH_FILTER", 26)  # of Linux; Python has no name for it


async def drain(server: Any, listener: socket.socket, seconds: float) -> None:
    """Take no new connection, send the sockets away, answer what has been asked; in about ``seconds``.

    What is still being answered then uvicorn waits for, as long as its own limit says.
    """
    process.draining = True
    await _stop_listening(listener)
    for each in server.servers:
        each.close()
    await process.drain(max(seconds - IDLE_SECONDS, 0.1))
    loop = asyncio.get_running_loop()
    deadline = loop.time() + IDLE_SECONDS
    # A request may be on its way on a connection that looks idle.
    while server.server_state.connections and loop.time() < deadline and not server.force_exit:  # noqa: ASYNC110 - as uvicorn itself waits for them
        await asyncio.sleep(0.02)


async def _stop_listening(listener: socket.socket) -> None:
    """Let nobody in any more, and everybody reach the application whom the kernel has let in.

    What is connected but not accepted when a listener closes is reset: a proxy has sent its request by
    then, and must not repeat it. So the kernel first drops those who knock (a filter that passes nothing);
    they knock again after a second, are refused, and go elsewhere, having said nothing yet.
    """
    nothing = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF: return 0 bytes
    program = struct.pack("HP", 1, ctypes.addressof(nothing))
    with contextlib.suppress(OSError):  # no Linux: then it is only very likely
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    while select.select([listener], [], [], 0)[0]:  # noqa: ASYNC110 - the loop accepts meanwhile
        await asyncio.sleep(0)
