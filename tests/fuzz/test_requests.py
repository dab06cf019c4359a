"""Requests that are broken in ways that no schema describes: methods, paths, query strings, headers."""

from urllib.parse import quote

import pytest

from tests.client import ApiClient
from tests.fuzz.common import Send, bearer, exchange, in_order, refused, request
from tests.fuzz.samples import AUTHORIZATIONS, COOKIES, EMOJI, HEADERS, HUGE, JSON, PATHS, QUERIES
from tests.stack.server import Server

#: What may be asked of the lists.
QUERIED = {
    "users": ("search", "cursor", "limit"),
    "groups": ("search", "cursor", "limit"),
    "friends": ("cursor", "limit"),
    "friend-requests": ("direction", "cursor", "limit"),
    "blocks": ("cursor", "limit"),
    "auth/sessions": ("cursor", "limit"),
    "conversations": ("cursor", "limit"),
    "conversations/{group}/messages": ("before", "after", "limit"),
    "conversations/{group}/sync": ("after", "limit"),
    "offline": ("cursor", "limit"),
    "groups/{group}/members": ("cursor", "limit"),
    "groups/{group}/join-requests": ("cursor", "limit"),
    "groups/{group}/invitations": ("cursor", "limit"),
}


def quoted(path: str) -> str:
    """With what is not ASCII escaped: HTTP itself ends there (400, below us)."""
    return "".join(character if character.isascii() else quote(character) for character in path)


def test_paths_to_nowhere(send: Send) -> None:
    for path in PATHS:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
            body = b"{}" if method not in ("GET", "HEAD") else b""
            answer = send(method, quoted(f"/api/v1/{path}"), JSON, body)
            assert answer is not None
            in_order(answer, (method, path))


def test_unknown_paths_are_404_in_the_envelope(send: Send) -> None:
    for path in ("nothing", "users/me/", "groups/1/nothing", f"users/{HUGE}", "users/%00", "%ff%fe"):
        refused(send("GET", f"/api/v1/{path}"), 404, what=path)
    refused(send("GET", "/api/v2/users"), 404)
    refused(send("GET", "/api/"), 404)


def test_emoji_of_all_kinds(send: Send, amy: ApiClient) -> None:
    group = amy.create_group()
    seq = amy.send_message(group, "hello")["seq"]
    base = f"/api/v1/conversations/{group}/messages/{seq}/reactions/"
    for emoji in EMOJI:
        for method in ("PUT", "DELETE", "GET"):
            answer = send(method, quoted(base + emoji))
            assert answer is not None
            in_order(answer, emoji)
    amy.history(group)


@pytest.mark.own_server("daphne cuts the line where an address is longer than 16 KiB")
@pytest.mark.parametrize("path", QUERIED)
def test_query_strings(amy: ApiClient, server: Server, path: str) -> None:
    group = amy.create_group()
    for name in "abc":
        amy.send_message(group, name)
    url = f"/api/v1/{path.format(group=group)}?"
    for name in (*QUERIED[path], "format"):
        search = "search=a&" if path == "users" and name != "search" else ""
        for value in QUERIES:
            asked = f"{url}{search}{name}={value}"
            answer = exchange(server, request("GET", quoted(asked), bearer(amy)))
            assert answer is not None, asked
            in_order(answer, asked)


def test_a_query_string_of_a_megabyte(send: Send) -> None:
    answer = send("GET", "users?search=" + "x" * 1_000_000)
    assert answer is None or answer.status < 500
    answer = send("GET", "users?" + "&".join(f"a{number}=1" for number in range(5000)))
    assert answer is None or answer.status < 500


def test_unknown_methods_are_405_in_the_envelope(send: Send) -> None:
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "MKCOL"):
        refused(send(method, "groups", JSON, b"{}"), 405, what=method)
    for method in ("BREW", "get", "G\u00cbT", "CONNECT"):
        answer = send(method, "groups")
        assert answer is None or answer.status < 500, method


def test_broken_tokens_are_401(send: Send) -> None:
    for value in AUTHORIZATIONS:
        for path in ("users/me", "auth/session", "conversations"):
            refused(send("GET", path, {"Authorization": value}), 401)
    # Who signs in is not asked for a token that holds.
    body = b'{"email": "a@example.com", "password": "x"}'
    answer = send("POST", "auth/token", {**JSON, "Authorization": AUTHORIZATIONS[-1]}, body)
    assert answer is not None
    assert answer.json()["error"]["code"] == "invalid_credentials"


def test_broken_cookies(send: Send) -> None:
    for value in COOKIES:
        if b"\x00" in (value if isinstance(value, bytes) else value.encode()):
            continue
        for method, path in (("GET", "users/me"), ("POST", "groups"), ("POST", "auth/logout")):
            refused(send(method, path, {**JSON, "Authorization": "", "Cookie": value}), 401)
        for page in ("/", "/login/", "/chat/", "/admin/", "/dev/mail/"):
            answer = send("GET", page, {"Authorization": "", "Cookie": value})
            assert answer is not None
            assert answer.status < 500, (page, value)


def test_broken_headers(server: Server, amy: ApiClient) -> None:
    for name, value in HEADERS:
        for method, path in (("GET", "users/me"), ("PATCH", "users/me"), ("POST", "auth/token")):
            body = b"{}" if method != "GET" and name not in ("Content-Length", "Transfer-Encoding") else b""
            try:
                answer = exchange(
                    server,
                    request(method, f"/api/v1/{path}", {**JSON, **bearer(amy), name: value}, body),
                    timeout=2,
                )
            except TimeoutError:
                continue  # it waits for a body that was promised
            if answer is None or answer.headers.get("content-type", "").startswith("text/plain"):
                assert answer is None or 400 <= answer.status < 500  # what is no HTTP is refused below us
                continue
            in_order(answer, (name, value))


def test_what_is_no_http_at_all(server: Server, amy: ApiClient) -> None:
    for data in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        bytes(4096),
        b"A" * 200_000,
    ):
        try:
            answer = exchange(server, data, timeout=1)
        except TimeoutError:
            continue
        assert answer is None or answer.status < 500
