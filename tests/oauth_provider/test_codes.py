"""What may go wrong between an authorization request and its tokens is refused."""

import hashlib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from oauth_provider import services
from oauth_provider.models import AccessToken, Grant, RefreshToken
from tests.oauth_provider.common import (
    Flow,
    alive,
    answered,
    browser,
    call,
    client,
    person,
    refresh,
    userinfo,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def window() -> Any:
    client()
    return browser(person())


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short"},
        {"code_challenge": "x" * 44},
        {"code_challenge": "!" * 43},
    ],
)
def test_every_client_must_use_pkce_with_s256(window: Any, changes: dict[str, Any]) -> None:
    flow = Flow(**changes)
    answer = answered(flow.ask(window))
    assert answer["error"] == "invalid_request"
    assert answer["state"] == flow.state


@pytest.mark.parametrize(
    "response_type",
    [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "code id_token token",
        "none",
    ],
)
def test_there_is_neither_an_implicit_nor_a_hybrid_flow(window: Any, response_type: str) -> None:
    answer = Flow(response_type=response_type).ask(window)
    assert answered(answer)["error"] == "unsupported_response_type"
    assert "#" not in answer["Location"]


def test_a_wrong_or_missing_verifier_gets_nothing(window: Any) -> None:
    flow = Flow()
    code = flow.code(window)
    assert flow.exchange(code, code_verifier="y" * 60).json()["error"] == "invalid_grant"
    assert flow.exchange(code, code_verifier=None).status_code == 400
    assert AccessToken.objects.count() == 0
    assert flow.exchange(code).status_code == 200


def test_a_code_is_good_for_its_own_client_and_address_only(window: Any) -> None:
    client("other", redirect_uris="https://app.example/cb")
    flow = Flow()
    code = flow.code(window)
    flow.client_id = "other"
    assert flow.exchange(code).json()["error"] == "invalid_grant"
    flow.client_id = "app"
    assert flow.exchange(code, redirect_uri="https://app.example/other").status_code == 400
    assert flow.exchange(code, redirect_uri=None).json()["error"] == "invalid_request"
    assert AccessToken.objects.filter(application__client_id="other").count() == 0


def test_a_replayed_code_is_refused_and_ends_what_it_issued(window: Any) -> None:
    flow = Flow()
    code = flow.code(window)
    first = flow.exchange(code).json()
    second = refresh(first["refresh_token"]).json()
    replay = flow.exchange(code)
    assert replay.status_code == 400
    assert replay.json()["error"] == "invalid_grant"
    assert not alive(second["access_token"])
    assert userinfo(second["access_token"]).status_code == 401
    assert refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_code_is_good_for_a_minute(window: Any) -> None:
    flow = Flow()
    code = flow.code(window)
    assert Grant.objects.get().expires <= timezone.now() + timedelta(seconds=60)
    Grant.objects.update(expires=timezone.now())
    assert flow.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("end", ["password", "active"])
def test_a_code_dies_with_its_persons_password_or_account(end: str) -> None:
    client()
    mei = person("mei")
    flow = Flow()
    code = flow.code(browser(mei))
    if end == "password":
        services.set_password(person=mei, password="another password")
    else:
        services.set_active(person=mei, active=False)
    assert flow.exchange(code).json()["error"] == "invalid_grant"


def test_codes_tokens_and_secrets_are_nowhere_in_clear(window: Any) -> None:
    flow = Flow()
    code = flow.code(window)
    tokens = flow.exchange(code).json()
    with connection.cursor() as cursor:
        everything = ""
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("oauth", "django_session")):
                cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of the database's own
                everything += repr(cursor.fetchall())
    for secret in (code, tokens["access_token"], tokens["refresh_token"], tokens["id_token"]):
        assert secret not in everything
    assert "a-secret-of-a-client" not in everything
    assert hashlib.sha256(code.encode()).hexdigest() in everything
    assert RefreshToken.objects.get().token == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["code", "refresh"])
def test_of_many_who_exchange_the_same_at_once_none_keeps_anything(what: str) -> None:
    client()
    window = browser(person())
    flow = Flow()
    code = flow.code(window)
    if what == "refresh":
        token = flow.exchange(code).json()["refresh_token"]
    answers: list[Any] = []

    def try_it() -> None:
        try:
            answers.append(flow.exchange(code) if what == "code" else refresh(token))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=try_it) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 400, 400, 400, 400]
    won = next(answer for answer in answers if answer.status_code == 200).json()
    assert not alive(won["access_token"])
    assert refresh(won["refresh_token"]).status_code == 400
    assert AccessToken.objects.count() == 0
    assert call("token", {"grant_type": "refresh_token", "refresh_token": "x"}).status_code == 400
