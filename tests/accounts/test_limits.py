"""How often one may try."""

import hashlib
import itertools
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from accounts.models import User
from chatchat import ratelimit
from chatchat.errors import TooMany
from chatchat.ratelimit import client_ip, limit, space
from scripts.services import Redis
from tests.client import PASSWORD, ApiClient, error_code, ok
from tests.people import new_user
from tests.stack.server import Server


@pytest.fixture
def elsewhere(api: Callable[[], ApiClient]) -> ApiClient:
    """A client at another IP address."""
    transport = httpx.WSGITransport(app=get_wsgi_application(), remote_addr="203.0.113.9")
    return ApiClient(transport=transport)


def ask(client: ApiClient, email: str, purpose: str = "reset_password") -> httpx.Response:
    return client.post("auth/email-codes", {"email": email, "purpose": purpose})


def refused(answer: httpx.Response, at_most: int) -> None:
    assert error_code(ok(answer, 429)) == "rate_limited"
    assert 1 <= int(answer.headers["Retry-After"]) <= at_most


@pytest.mark.parametrize("known", [True, False])
def test_a_code_a_minute_an_address_for_all_purposes(nobody: ApiClient, known: bool) -> None:
    if known:
        new_user(email="amy@example.com")
    ok(ask(nobody, "amy@example.com"), 202)
    for again in (ask(nobody, "AMY@example.com"), ask(nobody, "amy@example.com", "register")):
        refused(again, 60)
    ok(ask(nobody, "bob@example.com"), 202)


def test_ten_codes_a_day_an_address(nobody: ApiClient, settings: Any) -> None:
    settings.CODE_IP_RATE = "1000/h"
    for _ in range(10):
        ok(ask(nobody, "amy@example.com"), 202)
        cache.delete(spacing("amy@example.com"))
    refused(ask(nobody, "amy@example.com"), 24 * 3600)
    ok(ask(nobody, "bob@example.com"), 202)


def spacing(email: str) -> str:
    """The key that keeps an address's codes a minute apart, for a test that has no ten minutes."""
    return f"space:code:{hashlib.sha256(email.encode()).hexdigest()}"


def test_twenty_codes_an_hour_an_ip(nobody: ApiClient, elsewhere: ApiClient) -> None:
    for number in range(20):
        ok(ask(nobody, f"p{number}@example.com"), 202)
    refused(ask(nobody, "amy@example.com"), 3600)
    # What was refused has not been counted against the address.
    ok(ask(elsewhere, "amy@example.com"), 202)


def test_ten_logins_a_minute_for_an_account_from_an_ip(nobody: ApiClient, elsewhere: ApiClient) -> None:
    new_user(email="amy@example.com")
    wrong = {"email": "amy@example.com", "password": "not the password"}
    right = {"email": "Amy@Example.com", "password": PASSWORD}
    for _ in range(10):
        ok(nobody.post("auth/token", wrong), 401)
    refused(nobody.post("auth/token", right), 60)
    refused(nobody.post("auth/register", right | {"code": "123456", "nickname": "A"}), 60)
    refused(nobody.post("auth/password/reset", right | {"code": "123456"}), 60)
    ok(nobody.post("auth/token", wrong | {"email": "x@example.com"}), 401)
    ok(elsewhere.post("auth/token", right))


def test_a_hundred_logins_a_minute_from_an_ip(nobody: ApiClient, elsewhere: ApiClient) -> None:
    body = {"password": "not the password"}
    for number in range(100):
        ok(nobody.post("auth/token", body | {"email": f"p{number}@example.com"}), 401)
    refused(nobody.post("auth/token", body | {"email": "another@example.com"}), 60)
    ok(elsewhere.post("auth/token", body | {"email": "another@example.com"}), 401)


def test_current_passwords_cannot_be_guessed_either(amy: ApiClient) -> None:
    for _ in range(10):
        ok(amy.delete("users/me", {"current_password": "not the password"}), 403)
    body = {"password": "staple horse battery", "current_password": PASSWORD}
    refused(amy.post("auth/password/change", body), 60)
    refused(amy.delete("users/me", {"current_password": PASSWORD}), 60)
    assert User.objects.get().check_password(PASSWORD)


