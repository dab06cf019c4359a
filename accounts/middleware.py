"""Page and admin logins end with their Session."""

from typing import Any

from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth import middleware as auth
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import pages
from accounts.authentication import PAGE_SESSION_KEY, by_page
from accounts.models import User
from chatchat.errors import ChatError


def page_user(request: HttpRequest) -> User | AnonymousUser:
    """Whose browser this is, if their Session goes on; one query beside Django's own session."""
    page = request.session
    if SESSION_KEY not in page:
        return AnonymousUser()
    try:
        if PAGE_SESSION_KEY not in page:
            # Signed in by Django alone, as in the admin: a Session like any other from here on.
            return _adopt(request)
        _, session = by_page(page)
    except ChatError:
        page.flush()
        return AnonymousUser()
    return session.user


def _adopt(request: HttpRequest) -> User | AnonymousUser:
    user: Any = get_user(request)
    if isinstance(user, User):
        pages.attach(request, user)
        return user
    return AnonymousUser()


class AuthenticationMiddleware(auth.AuthenticationMiddleware):
    """Django's, but ``request.user`` is nobody once the Session was revoked or the person banned."""

    def process_request(self, request: HttpRequest) -> None:
        async def auser() -> Any:
            from asgiref.sync import sync_to_async

            return await sync_to_async(page_user)(request)

        request.user = SimpleLazyObject(lambda: page_user(request))  # type: ignore[assignment]
        request.auser = auser
