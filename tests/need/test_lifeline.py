"""What knows of all connections to the database must not stop at one that nobody has any more."""

import gc
import socket
import threading

import pytest

from chatchat import lifeline


class Kept:
    """Something with a line, in a cycle that only the garbage collector finds."""

    def __init__(self, line: socket.socket) -> None:
        self.fileno = line.fileno
        self.itself = self


class Collecting(socket.socket):
    """A line at whose end the garbage collector happens to run."""

    def shutdown(self, how: int) -> None:
        gc.collect()
        super().shutdown(how)


def test_a_connection_may_be_collected_while_all_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifeline, "_lines", set())
    monkeypatch.setattr(lifeline, "_watch", threading.current_thread())
    ours, theirs = socket.socketpair()
    another, end = socket.socketpair()
    with ours, theirs, another, end:
        lifeline.hold(Kept(ours))
        lifeline._lines.add(Collecting(fileno=another.detach()))
        thread = threading.Thread(target=lifeline._end_all, daemon=True)
        thread.start()
        thread.join(timeout=5)
        assert not thread.is_alive(), "it waits for a lock that it holds itself"
        (left,) = lifeline._lines
        left.close()
        assert end.recv(1) == b"", "the line was ended"
