"""Forms: avatars, and what browsers could send with the pages' cookie."""

import httpx
import pytest

from tests.client import ApiClient, ok
from tests.fuzz.common import Send, in_order, refused
from tests.fuzz.samples import END, FORMS, PNG, part
from tests.stack.server import Server

FORMS_READ = pytest.mark.own_server("daphne reads forms itself, and refuses with an empty 400 what it cannot")


def test_broken_avatars_are_refused(send: Send, amy: ApiClient) -> None:
    for body in FORMS.values():
        for boundary in ("x", '"x"', "y"):
            type_ = f"multipart/form-data; boundary={boundary}"
            headers = {"Content-Type": type_, "Content-Length": str(len(body))}
            refused(send("PUT", "users/me/avatar", headers, body), 400, 413, 415)
        assert ok(amy.get("users/me")).json()["avatar"] is None


@FORMS_READ
def test_strange_uploads_are_kept_or_refused(send: Send) -> None:
    for what, body in FORMS.items():
        as_file = body.replace(b'name="image"', b'name="file"')
        for boundary in ("x", '"x"', "y"):
            headers: dict[str, bytes | str] = {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(len(as_file)),
            }
            answer = send("POST", "attachments", headers, as_file)
            assert answer is not None, what
            in_order(answer, what)
            if answer.status != 201:
                refused(answer, 400, 413, 415, what=what)
        chunked = f"{len(as_file):x}\r\n".encode() + as_file + b"\r\n0\r\n\r\n" if body else b"0\r\n\r\n"
        del headers["Content-Length"]
        answer = send("POST", "attachments", {**headers, "Transfer-Encoding": "chunked"}, chunked)
        assert answer is not None, what
        in_order(answer, what)


def test_an_upload_that_is_too_big_is_413(send: Send) -> None:
    headers: dict[str, bytes | str] = {"Content-Type": "multipart/form-data; boundary=x"}
    for size in (25 * 2**20 + 1, 26 * 2**20, 40 * 2**20):
        body = part(b"file", b"a.bin", b"application/octet-stream", bytes(size)) + END
        refused(send("POST", "attachments", headers, body), 413)
        chunked = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        refused(send("POST", "attachments", {**headers, "Transfer-Encoding": "chunked"}, chunked), 413)


def test_strange_ranges(send: Send, amy: ApiClient) -> None:
    url = ok(amy.request("POST", "attachments", files={"file": ("a.txt", b"hello")}), 201).json()["url"]
    for asked in (
        b"bytes=\xff-",
        b"bytes=" + b"0-1," * 5000,
        b"bytes=\xd9\xa1-",
        b"\x01",
        b"bytes=0-" + b"9" * 5000,
    ):
        for name in ("Range", "If-Range", "If-None-Match"):
            answer = send("GET", url, {"Range": b"bytes=0-1", name: asked})
            # What is no HTTP is refused below us, in words of its own.
            assert answer is None or answer.status < 500, asked


NO_FORMS: list[bytes | str] = [
    "",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "application/json",
    "image/png",
    b"multipart/form-data; boundary=\xff",
]


def test_an_avatar_is_a_form(send: Send) -> None:
    for type_ in NO_FORMS:
        refused(send("PUT", "users/me/avatar", {"Content-Type": type_}, FORMS["two"]), 400, 415)


def test_an_avatar_that_is_too_big_is_413(send: Send) -> None:
    body = part(b"image", b"a.png", b"image/png", PNG + bytes(6 * 1024 * 1024)) + END
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    refused(send("PUT", "users/me/avatar", headers, body), 413)
    chunked = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    refused(send("PUT", "users/me/avatar", {**headers, "Transfer-Encoding": "chunked"}, chunked), 413)


@FORMS_READ
def test_forms_with_the_pages_cookie(send: Send, server: Server, amy: ApiClient) -> None:
    cookie = page_cookie(amy, server)
    for type_, body in (
        ("multipart/form-data; boundary=x", b"nonsense"),
        ("multipart/form-data", b"nonsense"),
        ("application/x-www-form-urlencoded", b"csrfmiddlewaretoken=%ff&a=" + b"&b" * 5000),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 2_000_000),
        ("application/json", b'{"name": "x"}'),
    ):
        for path in ("groups", "auth/logout", "friend-requests"):
            headers = {"Authorization": "", "Cookie": cookie, "Content-Type": type_}
            answer = send("POST", path, headers, body)
            refused(answer, 400, 403, 413, 415, what=(type_, path))
    for page in ("/login/", "/register/", "/password/", "/logout/", "/language/"):
        for type_ in (
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "application/json",
        ):
            answer = send(
                "POST", page, {"Authorization": "", "Cookie": cookie, "Content-Type": type_}, b"--x\r\n\xff"
            )
            assert answer is not None
            assert answer.status < 500, page


def page_cookie(amy: ApiClient, server: Server) -> str:
    """The cookie of somebody signed in to the pages."""
    with httpx.Client(base_url=server.url) as browser:
        browser.get("/login/")
        token = browser.cookies["chatchat_csrf"]
        form = {
            "email": amy.email,
            "username": amy.email,
            "password": amy.password,
            "csrfmiddlewaretoken": token,
        }
        browser.post("/login/", data=form, headers={"Referer": f"{server.url}/login/"})
        assert "chatchat_session" in browser.cookies
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
