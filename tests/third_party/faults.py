"""What an address of a provider may do in the place of answering.

provider.answers["token"] = faults.hang
"""

import contextlib
import functools
import json
import socket
import time
import zlib
from collections.abc import Iterator
from typing import Any

from flask import Response, jsonify, redirect, request

from tests.third_party.provider import Answer, OpenIDProvider

MEGABYTE = b"a" * 2**20
#: No misbehaving outlives a test that is stuck.
AT_MOST = 120


def oauth_error(error: str, status: int = 400) -> Answer:
    """An error in RFC 6749's shape."""
    return lambda provider: _with_status(jsonify({"error": error, "error_description": "because"}), status)


def answer(body: Any, status: int = 200, content_type: str = "application/json", **headers: str) -> Answer:
    """This body, as it is, or made JSON of."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return lambda provider: Response(text, status, headers, content_type=content_type)


def elsewhere(url: str, status: int = 302) -> Answer:
    """A redirect."""
    return lambda provider: redirect(url, status)  # type: ignore[return-value]


def hang(provider: OpenIDProvider) -> Response:
    """Say nothing for as long as anybody waits."""
    provider.stopping.wait(AT_MOST)
    return Response()


def endless(provider: OpenIDProvider) -> Response:
    """A body without an end, as fast as it goes."""

    def body() -> Iterator[bytes]:
        yield b'{"access_token": "'
        for _ in range(1024):
            provider.sent += len(MEGABYTE)
            yield MEGABYTE

    return Response(body(), content_type="application/json")


def drip(provider: OpenIDProvider) -> Response:
    """A byte of the body a second."""

    def body() -> Iterator[bytes]:
        while not provider.stopping.wait(1):
            yield b" "

    return Response(body(), content_type="application/json")


def drip_headers(provider: OpenIDProvider) -> Response:
    """A byte of the headers a second."""
    until = time.monotonic() + AT_MOST
    _send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while time.monotonic() < until and not provider.stopping.wait(1) and _send(b"a"):
        pass
    return Response()


def endless_headers(provider: OpenIDProvider) -> Response:
    """Headers without an end, as fast as it goes."""
    _send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(1024):
        if not _send(MEGABYTE):
            break
        provider.sent += len(MEGABYTE)
    return Response()


def no_http(provider: OpenIDProvider) -> Response:
    """Something, but not HTTP."""
    _send(b"220 mail.example.com ESMTP\r\n")
    return close(provider)


def close(provider: OpenIDProvider) -> Response:
    """Hang up."""
    with contextlib.suppress(OSError):
        _socket().shutdown(socket.SHUT_RDWR)
    return Response()


def bomb(provider: OpenIDProvider) -> Response:
    """A small body that unfolds to 256 MiB of nothing."""
    headers = {"Content-Encoding": "gzip"}
    return Response(_packed(), content_type="application/json", headers=headers)


def short(provider: OpenIDProvider) -> Response:
    """Less than it said that it would send."""
    _send(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"')
    return close(provider)


@functools.cache
def _packed() -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(MEGABYTE) for _ in range(256)) + packer.flush()


def _send(data: bytes) -> bool:
    """Whether there was anybody to send it to."""
    try:
        _socket().sendall(data)
    except OSError:
        return False
    return True


def _socket() -> socket.socket:
    connection: socket.socket = request.environ["werkzeug.socket"]
    return connection


def _with_status(response: Response, status: int) -> Response:
    response.status_code = status
    return response


DEEP = "[" * 100_000 + "]" * 100_000

#: Nonsense that any address may answer with, by name.
NONSENSE: dict[str, Answer] = {
    "500": answer("out of order", 500, "text/plain"),
    "404": answer({"error": "not found"}, 404),
    "204": answer("", 204),
    "html": answer("<!doctype html><title>Welcome</title><script>alert(1)</script>", 200, "text/html"),
    "not json": answer("{"),
    "not utf-8": answer(b'{"a": "\xff\xfe"}'),
    "lone surrogate": answer('{"access_token": "\\ud800", "sub": "\\ud800", "token_type": "Bearer"}'),
    "list": answer([]),
    "null": answer(None),
    "number": answer("1" * 10_000),
    "deep": answer(DEEP),
    "empty object": answer({}),
    "elsewhere": elsewhere("http://127.0.0.1:9/"),
    "to a file": elsewhere("file:///etc/passwd"),
    "no http": no_http,
    "closed": close,
    "short": short,
    "endless": endless,
    "endless headers": endless_headers,
    "bomb": bomb,
}
#: Nonsense that takes all the time that it gets.
SLOW: dict[str, Answer] = {"hang": hang, "drip": drip, "drip headers": drip_headers}
