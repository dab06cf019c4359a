"""The proxy does what the faults need of it."""

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from tests.faults.proxy import DOWN, UP, Proxy

pytestmark = pytest.mark.once

SOON = 0.3  # for what must not come


class _Echo(socketserver.BaseRequestHandler):
    """Says everything again, and keeps what it heard."""

    def handle(self) -> None:
        while data := self.request.recv(65536):
            heard.put(data)
            self.request.sendall(data)


class _Heard:
    def __init__(self) -> None:
        self.data = b""
        self.news = threading.Condition()

    def put(self, data: bytes) -> None:
        with self.news:
            self.data += data
            self.news.notify_all()

    def wait_for(self, data: bytes) -> None:
        with self.news:
            assert self.news.wait_for(lambda: data in self.data, 10), self.data


heard = _Heard()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as echo:
        threading.Thread(target=echo.serve_forever, args=(0.02,), daemon=True).start()
        with Proxy(int(echo.server_address[1])) as proxy:
            yield proxy
        echo.shutdown()


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), 10)


def says_again(line: socket.socket, text: bytes) -> bool:
    line.sendall(text)
    return line.recv(100) == text


def test_it_carries_both_ways_and_more_than_fits_into_a_buffer(proxy: Proxy) -> None:
    with connect(proxy) as line:
        assert says_again(line, b"hello")
        much = b"x" * 5_000_000
        threading.Thread(target=line.sendall, args=(much,), daemon=True).start()
        got = 0
        while got < len(much):
            got += len(line.recv(65536))
        assert proxy.carried == {UP: len(much) + 5, DOWN: len(much) + 5}


def test_refusing_resets_what_is_open_and_lets_nobody_in_until_it_forwards_again(proxy: Proxy) -> None:
    with connect(proxy) as line:
        assert says_again(line, b"hello")
        proxy.refuse()
        with pytest.raises(ConnectionResetError):
            line.recv(100)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.forward()
    with connect(proxy) as line:
        assert says_again(line, b"here again")


def test_half_open_it_takes_connections_and_carries_nothing_until_it_forwards_again(proxy: Proxy) -> None:
    with connect(proxy) as old:
        assert says_again(old, b"before")
        proxy.swallow()
        with connect(proxy) as new:
            for line in (old, new):
                line.sendall(b"meanwhile")
                line.settimeout(SOON)
                with pytest.raises(TimeoutError):
                    line.recv(100)
            proxy.forward()
            for line in (old, new):
                line.settimeout(10)
                assert line.recv(100) == b"meanwhile"


def test_one_direction_alone_is_swallowed_and_a_cut_loses_it(proxy: Proxy) -> None:
    with connect(proxy) as line:
        assert says_again(line, b"before")
        proxy.swallow(DOWN)
        line.sendall(b"this arrives")
        heard.wait_for(b"this arrives")
        line.settimeout(SOON)
        with pytest.raises(TimeoutError):
            line.recv(100)
        assert proxy.cut() == 1
        line.settimeout(10)
        with pytest.raises(ConnectionResetError):
            line.recv(100)
    assert proxy.connections == 0
    proxy.forward()
    with connect(proxy) as line:
        assert says_again(line, b"again")


def test_where_nobody_listens_behind_it_a_connection_ends_at_once() -> None:
    with Proxy(1) as proxy, pytest.raises(ConnectionResetError), connect(proxy) as line:
        line.recv(100)