def test_sixty_searches_a_minute_a_person(amy: ApiClient, bob: ApiClient) -> None:
    for _ in range(60):
        ok(amy.get("users", search="x"))
    refused(amy.get("users", search="x"), 60)
    ok(bob.get("users", search="x"))


def test_limits_can_be_turned_off(nobody: ApiClient, no_limits: None) -> None:
    for _ in range(25):
        ok(ask(nobody, "amy@example.com"), 202)


# --- the counting itself ---------------------------------------------------------------------------


def passes(call: Callable[[], None]) -> bool:
    try:
        call()
    except TooMany:
        return False
    return True


def test_counting_is_exact_however_many_come_at_once() -> None:
    request = RequestFactory().get("/")
    with ThreadPoolExecutor(16) as threads:
        passed = threads.map(
            lambda _: passes(lambda: limit(request, group="test", key="k", rate="50/h")), range(400)
        )
        assert sum(passed) == 50


def test_of_many_at_once_that_must_be_spaced_one_passes() -> None:
    with ThreadPoolExecutor(16) as threads:
        passed = threads.map(lambda _: passes(lambda: space(group="test", key="k", rate="1/m")), range(64))
        assert sum(passed) == 1


def test_a_second_that_ends_while_it_is_counted_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = 100_000_000 * 60 + zlib.crc32(b"k") % 60  # where one window of this key ends
    moments = itertools.count(edge)
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: next(moments)))
    assert passes(lambda: limit(RequestFactory().get("/"), group="a", key="k", rate="1/m"))


def test_groups_and_keys_are_counted_apart() -> None:
    request = RequestFactory().get("/")
    for group in ("a", "b"):
        for key in ("k", "l", "李"):
            once = partial(limit, request, group=group, key=key, rate="1/h")
            assert passes(once)
            assert not passes(once)


def test_many_other_keys_push_no_count_out() -> None:
    """LocMem throws entries out past a number of them, which must be large."""
    request = RequestFactory().get("/")
    assert passes(lambda: limit(request, group="a", key="k", rate="1/h"))
    for number in range(2000):
        limit(request, group="b", key=str(number), rate="1/h")
    assert not passes(lambda: limit(request, group="a", key="k", rate="1/h"))


def test_what_this_process_counts_alone_is_exact_too() -> None:
    with ThreadPoolExecutor(8) as threads:
        passed = threads.map(
            lambda _: passes(lambda: ratelimit._limit_locally(group="t", key="k", rate="20/d")), range(100)
        )
        assert sum(passed) == 20


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_a_caller_is_an_address_or_a_network_of_ipv6(address: str, caller: str) -> None:
    assert client_ip(RequestFactory().get("/", REMOTE_ADDR=address)) == caller


@pytest.mark.production
def test_without_redis_codes_and_logins_answer_503_and_the_rest_goes_on(
    start_server: Callable[..., Server], redis_server: Redis
) -> None:
    new_user(email="amy@example.com")
    server = start_server(REDIS_URL=redis_server.url, RATELIMIT_ENABLE="1")
    amy = ApiClient(server.url).login("amy@example.com", PASSWORD)
    redis_server.kill()
    for path, body in (
        ("auth/token", {"email": "amy@example.com", "password": PASSWORD}),
        ("auth/email-codes", {"email": "amy@example.com", "purpose": "reset_password"}),
        ("auth/password/reset", {"email": "amy@example.com", "code": "123456", "password": PASSWORD}),
    ):
        answer = ok(amy.post(path, body), 503)
        assert error_code(answer) == "unavailable"
        assert "Retry-After" in answer.headers
    ok(amy.get("users/me"))
    ok(amy.post("auth/token/refresh", {"refresh": amy.refresh_token}))
    answers = [amy.get("users", search="x").status_code for _ in range(125)]
    # This process counts alone; the minute may turn once meanwhile.
    assert 60 <= answers.count(200) <= 120
    assert set(answers) == {200, 429}
    redis_server.start()
    ok(amy.post("auth/token", {"email": "amy@example.com", "password": PASSWORD}))
