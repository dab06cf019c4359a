"""A process that is told to stop: nobody gets in, everybody who is in is served, and then it goes."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection

import pytest

from tests.client import ApiClient, ChatSocket
from tests.stack.server import Server

STOPPED = pytest.mark.own_server("daphne that is told to stop cuts every line at once")


def tell_to_stop(server: Server) -> None:
    os.kill(server.pid, signal.SIGTERM)


def wait_until_nobody_gets_in(server: Server) -> None:
    """Until the kernel refuses, or drops, whoever knocks."""
    for _ in range(2000):
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=0.05).close()
        except (ConnectionRefusedError, TimeoutError):
            return
        time.sleep(0.005)
    raise AssertionError("it still lets people in")


def connected(server: Server) -> HTTPConnection:
    """A connection on which one request was answered; it stays open."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    assert answer.getheader("Connection") != "close"
    return connection


def all_of(line: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: line.recv(65536), b""))


@STOPPED
def test_who_is_in_is_answered_and_told_to_come_back_elsewhere(start_server: Callable[..., Server]) -> None:
    server = start_server()
    inside, probe = connected(server), connected(server)
    tell_to_stop(server)
    wait_until_nobody_gets_in(server)
    probe.request("GET", "/readyz")
    answer = probe.getresponse()
    assert (answer.status, json.loads(answer.read())["checks"]["process"]) == (503, "draining")
    inside.request("GET", "/healthz")
    answer = inside.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (200, "close")
    assert server.wait() in (0, -signal.SIGTERM)


@STOPPED
def test_what_was_half_asked_is_answered(start_server: Callable[..., Server]) -> None:
    server = start_server()
    amy = ApiClient(server.url).register()
    body = b'{"nickname": "Amelia"}'
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(
            b"PATCH /api/v1/users/me HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer " + str(amy.token).encode() + b"\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body[:5]
        )
        connected(server).close()  # by now it has read that
        tell_to_stop(server)
        wait_until_nobody_gets_in(server)
        line.sendall(body[5:])
        answer = all_of(line)
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert b'"Amelia"' in answer
    assert server.wait() in (0, -signal.SIGTERM)


@STOPPED
def test_what_the_kernel_has_let_in_is_served(start_server: Callable[..., Server]) -> None:
    """Connections that wait to be accepted are not reset when the listener closes."""
    server = start_server()
    server.pause()
    lines = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(50)]
    for line in lines:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    tell_to_stop(server)
    server.resume()
    answers = []
    for line in lines:
        with line:
            answers.append(all_of(line))
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 50
    server.wait()


@STOPPED
@pytest.mark.asyncio
async def test_sockets_are_sent_away_one_by_one(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    server = start_server()
    amy = person("Amy", server=server)
    sockets = [ChatSocket(server.ws_url, amy.token) for _ in range(60)]
    for each in sockets:
        await each.open()
        await each.hello()
    left: list[float] = []

    async def leaves(each: ChatSocket) -> int:
        code = await each.closed(20)
        left.append(time.monotonic())
        return code

    watching = [asyncio.create_task(leaves(each)) for each in sockets]
    tell_to_stop(server)
    assert await asyncio.gather(*watching) == [1012] * len(sockets)
    assert max(left) - min(left) > len(sockets) * 0.002 / 2
    assert await asyncio.to_thread(server.wait) in (0, -signal.SIGTERM)


@pytest.mark.asyncio
async def test_who_does_not_listen_does_not_hold_it_up(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    server = start_server(DRAIN_SECONDS="2")
    amy = person("Amy", server=server)
    deaf = ChatSocket(server.ws_url, amy.token)
    await deaf.open()
    await deaf.hello()
    deaf.connection.transport.pause_reading()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(b"POST /api/v1/auth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        await asyncio.to_thread(tell_to_stop, server)
        await asyncio.to_thread(server.wait)
    with contextlib.suppress(OSError):
        deaf.connection.transport.abort()
