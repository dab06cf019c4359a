"""Page logins: Django's session cookie, standing for a Session like any other."""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, login, logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.authentication import PAGE_SESSION_KEY
from accounts.models import Session, User
from accounts.services import sessions
from chatchat.errors import NotFound
from chatchat.ratelimit import raw_ip


def sign_in(request: HttpRequest, user: User) -> Session:
    """Sign the browser in as ``user``, whom ``passwords.authenticate`` has returned. Raises Banned."""
    if request.session.get(PAGE_SESSION_KEY) is not None:
        logout(request)  # whoever was here before: their Session ends too
    request.session.set_expiry(None)  # a sign-in with a third party begins with a short one
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return attach(request, user)


def signed_in(request: HttpRequest) -> User:
    """Who is signed in, where somebody is."""
    return cast(User, request.user)


def session_id(request: HttpRequest) -> int:
    """Which of their Sessions this browser's is, where somebody is signed in."""
    return int(request.session[PAGE_SESSION_KEY])


def remember_language(request: HttpRequest, response: HttpResponseBase, language: str) -> None:
    """Show the pages in ``language`` from now on, in this browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=request.is_secure(),
        samesite="Lax",
    )


def sign_out(request: HttpRequest) -> None:
    """End the browser's Session, and with it its sockets."""
    logout(request)


def attach(request: HttpRequest, user: User) -> Session:
    """Let the browser, in which Django has just signed ``user`` in, have a Session."""
    agent = "".join(
        character for character in request.META.get("HTTP_USER_AGENT", "") if character.isprintable()
    )
    session = sessions.begin(user=user, device=agent[:200], ip=raw_ip(request) or None)
    request.session[PAGE_SESSION_KEY] = session.pk
    return session


def keep_signed_in(request: HttpRequest, user: User) -> None:
    """After ``user`` has changed their password: the browser that did so stays signed in."""
    if request.session.get(SESSION_KEY) == str(user.pk):
        request.session.cycle_key()
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def end_with_logout(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Django's signal on its way out, from whichever door: the Session ends too."""
    session_id = request.session.get(PAGE_SESSION_KEY) if request is not None else None
    if session_id is None or not isinstance(user, User):
        return
    try:
        sessions.end(user_id=user.pk, session_id=session_id, reason="logout")
    except NotFound:  # revoked already
        return
