"""Registering with a mailed code."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.devmail import kept
from accounts.models import Session, User
from accounts.services import codes
from accounts.services.codes import CodeInvalid, Purpose
from tests.accounts.mails import another, is_chinese, mailed_code, newest_code
from tests.client import PASSWORD, ApiClient, error_code, ok
from tests.people import new_user
from tests.stack.server import Server


def body(code: str, **changes: Any) -> dict[str, Any]:
    return {"email": "li@example.com", "code": code, "password": PASSWORD, "nickname": "小李"} | changes


def test_a_mailed_code_makes_an_account_and_signs_in(nobody: ApiClient) -> None:
    asked = nobody.post("auth/email-codes", {"email": " Li@Example.com", "purpose": "register"})
    assert ok(asked, 202).json() == {"expires_in": 120, "resend_in": 60}
    answer = ok(nobody.post("auth/register", body(newest_code("li@example.com"))), 201).json()
    user = User.objects.get(email="li@example.com")
    assert answer["user"] == {
        "id": user.pk,
        "nickname": "小李",
        "avatar": None,
        "introduction": "",
        "email": "li@example.com",
        "language": "en",
        "created_at": answer["user"]["created_at"],
        "is_staff": False,
    }
    assert user.password.startswith("argon2")
    nobody.token = answer["access"]
    assert ok(nobody.get("users/me")).json() == answer["user"]
    assert Session.objects.get().user_id == user.pk


def test_a_code_is_good_for_one_use(nobody: ApiClient) -> None:
    code = mailed_code(nobody, "li@example.com", "register")
    ok(nobody.post("auth/register", body(code)), 201)
    assert error_code(ok(nobody.post("auth/register", body(code)), 400)) == "code_invalid"
    assert User.objects.count() == 1


def test_a_code_is_good_for_its_purpose_and_address_alone(nobody: ApiClient) -> None:
    new_user(email="amy@example.com")
    reset = mailed_code(nobody, "amy@example.com", "reset_password")
    register = mailed_code(nobody, "li@example.com", "register")
    foreign = [body(reset, email="amy@example.com"), body(reset), body(register, email="bo@example.com")]
    for attempt in foreign:
        assert error_code(ok(nobody.post("auth/register", attempt), 400)) == "code_invalid"
    ok(nobody.post("auth/register", body(register)), 201)


def test_five_tries_then_a_new_code_is_needed(nobody: ApiClient, no_limits: None) -> None:
    code = mailed_code(nobody, "li@example.com", "register")
    for _ in range(4):
        ok(nobody.post("auth/register", body(another(code))), 400)
    fifth = mailed_code(nobody, "li@example.com", "register")
    for _ in range(5):
        ok(nobody.post("auth/register", body(another(fifth))), 400)
    assert error_code(ok(nobody.post("auth/register", body(fifth)), 400)) == "code_invalid"
    ok(nobody.post("auth/register", body(mailed_code(nobody, "li@example.com", "register"))), 201)


def test_the_fifth_try_still_counts(nobody: ApiClient) -> None:
    code = mailed_code(nobody, "li@example.com", "register")
    for _ in range(4):
        ok(nobody.post("auth/register", body(another(code))), 400)
    ok(nobody.post("auth/register", body(code)), 201)


def test_the_newest_code_is_the_only_one(nobody: ApiClient, no_limits: None) -> None:
    old = mailed_code(nobody, "li@example.com", "register")
    new = mailed_code(nobody, "li@example.com", "register")
    if old != new:
        ok(nobody.post("auth/register", body(old)), 400)
    ok(nobody.post("auth/register", body(new)), 201)


def test_an_expired_code_is_refused(nobody: ApiClient, settings: Any) -> None:
    settings.EMAIL_CODE_SECONDS = 0
    code = mailed_code(nobody, "li@example.com", "register")
    assert error_code(ok(nobody.post("auth/register", body(code)), 400)) == "code_invalid"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "1234567890123"),
        ("password", "qwertyuiop"),
        ("password", "x" * 129),
        ("password", "nul\x00nul\x00nul"),
        ("password", 1234567890),
        ("nickname", ""),
        ("nickname", "   "),
        ("nickname", "x" * 33),
        ("nickname", "line\nbreak"),
        ("nickname", ["list"]),
        ("email", "not an address"),
        ("email", "li@example.com\nBcc: x@example.com"),
        ("email", "\u212aelvin@example.com"),
        ("email", None),
    ],
)
def test_what_else_is_wrong_does_not_burn_the_code(nobody: ApiClient, field: str, value: Any) -> None:
    code = mailed_code(nobody, "li@example.com", "register")
    refused = ok(nobody.post("auth/register", body(code, **{field: value})), 400)
    assert field in refused.json()["error"]["details"]
    ok(nobody.post("auth/register", body(code)), 201)


@pytest.mark.parametrize("nickname", ["x" * 32, "李", "🍣🍺", "O'Brien <b>"])
def test_nicknames_are_kept_as_typed(nobody: ApiClient, nickname: str) -> None:
    code = mailed_code(nobody, "li@example.com", "register")
    answer = ok(nobody.post("auth/register", body(code, nickname=f" {nickname} ")), 201).json()
    assert answer["user"]["nickname"] == nickname == User.objects.get().nickname


def test_a_taken_address_gets_a_note_instead_of_a_code(nobody: ApiClient) -> None:
    new_user(email="amy@example.com", language="zh-hans")
    ok(nobody.post("auth/email-codes", {"email": "AMY@example.com", "purpose": "register"}), 202)
    (note,) = kept()
    assert note["to"] == "amy@example.com"
    assert is_chinese(note["subject"])
    assert not any(character.isdigit() for character in note["text"].replace("localhost:8000", ""))


def _cost(
    call: Callable[[], httpx.Response], monkeypatch: pytest.MonkeyPatch
) -> tuple[httpx.Response, tuple[int, int]]:
    """A call's answer, and how many queries and password hashes it took."""
    hashes = 0
    hasher = type(hashers.get_hasher())
    encode, verify = hasher.encode, hasher.verify

    def counted_encode(self: Any, *args: Any) -> Any:
        nonlocal hashes
        hashes += 1
        return encode(self, *args)

    def counted_verify(self: Any, *args: Any) -> Any:
        nonlocal hashes
        hashes += 1
        return verify(self, *args)

    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as queries:
        patch.setattr(hasher, "encode", counted_encode)
        patch.setattr(hasher, "verify", counted_verify)
        answer = call()
    return answer, (len(queries), hashes)


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("auth/email-codes", {"purpose": "register"}),
        ("auth/email-codes", {"purpose": "reset_password"}),
        ("auth/register", {"code": "123456", "password": PASSWORD, "nickname": "Amy"}),
        ("auth/password/reset", {"code": "123456", "password": PASSWORD}),
        ("auth/token", {"password": "not the password"}),
    ],
)
def test_known_and_unknown_addresses_look_and_cost_the_same(
    nobody: ApiClient, monkeypatch: pytest.MonkeyPatch, path: str, more: dict[str, Any]
) -> None:
    new_user(email="known@example.com")
    answers, work = [], []
    for email in ("known@example.com", "unknown@example.com"):
        for _ in range(2):  # with and without a code that was asked for
            answer, cost = _cost(partial(nobody.post, path, {"email": email, **more}), monkeypatch)
            answers.append(answer)
            work.append(cost)
            if path != "auth/email-codes":
                purpose = "reset_password" if "reset" in path else "register"
                nobody.post("auth/email-codes", {"email": email, "purpose": purpose})
    known, unknown = answers[:2], answers[2:]
    for one, other in zip(known, unknown, strict=True):
        assert (one.status_code, one.text) == (other.status_code, other.text)
        assert sorted(one.headers) == sorted(other.headers)
    assert work[:2] == work[2:]
    if path == "auth/token":
        assert all(hashes == 1 for _, hashes in work)
        assert error_code(known[0]) == "invalid_credentials"


