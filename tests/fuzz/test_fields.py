"""Fields: each with every wrong value; text, times and numbers that databases trip over."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import ApiClient, ok
from tests.fuzz.common import in_order
from tests.fuzz.samples import TEXTS, TIMES, WRONG_VALUES
from tests.people import sign_in
from tests.stack.server import Server

#: The calls are dealt out, so that no test takes too long.
PARTS = 4


def calls(amy: ApiClient) -> list[tuple[str, str, dict[str, Any]]]:
    """Every call with a body, with one that is right but for what is put in."""
    group = amy.create_group(name="fuzzed")
    seq = amy.send_message(group, "hello")["seq"]
    messages = f"conversations/{group}/messages"
    text: dict[str, Any] = {
        "client_id": str(uuid.uuid4()),
        "kind": "text",
        "body": "hi",
        "reply_to": None,
        "attachments": [],
    }
    code = {"email": "a@example.com", "code": "123456", "password": "correct horse battery"}
    return [
        ("POST", "auth/email-codes", {"email": "a@example.com", "purpose": "register"}),
        ("POST", "auth/register", {**code, "nickname": "A"}),
        ("POST", "auth/token", {"email": "a@example.com", "password": "correct horse battery"}),
        ("POST", "auth/token/refresh", {"refresh": "x"}),
        ("POST", "auth/password/reset", code),
        ("POST", "auth/password/change", {"password": "correct horse battery", "current_password": "x"}),
        ("POST", "auth/password/change", {"password": "correct horse battery", "code": "x"}),
        ("POST", "auth/email/change", {"email": "a@example.com", "code": "1", "current_password": "x"}),
        ("PATCH", "users/me", {"nickname": "A", "introduction": "b", "language": "en"}),
        ("DELETE", "users/me", {"current_password": "x"}),
        ("POST", "friend-requests", {"user": 1, "greeting": "x"}),
        ("PATCH", f"friends/{amy.id}", {"remark": "x"}),
        ("POST", "groups", {"name": "x", "introduction": "", "join_policy": "open", "history": "all"}),
        (
            "PATCH",
            f"groups/{group}",
            {"name": "x", "introduction": "", "announcement": "", "muted_all": False, "join_policy": "open"},
        ),
        ("POST", f"groups/{group}/join", {"invitation": "x", "message": "x"}),
        ("POST", f"groups/{group}/transfer", {"user": 1}),
        (
            "PATCH",
            f"groups/{group}/members/{amy.id}",
            {"role": "admin", "muted_until": "2030-01-01T00:00:00Z"},
        ),
        ("POST", f"groups/{group}/invitations", {"expires_in": 60, "max_uses": 1}),
        ("POST", messages, text),
        ("PATCH", f"{messages}/{seq}", {"body": "x"}),
        ("PUT", f"conversations/{group}/read", {"seq": 1}),
        ("POST", "offline/ack", {"conversation": group, "seq": 1}),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_field_with_every_wrong_value(amy: ApiClient, part: int) -> None:
    headers = {"Content-Type": "application/json"}
    for method, path, right in calls(amy)[part::PARTS]:
        for name in right:
            for value in WRONG_VALUES:
                body = json.dumps({**right, name: value})
                answer = amy.request(method, path, content=body, headers=headers)
                in_order(answer, (method, path, name, value))
            without = {key: value for key, value in right.items() if key != name}
            in_order(amy.request(method, path, json=without), (method, path, "without", name))
        in_order(amy.request(method, path, json={**right, "more": 1}), (method, path, "one more"))


def test_times_at_the_edge_of_the_calendar(amy: ApiClient, person: Callable[..., ApiClient]) -> None:
    bob = person("Bob")
    group = amy.create_group(bob)
    for time in TIMES:
        in_order(amy.patch(f"groups/{group}/members/{bob.id}", {"muted_until": time}), time)
        in_order(amy.get(f"groups/{group}/members"), time)
        in_order(bob.get(f"conversations/{group}"), time)


def test_every_character_comes_back_as_it_was(amy: ApiClient, person: Callable[..., ApiClient]) -> None:
    bob = person("Bob")
    direct = amy.befriend(bob)
    for text in TEXTS:
        name = f"x{text}x"
        assert (
            ok(amy.patch("users/me", {"nickname": name[:32], "introduction": name})).json()["introduction"]
            == name
        )
        assert ok(amy.patch(f"friends/{bob.id}", {"remark": name})).json()["remark"] == name
        group = ok(amy.post("groups", {"name": name, "introduction": name}), 201).json()
        assert (group["name"], group["introduction"]) == (name, name)
        assert group["id"] in [row["id"] for row in ok(amy.get("groups", search=name)).json()["results"]]
        assert amy.id in [row["id"] for row in ok(bob.get("users", search=name)).json()["results"]]
        sent = amy.send_message(direct, text)
        assert bob.history(direct)[-1]["body"] == text
        assert (
            ok(amy.patch(f"conversations/{direct}/messages/{sent['seq']}", {"body": name})).json()["body"]
            == name
        )


def test_a_client_id_is_a_string_on_both_doors(amy: ApiClient) -> None:
    path = f"conversations/{amy.create_group()}/messages"
    samples: list[Any] = [5, 0, True, 2**127, [], {}, None, "5", "x" * 36]
    for wrong in samples:
        answer = amy.post(path, {"client_id": wrong, "kind": "text", "body": "hello"})
        assert answer.status_code == 400, (wrong, answer.text)


def test_strings_that_databases_hold_equal(amy: ApiClient, server: Server) -> None:
    group = amy.create_group()
    id_ = "abcdefab-cdef-4abc-8def-abcdefabcdef"
    first = amy.send_message(group, "one", client_id=id_)
    again = amy.send_message(group, "one", client_id=id_.upper())
    assert again["seq"] == first["seq"], "a UUID is the same in capitals"
    reactions = f"conversations/{group}/messages/{first['seq']}/reactions"
    for emoji in ("🍣", "🍺", "👍", "👍🏽", "❤", "❤️"):
        ok(amy.put(f"{reactions}/{emoji}"), 204)
    shown = ok(amy.get(f"conversations/{group}/messages")).json()["results"][-1]["reactions"]
    assert [(one["emoji"], one["count"]) for one in shown] == [
        (emoji, 1) for emoji in ("🍣", "🍺", "👍", "👍🏽", "❤", "❤️")
    ]
    for email in ("josé@example.com", "jose@example.com ", " jose@example.com", "JOSE@example.com"):
        in_order(amy.post("auth/token", {"email": email, "password": "x"}))


def test_addresses_that_differ_in_an_accent_are_two_people(server: Server, amy: ApiClient) -> None:
    first = sign_in(ApiClient(server.url), "Ann", email="ann@exaemple.com")
    other = sign_in(ApiClient(server.url), "Ann", email="ann@exæmple.com")
    assert first.id != other.id
    found = ok(amy.get("users", search="ANN@exaemple.com ")).json()["results"]
    assert [row["id"] for row in found] == [first.id]
    first.close()
    other.close()
