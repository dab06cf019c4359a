"""What the fuzz tests share: requests that no library would send, and what every answer must be."""

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.client import ApiClient
from tests.stack.server import Server

#: Cases a test generates; more by the environment, and then without pytest's limit on a test's time:
#: FUZZ_EXAMPLES=20000 make test-one T="tests/fuzz -o faulthandler_timeout=0"
EXAMPLES = os.environ.get("FUZZ_EXAMPLES")


def bounded(examples: int) -> settings:
    """The same cases every time, unless FUZZ_EXAMPLES asks for more and other ones."""
    return settings(
        max_examples=int(EXAMPLES or examples),
        derandomize=EXAMPLES is None,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Answer:
    """What came back, byte for byte."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


#: ``send(method, path, headers, body)``, signed in unless the headers say otherwise (conftest.py).
Send = Callable[..., Answer | None]


def exchange(server: Server, request: bytes, *, timeout: float = 20) -> Answer | None:
    """Send these bytes on a connection of their own; None if the server hung up without an answer."""
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout) as connection:
        try:
            connection.sendall(request)
            while chunk := connection.recv(65536):
                received += chunk
        except (BrokenPipeError, ConnectionResetError):
            pass  # it answers a body that is too big before it has all of it
    if not received:
        return None
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return Answer(int(first.split()[1]), headers, body)


def _unchunked(data: bytes) -> bytes:
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length + 2 :]
    return body


def request(
    method: str, path: bytes | str, headers: dict[str, bytes | str] | None = None, body: bytes = b""
) -> bytes:
    """An HTTP/1.1 request; nothing in it is escaped or checked."""
    lines: dict[str, bytes | str] = {"Host": "localhost", "Connection": "close", **(headers or {})}
    if body and "Content-Length" not in lines and "Transfer-Encoding" not in lines:
        lines["Content-Length"] = str(len(body))
    head = [method.encode() + b" " + _bytes(path) + b" HTTP/1.1"]
    head += [name.encode() + b": " + _bytes(value) for name, value in lines.items()]
    return b"\r\n".join([*head, b"", body])


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def bearer(client: ApiClient) -> dict[str, bytes | str]:
    return {"Authorization": f"Bearer {client.token}"}


def in_order(answer: Answer | httpx.Response, what: object = "") -> None:
    """A success, or a refusal in the envelope; nothing of 500 and above."""
    status = answer.status if isinstance(answer, Answer) else answer.status_code
    content = answer.body if isinstance(answer, Answer) else answer.content
    assert status < 500, f"{status} for {what!r}: {content[:500]!r}"
    if status >= 400 and content:
        envelope(json.loads(content))


def refused(answer: Answer | None, *statuses: int, what: object = "") -> None:
    """One of these refusals, in the envelope."""
    assert answer is not None, f"no answer to {what!r}"
    assert answer.status in statuses, f"{answer.status}, not {statuses}, for {what!r}: {answer.body[:300]!r}"
    envelope(answer.json())


def envelope(value: Any) -> None:
    """``{"error": {"code", "message", "details"}}`` and nothing else."""
    assert set(value) == {"error"}, value
    assert set(value["error"]) == {"code", "message", "details"}, value
    code, message, details = (value["error"][name] for name in ("code", "message", "details"))
    assert isinstance(code, str), value
    assert code != "internal", value
    assert isinstance(message, str), value
    assert message, value
    assert isinstance(details, dict), value


#: What uvicorn itself says, with a traceback, of a text message that is no UTF-8, before it closes with 1007.
NO_UTF8 = re.compile(r"Invalid UTF-8 sequence received.{0,300}?Traceback.*?UnicodeDecodeError", re.DOTALL)


@contextmanager
def unharmed(server: Server) -> Iterator[None]:
    """The process lives on, answers, and its log has no traceback."""
    pid, before = server.pid, len(server.log_text())
    yield
    assert server.running
    assert server.pid == pid
    assert server.healthy()
    said = NO_UTF8.sub("", server.log_text()[before:])
    if "Traceback" in said:
        pytest.fail(said[said.index("Traceback") - 500 :][:4000])
