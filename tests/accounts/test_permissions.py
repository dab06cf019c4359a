"""Who may do what: each route for nobody, the banned, the deleted, the signed out."""

from typing import Any

import pytest

from accounts.devmail import kept
from accounts.models import Revocation, Session, User
from accounts.services import bans, deletion
from accounts.services.sessions import end_all
from tests.accounts.pictures import png
from tests.client import PASSWORD, ApiClient, error_code, ok

NEW = "staple horse battery"
SIGNED_IN_ONLY: list[tuple[str, str, Any]] = [
    ("GET", "auth/session", None),
    ("GET", "auth/sessions", None),
    ("DELETE", "auth/sessions/1", None),
    ("POST", "auth/logout", None),
    ("POST", "auth/email-codes", {"email": "amy@example.com", "purpose": "change_password"}),
    ("POST", "auth/email-codes", {"email": "new@example.com", "purpose": "change_email"}),
    ("POST", "auth/password/change", {"password": NEW, "current_password": PASSWORD}),
    (
        "POST",
        "auth/email/change",
        {"email": "new@example.com", "code": "123456", "current_password": PASSWORD},
    ),
    ("GET", "users/me", None),
    ("PATCH", "users/me", {"nickname": "Changed"}),
    ("DELETE", "users/me", {"current_password": PASSWORD}),
    ("PUT", "users/me/avatar", "picture"),
    ("DELETE", "users/me/avatar", None),
    ("GET", "users?search=a", None),
    ("GET", "users/1", None),
]


def call(client: ApiClient, method: str, path: str, body: Any) -> Any:
    if body == "picture":
        return client.request(method, path, files={"image": png()})
    return client.request(method, path, **({} if body is None else {"json": body}))


def state() -> Any:
    return (
        list(User.objects.order_by("pk").values()),
        list(Session.objects.order_by("pk").values()),
        list(Revocation.objects.order_by("pk").values()),
        kept(),
    )


@pytest.mark.parametrize(("method", "path", "body"), SIGNED_IN_ONLY)
@pytest.mark.parametrize("who", ["nobody", "stale", "signed out", "banned", "deleted"])
def test_without_a_live_session_nothing_happens(
    amy: ApiClient, who: str, method: str, path: str, body: Any
) -> None:
    match who:
        case "nobody":
            amy.token = None
        case "stale":
            amy.token = "x.y.z"
        case "signed out":
            end_all(user_id=amy.id, reason="revoked")
        case "banned":
            bans.ban_person(user_id=amy.id)
        case "deleted":
            deletion.erase_person(user_id=amy.id)
    before = state()
    answer = call(amy, method, path, body)
    assert answer.status_code == (403 if who == "banned" else 401), answer.text
    assert error_code(answer) == ("banned" if who == "banned" else "not_authenticated")
    assert state() == before


@pytest.mark.parametrize(("method", "path", "body"), SIGNED_IN_ONLY)
def test_what_somebody_does_changes_nobody_else(
    amy: ApiClient, bob: ApiClient, method: str, path: str, body: Any
) -> None:
    def bobs() -> Any:
        return list(User.objects.filter(pk=bob.id).values()), list(
            Session.objects.filter(user=bob.id).values("pk", "revoked_at", "refresh_jti")
        )

    before = bobs()
    foreign = before[1][0]["pk"]
    call(amy, method, path.replace("/1", f"/{foreign}"), body)
    assert bobs() == before
    ok(bob.get("users/me"))


@pytest.mark.parametrize(
    "path",
    [
        "auth/email-codes",
        "auth/register",
        "auth/token",
        "auth/token/refresh",
        "auth/session",
        "auth/sessions",
        "auth/sessions/1",
        "auth/logout",
        "auth/password/reset",
        "auth/password/change",
        "auth/email/change",
        "users",
        "users/me",
        "users/me/avatar",
        "users/1",
    ],
)
def test_other_methods_are_refused_in_the_envelope(amy: ApiClient, path: str) -> None:
    allowed = {"OPTIONS"} | {
        method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if _takes(amy, method, path)
    }
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        if method not in allowed:
            answer = ok(amy.request(method, path, json={}), 405)
            assert answer.json()["error"]["code"] == "method_not_allowed"
            assert set(answer.headers["Allow"].split(", ")) == allowed | (
                {"HEAD"} if "HEAD" in answer.headers["Allow"] else set()
            )


def _takes(client: ApiClient, method: str, path: str) -> bool:
    from django.urls import resolve

    view = resolve(f"/api/v1/{path}").func
    return hasattr(view.view_class, method.lower())  # type: ignore[attr-defined]
