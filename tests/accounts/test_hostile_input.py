"""Whatever is sent: an answer, in the envelope where it is a refusal, and never a 5xx."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.services.sessions import begin_with_tokens
from tests.client import PASSWORD, ApiClient
from tests.people import new_user

pytestmark = pytest.mark.usefixtures("no_limits")
many = hypothesis_settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)

ROUTES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "auth/email-codes", {"email": "li@example.com", "purpose": "register"}),
    (
        "POST",
        "auth/register",
        {"email": "li@example.com", "code": "123456", "password": PASSWORD, "nickname": "小李"},
    ),
    ("POST", "auth/token", {"email": "li@example.com", "password": PASSWORD}),
    ("POST", "auth/token/refresh", {"refresh": "x.y.z"}),
    ("POST", "auth/password/reset", {"email": "li@example.com", "code": "123456", "password": PASSWORD}),
    ("POST", "auth/password/change", {"password": PASSWORD, "current_password": PASSWORD}),
    ("POST", "auth/password/change", {"password": PASSWORD, "code": "123456"}),
    (
        "POST",
        "auth/email/change",
        {"email": "li@example.com", "code": "123456", "current_password": PASSWORD},
    ),
    ("PATCH", "users/me", {"nickname": "小李", "introduction": "hi", "language": "en"}),
    ("DELETE", "users/me", {"current_password": "not the password"}),
    ("POST", "auth/logout", {}),
]

text = st.one_of(
    st.text(),
    st.text(alphabet=st.characters(categories=["Cc", "Cf", "Co", "Cn", "So", "Mn"])),
    st.sampled_from(["", " ", "\x00", "a\x00b", "\u202e", "\ufeff", "é" * 300, "x" * 10_000, "0" * 5000]),
    st.emails(),
    st.from_regex(r"[^@]{1,9}@[^@]{1,9}\.[a-z]{2,3}", fullmatch=True),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def check(answer: httpx.Response) -> None:
    assert answer.status_code < 500, (answer.status_code, answer.text)
    if answer.status_code >= 400:
        error = answer.json()["error"]
        assert set(error) == {"code", "message", "details"}
        assert isinstance(error["details"], dict)


@pytest.fixture
def somebody(api: Callable[[], ApiClient]) -> Callable[[], ApiClient]:
    """Somebody new, signed in, since what comes may well be valid."""
    client = api()

    def new() -> ApiClient:
        _, pair = begin_with_tokens(user=new_user())
        client.token, client.refresh_token = pair.access, pair.refresh
        return client

    return new


@many
@given(route=st.sampled_from(ROUTES), data=st.data())
def test_valid_input_with_one_thing_wrong(
    somebody: Callable[[], ApiClient], route: tuple[str, str, dict[str, Any]], data: st.DataObject
) -> None:
    method, path, body = route
    field = data.draw(st.sampled_from([*body, "unknown"]))
    value = data.draw(anything | text)
    raw = json.dumps(body | {field: value}).encode()  # NaN, lone surrogates and all
    check(somebody().request(method, path, content=raw, headers={"Content-Type": "application/json"}))


@many
@given(
    route=st.sampled_from(ROUTES),
    raw=st.one_of(
        st.binary(max_size=200),
        anything.map(lambda value: json.dumps(value).encode()),
        st.sampled_from(
            [b"[" * 100_000, b'{"a":' * 5000, b'"\\ud800"', b"\xff\xfe{}", b"", b"nul", b"1e999"]
        ),
    ),
    kind=st.sampled_from(
        [
            "application/json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "x",
            "",
        ]
    ),
)
def test_bodies_of_any_kind(
    somebody: Callable[[], ApiClient], route: tuple[str, str, dict[str, Any]], raw: bytes, kind: str
) -> None:
    method, path, _ = route
    check(somebody().request(method, path, content=raw, headers={"Content-Type": kind}))


@many
@given(term=text, cursor=st.none() | text | st.binary(max_size=40), limit=st.none() | text | st.integers())
def test_searches_and_cursors_of_any_kind(
    somebody: Callable[[], ApiClient], term: str, cursor: Any, limit: Any
) -> None:
    try:
        query = {"search": term.encode(), "cursor": cursor, "limit": limit}
    except UnicodeEncodeError:
        query = {"search": b"\xed\xa0\x80", "cursor": cursor, "limit": limit}
    given_ = {name: value for name, value in query.items() if value is not None}
    try:
        url = httpx.URL("/api/v1/users", params=given_)
    except (UnicodeEncodeError, httpx.InvalidURL):
        return
    if len(str(url)) < 60_000:
        check(somebody().request("GET", str(url)))


@many
@given(pk=st.integers(0, 10**25) | st.sampled_from([0, 2**63 - 1, 2**63, 2**64]))
def test_ids_of_any_size(somebody: Callable[[], ApiClient], pk: int) -> None:
    client = somebody()
    check(client.get(f"users/{pk}"))
    check(client.delete(f"auth/sessions/{pk}"))


@many
@given(raw=st.binary(max_size=300), name=st.text(max_size=40), field=st.sampled_from(["image", "other", ""]))
def test_uploads_of_any_kind(somebody: Callable[[], ApiClient], raw: bytes, name: str, field: str) -> None:
    client = somebody()
    with contextlib.suppress(UnicodeEncodeError):
        check(client.request("PUT", "users/me/avatar", files={field: (name, raw, "image/png")}))
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    check(client.request("PUT", "users/me/avatar", content=b"--b\r\n" + raw + b"\r\n--b--", headers=boundary))