def test_a_taken_address_is_refused_as_a_wrong_code_is(nobody: ApiClient) -> None:
    """Also when it was free when the code was asked for."""
    code = mailed_code(nobody, "li@example.com", "register")
    new_user("The other Li", email="li@example.com")
    refused = ok(nobody.post("auth/register", body(code)), 400)
    wrong = ok(nobody.post("auth/register", body(code, email="bo@example.com")), 400)
    assert refused.json() == wrong.json()
    assert User.objects.get().nickname == "The other Li"


def test_a_domain_may_be_written_in_two_ways_and_is_one(nobody: ApiClient) -> None:
    code = mailed_code(nobody, "li@例子.中国", "register")
    answer = ok(nobody.post("auth/register", body(code, email="Li@XN--FSQU00A.xn--fiqs8s")), 201).json()
    assert answer["user"]["email"] == "li@xn--fsqu00a.xn--fiqs8s"
    ok(nobody.post("auth/token", {"email": "li@例子.中国", "password": PASSWORD}))


def test_of_many_uses_at_once_one_wins() -> None:
    code = codes.issue(purpose=Purpose.REGISTER, email="li@example.com")

    def use() -> bool:
        try:
            codes.check(purpose=Purpose.REGISTER, email="li@example.com", code=code).take()
        except CodeInvalid:
            return False
        return True

    for _ in range(20):
        code = codes.issue(purpose=Purpose.REGISTER, email="li@example.com")
        with ThreadPoolExecutor(5) as threads:
            assert sum(threads.map(lambda _: use(), range(5))) == 1
        assert not use()


def test_tries_are_counted_exactly_however_many_come_at_once() -> None:
    code = codes.issue(purpose=Purpose.REGISTER, email="li@example.com")
    compared: list[bool] = []

    def attempt(guess: str) -> None:
        try:
            codes.check(purpose=Purpose.REGISTER, email="li@example.com", code=guess)
        except CodeInvalid:
            return
        compared.append(True)

    with ThreadPoolExecutor(16) as threads:
        # Everyone knows the code, and takes nothing: five may look, no more.
        list(threads.map(attempt, [code] * 64))
    assert len(compared) == 5


def test_two_registrations_at_once_with_one_code_make_one_account(server: Server) -> None:
    clients = [ApiClient(server.url) for _ in range(4)]
    code = clients[0].email_code("li@example.com")
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda client: client.post("auth/register", body(code)), clients))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    assert User.objects.filter(email="li@example.com").count() == 1
