"""A sign-in with a third party under way: what the browser's session remembers until it comes back."""

import secrets
import time
from typing import Any

import msgspec
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import oidc
from accounts.limits import limit_third_party
from accounts.third_party import Provider
from chatchat.errors import ChatError

_FLOWS = "third_party"
_BROWSER = "third_party_browser"
_BIND_TOKEN = "third_party_bind_token"  # noqa: S105 - a key
LASTS = 600  # seconds
AT_ONCE = 5  # tabs that sign in at the same time


class InvalidState(ChatError):
    """No sign-in that this browser began, or one that is over."""

    code = "invalid_state"
    message = _("This sign-in was not begun in this browser, or too long ago. Start again.")


class Flow(msgspec.Struct, kw_only=True):
    """One sign-in, from leaving for the provider to coming back."""

    provider: str
    nonce: str
    verifier: str
    redirect_uri: str
    started: float
    #: Of the pages: ends with a redirect, and errors are pages.
    page: bool = False
    next: str = ""
    #: To link the identity to this person, by this session of theirs.
    user: int | None = None
    session: int | None = None


def begin(request: HttpRequest, provider: Provider, **values: Any) -> str:
    """Begin a flow in this browser; where to send it. Raises ``Away``, ``TooMany``."""
    limit_third_party(request)
    redirect_uri = request.build_absolute_uri(reverse("third-party-callback", args=(provider.id,)))
    begun = oidc.begin(provider, redirect_uri=redirect_uri)
    flow = Flow(
        provider=provider.id,
        nonce=begun.nonce,
        verifier=begun.verifier,
        redirect_uri=redirect_uri,
        started=time.time(),
        **values,
    )
    _remember(request.session, begun.state, flow)
    return begun.url


def _remember(session: SessionBase, state: str, flow: Flow) -> None:
    """Keep ``flow`` for the ``state`` that comes back; of many at once the oldest are forgotten."""
    flows: dict[str, Any] = dict(session.get(_FLOWS, {}))
    flows[state] = msgspec.to_builtins(flow)
    session[_FLOWS] = dict(list(flows.items())[-AT_ONCE:])
    _keep_short(session)


def take(session: SessionBase, state: str, *, provider: str) -> Flow:
    """What was remembered for ``state``, once. Raises ``InvalidState``, also at another provider's door."""
    flows: dict[str, Any] = dict(session.get(_FLOWS, {}))
    found = flows.pop(state, None)
    if found is None:
        raise InvalidState
    session[_FLOWS] = flows
    flow = msgspec.convert(found, Flow)
    if flow.provider != provider or time.time() - flow.started > LASTS:
        raise InvalidState
    return flow


def browser(session: SessionBase) -> str:
    """The secret by which a bind token knows this browser; "" where none was given one."""
    secret: str = session.get(_BROWSER, "")
    return secret


def mark_browser(session: SessionBase) -> str:
    """``browser``, given one if it has none yet."""
    if _BROWSER not in session:
        session[_BROWSER] = secrets.token_urlsafe(32)
        _keep_short(session)
    return browser(session)


def keep_bind_token(session: SessionBase, token: str) -> None:
    """For the bind page, which has it neither in its address nor in itself."""
    session[_BIND_TOKEN] = token


def bind_token(session: SessionBase) -> str:
    """What ``keep_bind_token`` kept; "" if nothing."""
    token: str = session.get(_BIND_TOKEN, "")
    return token


def forget_bind_token(session: SessionBase) -> None:
    """Once it was used."""
    session.pop(_BIND_TOKEN, None)


def _keep_short(session: SessionBase) -> None:
    """The session of somebody who is not signed in is not worth a month."""
    if SESSION_KEY not in session:
        session.set_expiry(2 * LASTS)
