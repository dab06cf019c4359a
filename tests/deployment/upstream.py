"""Servers behind nginx that write down what reaches them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from scripts.services import free_port
from tests.deployment.site import PROCESSES

Asked = tuple[str, str, dict[str, str]]  # method, path, headers


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    upstream: "Upstream"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def _answer(self) -> None:
        upstream = self.server.upstream
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.rfile.read(int(headers.get("content-length", "0")))
        upstream.asked.append((self.command, self.path, headers))
        if upstream.dies:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - their names

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


class Upstream:
    """One at each of the processes' addresses; ``dies``: as a process that is lost before it answers."""

    def __init__(self) -> None:
        self.port = free_port()
        self.asked: list[Asked] = []
        self.dies = False
        self._listeners = [_Listener((host, self.port), _Handler) for host in PROCESSES]

    def __enter__(self) -> Self:
        for listener in self._listeners:
            listener.upstream = self
            threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.shutdown()
            listener.server_close()
