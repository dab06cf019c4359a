"""Page and admin logins end with their Session; nobody asks without end."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth import middleware as auth
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from accounts import pages, tokens
from accounts.authentication import PAGE_SESSION_KEY, bearer, by_page
from accounts.limits import limit_request
from accounts.models import User
from chatchat.api import as_chat_error, plain_refusal
from chatchat.errors import ChatError, NotAuthenticated


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


class LimitRequests(MiddlewareMixin):
    """A limit on requests of every kind, whatever stricter ones a view has; static files are not counted.

    Counted is whom the request says it is from, if what says so is ours; whether that still holds, the
    view finds out. A forged or expired token counts for the IP.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        try:
            limit_request(request, user_id=_claimed(request))
        except Exception as error:  # nothing behind this method would word it
            refusal = as_chat_error(error)
            if refusal is None:
                raise
            return plain_refusal(request, refusal)
        return None


def _claimed(request: HttpRequest) -> int | None:
    token = bearer(request)
    try:
        if token is not None:
            return tokens.read_access(token).user_id
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            return int(request.session[SESSION_KEY])
    except (NotAuthenticated, KeyError, ValueError):
        pass
    return None
