"""People made by the services, and the ORM for tests that run in an event loop."""

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.http import HttpRequest

from accounts import pages
from accounts.models import User
from accounts.services.sessions import begin_with_tokens
from tests import canaries
from tests.client import PASSWORD, ApiClient, ok

T = TypeVar("T")

AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)

_numbers = itertools.count(1)


def orm(call: Callable[[], T]) -> T:
    """What `call` returns: `orm(lambda: Message.objects.count())`, in a test that is async or not."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call()

    def in_thread() -> T:
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(in_thread).result()


def new_user(nickname: str = "", *, email: str = "", password: str = PASSWORD, **fields: Any) -> User:
    """Somebody new."""
    number = next(_numbers)
    nickname = nickname or f"Person {number}"
    email = email or f"p{number}@example.com"
    canaries.plant(password, "a password")
    return orm(lambda: User.objects.create_user(email, password, nickname=nickname, **fields))


def signed_in(user_id: int) -> dict[str, str]:
    """The cookies of a browser in which this person has just signed in."""

    def begin() -> dict[str, str]:
        request = HttpRequest()
        request.META["HTTP_USER_AGENT"] = AGENT
        request.session = SessionStore()
        pages.sign_in(request, User.objects.get(pk=user_id))
        request.session.save()
        canaries.plant(request.session.session_key, "a session")
        return {settings.SESSION_COOKIE_NAME: str(request.session.session_key)}

    return orm(begin)


def sign_in(client: ApiClient, user: User | str = "", **fields: Any) -> ApiClient:
    """The client, signed in as this person, or as somebody new of this nickname."""
    somebody = user if isinstance(user, User) else new_user(user, **fields)
    _, pair = orm(lambda: begin_with_tokens(user=somebody))
    client.token, client.refresh_token = pair.access, pair.refresh
    canaries.plant(pair.access, "a token")
    canaries.plant(pair.refresh, "a token")
    client.email, client.password = str(somebody.email), fields.get("password", PASSWORD)
    client.user = ok(client.get("users/me")).json()
    return client
