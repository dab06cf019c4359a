"""Below /provider/ the session and the person are the provider's; the chat's are put back afterwards."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from oauth_provider.conf import LANGUAGE_COOKIE, MOUNT, SESSION_AGE, SESSION_COOKIE
from oauth_provider.sessions import SessionStore, signed_in


@dataclass(frozen=True)
class _Chats:
    """What the chat's middleware has put on the request, and takes up again on the way out."""

    session: Any
    user: Any
    auser: Any
    csrf: str | None


class ProviderMiddleware:
    """Stands after the chat's sessions, people and CSRF protection; elsewhere it does nothing at all."""

    sync_capable = True
    async_capable = True

    def __init__(
        self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
    ) -> None:
        self.get_response: Any = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if not request.path_info.startswith(MOUNT):
            response: HttpResponseBase | Awaitable[HttpResponseBase] = self.get_response(request)
            return response
        return self._asynchronous(request) if self.is_async else self._synchronous(request)

    def _synchronous(self, request: HttpRequest) -> HttpResponseBase:
        chats = _enter(request)
        try:
            return _keep(request, self.get_response(request))
        finally:
            _leave(request, chats)

    async def _asynchronous(self, request: HttpRequest) -> HttpResponseBase:
        chats = _enter(request)
        try:
            response = await self.get_response(request)
            return await sync_to_async(_keep)(request, response)
        finally:
            _leave(request, chats)


def _enter(request: HttpRequest) -> _Chats:
    chats = _Chats(
        session=request.session,
        user=request.user,
        auser=request.auser,
        csrf=request.META.pop("CSRF_COOKIE", None),
    )
    own: Any = SessionStore(request.COOKIES.get(SESSION_COOKIE))
    request.session = own
    person: Any = SimpleLazyObject(lambda: signed_in(own))
    request.user = person

    async def auser() -> Any:
        return await sync_to_async(signed_in)(own)

    request.auser = auser
    language = request.COOKIES.get(LANGUAGE_COOKIE)
    if language in dict(settings.LANGUAGES):
        translation.activate(language)
    return chats


def _leave(request: HttpRequest, chats: _Chats) -> None:
    request.session = chats.session
    request.user = chats.user
    request.auser = chats.auser
    request.META.pop("CSRF_COOKIE_NEEDS_UPDATE", None)
    request.META.pop("CSRF_COOKIE", None)
    if chats.csrf is not None:
        request.META["CSRF_COOKIE"] = chats.csrf


def _keep(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Save the provider's session and tell the browser, as Django's own middleware does for the chat's."""
    session = request.session
    if session.is_empty():
        if SESSION_COOKIE in request.COOKIES:
            response.delete_cookie(SESSION_COOKIE, path=MOUNT, samesite="Lax")
        return response
    if session.modified and response.status_code < 500:
        try:
            session.save()
        except UpdateError:  # signed out in another window meanwhile
            response.delete_cookie(SESSION_COOKIE, path=MOUNT, samesite="Lax")
            return response
        response.set_cookie(
            SESSION_COOKIE,
            session.session_key or "",
            max_age=int(SESSION_AGE.total_seconds()),
            path=MOUNT,
            secure=settings.SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
