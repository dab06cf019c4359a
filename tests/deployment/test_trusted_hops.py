"""Limits behind a proxy, on two real processes: each caller has their own, and nobody evades them."""

from collections import Counter
from collections.abc import Callable, Iterable

import httpx
import pytest

from tests.people import new_user
from tests.stack.server import Server

pytestmark = pytest.mark.production

TRIES = 10  # LOGIN_RATE
STRANGER = "127.0.0.9"  # a peer that is no proxy of ours


@pytest.fixture
def processes(start_server: Callable[..., Server]) -> list[Server]:
    """Two, behind a proxy at 127.0.0.1, which these tests are; of a day's limit no window ends meanwhile."""
    env = {"RATELIMIT_ENABLE": "1", "LOGIN_RATE": f"{TRIES}/d", "TRUSTED_PROXIES": "127.0.0.1,10.0.0.0/8"}
    return [start_server(**env) for _ in range(2)]


def statuses(
    processes: Iterable[Server], forwarded: Callable[[int], str], times: int, peer: str = "127.0.0.1"
) -> Counter[int]:
    """What wrong logins for one account are answered with, in turns on each process."""
    found: Counter[int] = Counter()
    with httpx.Client(transport=httpx.HTTPTransport(local_address=peer), timeout=30) as http:
        urls = [server.url for server in processes]
        for number in range(times):
            answer = http.post(
                f"{urls[number % len(urls)]}/api/v1/auth/token",
                json={"email": "amy@example.com", "password": "wrong horse battery"},
                headers={"X-Forwarded-For": forwarded(number)},
            )
            found[answer.status_code] += 1
    return found


def test_an_address_behind_the_proxy_has_one_count_on_all_processes(processes: list[Server]) -> None:
    new_user(email="amy@example.com")
    assert statuses(processes, lambda _: "203.0.113.9", TRIES) == {401: TRIES}
    for process in processes:
        assert statuses([process], lambda _: "203.0.113.9", 2) == {429: 2}
    # Another one behind the same proxy is another one.
    assert statuses(processes, lambda _: "203.0.113.10", TRIES) == {401: TRIES}


def test_what_a_caller_wrote_before_the_proxy_changes_nothing(processes: list[Server]) -> None:
    new_user(email="amy@example.com")
    forged = [
        lambda number: f"198.51.100.{number}, 203.0.113.9",
        lambda number: f"198.51.100.{number}, 203.0.113.9, 10.0.0.{number}",
        lambda number: f"198.51.100.{number}, 10.0.0.3, 203.0.113.9",
        lambda number: f"nonsense-{number}, 203.0.113.9",
        lambda number: f"203.0.113.9:{number + 1000}",
    ]
    assert sum((statuses(processes, each, 2) for each in forged), Counter()) == {401: TRIES}
    for each in forged:
        assert statuses(processes, each, 2) == {429: 2}


def test_nonsense_alone_is_counted_for_the_proxy(processes: list[Server]) -> None:
    new_user(email="amy@example.com")
    assert statuses(processes, lambda number: f"nonsense-{number}", TRIES + 4) == {401: TRIES, 429: 4}


def test_from_a_peer_that_is_no_proxy_the_header_is_not_read(processes: list[Server]) -> None:
    new_user(email="amy@example.com")
    found = statuses(processes, lambda number: f"203.0.113.{number}", TRIES + 4, peer=STRANGER)
    assert found == {401: TRIES, 429: 4}


def test_an_ipv6_caller_is_counted_by_their_network(processes: list[Server]) -> None:
    new_user(email="amy@example.com")
    found = statuses(processes, lambda number: f"2001:db8:1:2::{number + 1:x}", TRIES + 4)
    assert found == {401: TRIES, 429: 4}


def test_https_is_believed_of_the_proxy_alone(start_server: Callable[..., Server]) -> None:
    server = start_server(SECURE="1", TRUSTED_PROXIES="127.0.0.1")
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    assert httpx.get(f"{server.url}/login/", headers=said).status_code == 200
    assert httpx.get(f"{server.url}/login/").status_code == 301
    with httpx.Client(transport=httpx.HTTPTransport(local_address=STRANGER)) as stranger:
        assert stranger.get(f"{server.url}/login/", headers=said).status_code == 301
