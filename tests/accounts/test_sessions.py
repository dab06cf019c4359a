"""Sessions: listed, ended, at most ten a person."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from accounts.hashers import BoundedArgon2
from accounts.models import Revocation, Session, User
from accounts.services.sessions import begin_with_tokens
from chatchat.clock import now
from chatchat.realtime import Revoked, outlet
from tests.client import PASSWORD, ApiClient, ok
from tests.people import new_user
from tests.stack.server import Server


def sessions(client: ApiClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(client.get("auth/sessions")).json()["results"]
    return found


def test_sessions_are_listed_with_the_current_one_marked(amy: ApiClient) -> None:
    other = amy.another_device()
    listed = sessions(other)
    assert [session["current"] for session in listed] == [True, False]
    assert set(listed[0]) == {"id", "device", "ip", "created_at", "last_seen_at", "current"}
    assert listed[0]["device"].startswith("python-httpx")
    assert listed[0]["ip"] == "127.0.0.1"


@pytest.mark.django_db(transaction=True)
def test_an_ended_session_is_refused_at_the_next_request(amy: ApiClient) -> None:
    other = amy.another_device()
    ended = sessions(other)[0]["id"]
    with outlet.observe() as events:
        ok(amy.delete(f"auth/sessions/{ended}"), 204)
    row = Revocation.objects.get()
    assert events == [Revoked(row.pk, "session", amy.id, ended, None, "revoked")]
    ok(other.get("users/me"), 401)
    ok(other.post("auth/token/refresh", {"refresh": other.refresh_token}), 401)
    ok(amy.get("users/me"))
    assert len(sessions(amy)) == 1
    ok(amy.delete(f"auth/sessions/{ended}"), 404)


def test_nobody_ends_anybody_elses_session(amy: ApiClient, bob: ApiClient) -> None:
    foreign = sessions(amy)[0]["id"]
    for session_id in (foreign, 10**9, 2**63 - 1):
        ok(bob.delete(f"auth/sessions/{session_id}"), 404)
    ok(bob.delete(f"auth/sessions/{10**19}"), 404)
    ok(amy.get("users/me"))
    assert not Revocation.objects.exists()


def test_logging_out_ends_this_session_alone(amy: ApiClient) -> None:
    other = amy.another_device()
    ok(other.post("auth/logout"), 204)
    ok(other.get("users/me"), 401)
    ok(other.post("auth/logout"), 401)
    ok(amy.get("users/me"))
    assert Revocation.objects.get().reason == "logout"


def test_the_eleventh_device_signs_out_the_one_unused_longest(nobody: ApiClient) -> None:
    user = new_user()
    begun = [begin_with_tokens(user=user)[0] for _ in range(10)]
    for age, session in enumerate(begun):
        Session.objects.filter(pk=session.pk).update(last_seen_at=now() - timedelta(hours=age))
    begin_with_tokens(user=user)
    ended = Session.objects.get(revoked_at__isnull=False)
    assert ended.pk == begun[-1].pk
    row = Revocation.objects.get()
    assert (row.session_id, row.reason) == (ended.pk, "too_many_sessions")


def test_what_has_run_out_neither_counts_nor_shows(amy: ApiClient) -> None:
    dead, _ = begin_with_tokens(user=new_user())
    Session.objects.filter(pk=dead.pk).update(user=amy.id, last_seen_at=now() - timedelta(days=31))
    assert len(sessions(amy)) == 1


def test_logins_at_once_stay_within_the_limit(server: Server) -> None:
    user = new_user()
    # Hashed at the server's own price, or each login would hash it anew.
    User.objects.filter(pk=user.pk).update(
        password=BoundedArgon2().encode(PASSWORD, "0123456789abcdefghijkl")
    )
    url, body = f"{server.url}/api/v1/auth/token", {"email": user.email, "password": PASSWORD}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: httpx.post(url, json=body, timeout=60), range(13)))
    assert {answer.status_code for answer in answers} == {200}
    assert Session.objects.filter(user=user, revoked_at__isnull=True).count() == 10
    assert Revocation.objects.filter(user=user).count() == 3


def test_sessions_page_by_cursor(amy: ApiClient, django_assert_num_queries: Callable[..., Any]) -> None:
    amy.another_device()
    first = ok(amy.get("auth/sessions", limit=1)).json()
    second = ok(amy.get("auth/sessions", limit=1, cursor=first["next"])).json()
    assert first["results"][0]["id"] > second["results"][0]["id"]
    assert second["next"] is None
    with django_assert_num_queries(2):
        ok(amy.get("auth/sessions"))
    ok(amy.get("auth/sessions", cursor="nonsense"), 400)
