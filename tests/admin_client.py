"""Django's test client beside the `api` fixture's, in one test, and what moderators do with it."""

from typing import Any

from django.contrib.auth.models import Group
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from accounts.models import User
from tests.people import new_user


class AdminClient(Client):
    """After each request Django's client connects the handler again that `api` has disconnected."""

    def request(self, **fields: Any) -> Any:
        try:
            return super().request(**fields)
        finally:
            for signal in (request_started, request_finished):
                signal.disconnect(close_old_connections)


def staff(role: str = "", nickname: str = "") -> User:
    """Somebody new who may enter the admin: moderator, administrator, superuser, or, "", nothing more."""
    user = new_user(nickname or role.title() or "Staff", is_staff=True, is_superuser=role == "superuser")
    if role in ("moderator", "administrator"):
        user.groups.add(Group.objects.get(name=role))
    return user


def entered(user: User) -> Client:
    """A browser in which this person is signed in."""
    client = AdminClient()
    client.force_login(user)
    return client


def act(client: Client, model: str, action: str, *rows: Any, reason: str = "because", **answers: str) -> str:
    """Mark rows of ``app/model``, choose an action, confirm it with a reason; what is shown then."""
    url = f"/admin/{model}/"
    marked = {"action": action, "_selected_action": [getattr(row, "pk", row) for row in rows]}
    asked = client.post(url, marked, follow=True)
    assert asked.status_code == 200
    done = client.post(
        url, {**marked, "confirmed": "1", "back": url, "reason": reason, **answers}, follow=True
    )
    assert done.status_code == 200
    return done.content.decode()
