"""Handing files out: ranges, conditions, and who gets what, at every moment."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from messaging.models import Attachment
from tests.client import ApiClient, ok
from tests.messaging.attachments import photo, uploaded
from tests.messaging.common import post
from tests.stack.server import Server
from tests.witness import told

pytestmark = pytest.mark.django_db

TEXT = bytes(range(256)) * 4
SIZE = len(TEXT)


def get(client: ApiClient, url: str, method: str = "GET", **headers: str) -> httpx.Response:
    return client.request(
        method, url, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


#: What is asked for, and (status, first byte, end) of what is given.
RANGES: list[tuple[str, tuple[int, int, int]]] = [
    ("bytes=0-0", (206, 0, 1)),
    ("bytes=0-99", (206, 0, 100)),
    ("bytes=100-", (206, 100, SIZE)),
    ("bytes=-24", (206, SIZE - 24, SIZE)),
    ("bytes=-5000", (206, 0, SIZE)),
    ("bytes=1000-9999999999", (206, 1000, SIZE)),
    ("bytes=1023-1023", (206, 1023, 1024)),
    ("Bytes=5-6", (206, 5, 7)),
    ("bytes=1024-", (416, 0, 0)),
    ("bytes=99999-100000", (416, 0, 0)),
    ("bytes=-0", (416, 0, 0)),
    ("bytes=9999999999999999999-", (416, 0, 0)),
    # What is malformed, of another unit, or several ranges is passed over, as the standard allows.
    ("bytes=5-4", (200, 0, SIZE)),
    ("bytes=-", (200, 0, SIZE)),
    ("bytes=", (200, 0, SIZE)),
    ("bytes=a-b", (200, 0, SIZE)),
    ("bytes=0-1,5-6", (200, 0, SIZE)),
    ("lines=0-1", (200, 0, SIZE)),
    ("bytes=0x1-0x2", (200, 0, SIZE)),
    ("bytes=--1", (200, 0, SIZE)),
    ("bytes=1-2-3", (200, 0, SIZE)),
    ("bytes=" + "9" * 50 + "-", (200, 0, SIZE)),
    ("x", (200, 0, SIZE)),
]


def test_ranges(amy: ApiClient) -> None:
    url = uploaded(amy, TEXT)["url"]
    for asked, (status, start, end) in RANGES:
        for method in ("GET", "HEAD"):
            got = get(amy, url, method, Range=asked)
            assert got.status_code == status, asked
            if status == 416:
                assert got.headers["Content-Range"] == f"bytes */{SIZE}", asked
                continue
            assert got.headers["Content-Length"] == str(end - start), asked
            assert got.headers["Accept-Ranges"] == "bytes"
            assert got.headers.get("Content-Range") == (
                f"bytes {start}-{end - 1}/{SIZE}" if status == 206 else None
            )
            assert got.content == (TEXT[start:end] if method == "GET" else b""), asked


def test_a_range_holds_only_for_what_one_has(amy: ApiClient) -> None:
    url = uploaded(amy, TEXT)["url"]
    etag = get(amy, url).headers["ETag"]
    assert get(amy, url, Range="bytes=0-9", If_Range=etag).status_code == 206
    for other in ('"other"', f"W/{etag}", "Wed, 21 Oct 2026 07:28:00 GMT", "nonsense"):
        got = get(amy, url, Range="bytes=0-9", If_Range=other)
        assert (got.status_code, got.content) == (200, TEXT), other


def test_an_empty_file_has_no_parts(amy: ApiClient) -> None:
    url = uploaded(amy, b"")["url"]
    assert (get(amy, url).status_code, get(amy, url).content) == (200, b"")
    for asked in ("bytes=0-", "bytes=-1", "bytes=0-0"):
        assert get(amy, url, Range=asked).status_code == 416, asked


def test_what_one_has_is_not_sent_again(amy: ApiClient) -> None:
    made = photo(amy)
    for url in (made["url"], made["thumbnail"]["url"]):
        etag = get(amy, url).headers["ETag"]
        for method in ("GET", "HEAD"):
            for known in (etag, f"W/{etag}", f'"a", {etag}', "*"):
                got = get(amy, url, method, If_None_Match=known)
                assert (got.status_code, got.content) == (304, b""), known
                assert got.headers["ETag"] == etag
                assert got.headers["Cache-Control"] == "private, no-cache"
        assert get(amy, url, If_None_Match='"other"').status_code == 200
    assert get(amy, made["url"]).headers["ETag"] != get(amy, made["thumbnail"]["url"]).headers["ETag"]


def test_a_file_has_no_thumbnail_and_other_methods_are_refused(amy: ApiClient) -> None:
    made = uploaded(amy)
    ok(get(amy, f"{made['url']}/thumbnail"), 404)
    for method in ("POST", "PUT", "PATCH"):
        ok(get(amy, made["url"], method), 405)
    ok(get(amy, f"{made['url']}/thumbnail", "DELETE"), 405)


def test_it_costs_two_queries(amy: ApiClient, direct: int, django_assert_num_queries: Any) -> None:
    made = photo(amy)
    ok(post(amy, direct, "", attachments=[made["id"]]), 201)
    for url in (made["url"], made["thumbnail"]["url"]):
        with django_assert_num_queries(2):  # who asks, and whether they may
            ok(amy.get(url))


def test_who_leaves_is_kicked_or_comes_later_gets_nothing(
    amy: ApiClient, bob: ApiClient, eve: ApiClient
) -> None:
    group = amy.create_group(bob, history="since_joined")
    made = photo(amy)
    ok(post(amy, group, "", attachments=[made["id"]]), 201)
    urls = (made["url"], made["thumbnail"]["url"])

    def gets(person: ApiClient) -> set[int]:
        return {person.get(url).status_code for url in urls} | {
            get(person, url, "HEAD").status_code for url in urls
        }

    assert (gets(amy), gets(bob), gets(eve)) == ({200}, {200}, {404})
    ok(eve.post(f"groups/{group}/join"), 200)
    assert gets(eve) == {404}, "who joined later"
    etag = bob.get(made["url"]).headers["ETag"]
    ok(amy.delete(f"groups/{group}/members/{bob.id}"), 204)
    assert gets(bob) == {404}, "who was kicked"
    assert get(bob, made["url"], If_None_Match=etag).status_code == 404, "what one had is told no more of"
    ok(bob.post(f"groups/{group}/join"), 200)
    assert gets(bob) == {404}, "who comes again sees what comes then"
    ok(amy.put(f"blocks/{eve.id}"), 204)
    later = photo(amy)
    ok(post(amy, group, "", attachments=[later["id"]]), 201)
    ok(eve.get(later["url"]), 200)
    ok(eve.post(f"groups/{group}/leave"), 204)
    ok(eve.get(later["url"]), 404)
    with told():
        ok(amy.delete(f"groups/{group}"), 204)
    assert gets(amy) == {404}, "a dissolved group is nobody's"


def test_without_a_session_it_is_401(amy: ApiClient, api: Callable[..., ApiClient]) -> None:
    made = photo(amy)
    for url in (made["url"], made["thumbnail"]["url"]):
        answer = ok(api().get(url), 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    ok(amy.post("auth/logout"), 204)
    ok(amy.get(made["url"]), 401)


# --- on the real server -----------------------------------------------------------------------------


def test_a_big_file_goes_up_and_comes_down(server: Server, person: Callable[..., ApiClient]) -> None:
    amy = person("Amy")
    content = bytes(range(256)) * (20 * 4096)  # 20 MiB
    made = uploaded(amy, content, "big.bin")
    assert ok(amy.get(made["url"])).content == content
    part = get(amy, made["url"], Range="bytes=10000000-19999999")
    assert (part.status_code, part.content) == (206, content[10_000_000:20_000_000])
    head = get(amy, made["url"], "HEAD")
    assert (head.headers["Content-Length"], head.content) == (str(len(content)), b"")
    row = Attachment.objects.get(pk=made["id"])
    assert row.size == len(content)


def test_who_hangs_up_holds_nothing(
    server: Server, person: Callable[..., ApiClient], healthy: Callable[[Server], None]
) -> None:
    amy = person("Amy")
    made = uploaded(amy, bytes(20 * 1024 * 1024), "big.bin")
    asked = f"GET {made['url']} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {amy.token}\r\n\r\n"
    before = len(server.log_text())
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
            connection.sendall(asked.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
    deadline = time.monotonic() + 10
    while _open_files(server):
        assert time.monotonic() < deadline, "files stay open"
        time.sleep(0.02)
    healthy(server)
    assert "Traceback" not in server.log_text()[before:]


def _open_files(server: Server) -> int:
    """How many attachments the process has open."""
    found = 0
    for link in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            found += "/attachments/" in str(link.readlink())
        except OSError:
            continue
    return found


def test_the_pages_cookie_uploads_with_its_token_only(
    server: Server, person: Callable[..., ApiClient]
) -> None:
    from tests.fuzz.test_forms import page_cookie

    amy = person("Amy")
    cookie = page_cookie(amy, server)
    token = next(part.partition("=")[2] for part in cookie.split("; ") if part.startswith("chatchat_csrf"))
    files = {"file": ("a.txt", b"hello", "text/plain")}
    with httpx.Client(base_url=server.url) as browser:
        refused = browser.post("/api/v1/attachments", files=files, headers={"Cookie": cookie})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "csrf_failed")
        headers = {"Cookie": cookie, "X-CSRFToken": token}
        made = ok(browser.post("/api/v1/attachments", files=files, headers=headers), 201).json()
        broken = browser.post(
            "/api/v1/attachments",
            content=b"--x\r\n\xff",
            headers={**headers, "Content-Type": "multipart/form-data; boundary=x"},
        )
        assert broken.status_code == 400, broken.text
        assert ok(browser.get(made["url"], headers={"Cookie": cookie})).content == b"hello"
