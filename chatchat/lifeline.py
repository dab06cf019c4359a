"""Whether this process's database is there; while it is not, whoever asks it is refused at once.

A database that is frozen, or behind a network that drops everything, answers nothing and refuses nothing:
each query would wait for ever. So one thread a process asks the database, on a connection of its own, and
when it gets no answer, and none on a new connection either, it ends every connection that the process
has: who waits there fails now. Queries may take as long as they need while the database answers. Until it
is back only this thread knocks, so that nobody else waits in vain, and nobody has piled up when it comes.
"""

import contextlib
import logging
import os
import random
import socket
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connection

log = logging.getLogger("chatchat")

EVERY = 0.5  # seconds between two looks, more or less: processes are not to look all at once

Probe = Callable[[], None]
"""Raises ``ConnectionError`` if the database does not answer in time."""

#: Why the database is away; "" while it is there.
_away = ""
#: The sockets of this process's connections, duplicates of which nobody else closes.
_lines: set[socket.socket] = set()
#: Taken anew where it is held: what is let go may be found by the garbage collector at any time.
_lock = threading.RLock()
_watch: threading.Thread | None = None


def away() -> str:
    """Why the database is away; "" while it is there, or nobody looks."""
    return _away


def refuse_if_away() -> None:
    """Raise ``OperationalError`` while the database is known to be away."""
    if _away:
        raise OperationalError(2003, f"the database is away: {_away}")


def hold(made: Any) -> None:
    """Know a new connection of the database's, to end it when the database is away."""
    if _watch is None:
        return
    line = socket.socket(fileno=os.dup(made.fileno()))
    with _lock:
        _lines.add(line)
    weakref.finalize(made, _let_go, line)


def _let_go(line: socket.socket) -> None:
    with _lock:
        _lines.discard(line)
    line.close()


def watch() -> None:
    """Look after the database from now on, for as long as this process lives; where it is a server."""
    global _watch
    if _watch is None and hasattr(connection, "probe"):
        _watch = threading.Thread(
            target=_look_forever, args=(connection.probe(),), name="lifeline", daemon=True
        )
        _watch.start()


def _look_forever(probe: Probe) -> None:
    while True:
        try:
            _look(probe)
        except Exception:
            log.exception("whether the database is there cannot be seen")
        time.sleep(EVERY * random.uniform(0.5, 1.5))  # noqa: S311 - apart


def _look(probe: Probe) -> None:
    global _away
    try:
        probe()
    except ConnectionError as error:
        if not _away:
            _ask_once_more(probe)
        else:
            _away = str(error)
    else:
        if _away:
            log.warning("the database is back")
        _away = ""


def _ask_once_more(probe: Probe) -> None:
    """On a new connection: the old one may have been lost alone."""
    global _away
    try:
        probe()
    except ConnectionError as error:
        log.warning("the database is away: %s", error)
        _away = str(error)
        _end_all()


def _end_all() -> None:
    with _lock:
        for line in [*_lines]:
            with contextlib.suppress(OSError):  # it has ended already
                line.shutdown(socket.SHUT_RDWR)
