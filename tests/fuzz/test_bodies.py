"""Bodies that are no JSON, of another type, or too big."""

import gzip
import json

import pytest

from tests.fuzz.common import Send, envelope, refused
from tests.fuzz.samples import JSON, NOT_JSON


def test_what_is_no_json_is_400(send: Send) -> None:
    for body in NOT_JSON.values():
        headers = {**JSON, "Content-Length": str(len(body))}
        refused(send("POST", "groups", headers, body), 400, what=body[:40])
        refused(send("POST", "auth/token", {**headers, "Authorization": ""}, body), 400, what=body[:40])


NO_OBJECTS: list[bytes] = [b"null", b"true", b"0", b'""', b"[]", b'["name"]', b"1e999", b"-1"]


def test_json_that_is_no_object_is_400(send: Send) -> None:
    for body in NO_OBJECTS:
        for path in ("groups", "friend-requests", "auth/token", "offline/ack"):
            refused(send("POST", path, JSON, body), 400, what=path)
        refused(send("PATCH", "users/me", JSON, body), 400)


OTHER_TYPES: list[bytes | str] = [
    *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
    *("multipart/form-data", "application/xml", "application/octet-stream", "image/png", "nonsense"),
    *("application/json, text/plain", "/", ";", "application/jsonp"),
]


@pytest.mark.own_server("daphne reads forms itself, and refuses with an empty 400 what it cannot")
def test_other_types_than_json_are_refused(send: Send) -> None:
    for type_ in OTHER_TYPES:
        for body in (b'{"name": "x"}', b"name=x", b"--x\r\n\r\n--x--\r\n"):
            refused(send("POST", "groups", {"Content-Type": type_}, body), 400, 415, what=body)


def test_the_charset_of_json_is_not_negotiable(send: Send) -> None:
    body = json.dumps({"name": "x"}).encode("utf-16")
    refused(send("POST", "groups", {"Content-Type": "application/json; charset=utf-16"}, body), 400)


def test_a_compressed_body_is_not_unpacked(send: Send) -> None:
    for encoding in ("gzip", "br", "deflate", "nonsense"):
        body = gzip.compress(b'{"name": "x"}')
        refused(send("POST", "groups", {**JSON, "Content-Encoding": encoding}, body), 400, 415)


def test_a_huge_body_is_413(send: Send) -> None:
    for size in [1024 * 1024 + 1, 30 * 1024 * 1024]:
        body = b'{"name": "' + b"x" * size + b'"}'
        refused(send("POST", "groups", JSON, body), 413)
        refused(send("POST", "auth/token", {**JSON, "Authorization": ""}, body), 413)


def test_a_huge_chunked_body_is_413(send: Send) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    refused(send("POST", "groups", {**JSON, "Transfer-Encoding": "chunked"}, chunk * 40 + b"0\r\n\r\n"), 413)


def test_a_chunked_body_is_taken(send: Send) -> None:
    body = b'd\r\n{"name": "x"}\r\n0\r\n\r\n'
    answer = send("POST", "groups", {**JSON, "Transfer-Encoding": "chunked"}, body)
    assert answer is not None
    assert answer.status == 201, answer.body


def test_of_a_key_that_comes_twice_one_counts_whole(send: Send) -> None:
    answer = send("POST", "groups", JSON, b'{"name": 5, "name": "x"}')
    assert answer is not None
    assert answer.status in (201, 400)


def test_the_envelope_check_sees_what_is_wrong() -> None:
    samples: tuple[dict[str, object], ...] = (
        {},
        {"error": {}},
        {"error": {"code": "internal", "message": "x", "details": {}}},
    )
    for wrong in samples:
        with pytest.raises(AssertionError):
            envelope(wrong)
