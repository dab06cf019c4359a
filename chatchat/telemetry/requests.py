"""One line and one count a request, and the id by which it is found again: ``X-Request-ID``."""

import asyncio
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from chatchat import proxies, ratelimit
from chatchat.telemetry import metrics

log = structlog.get_logger("chatchat.request")

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:-]{8,128}")
#: What no address of ours matched. The path itself is never told: it may hold a token.
NO_ROUTE = "-"
STATIC = "static"
#: The client has left while its request was under way; nobody is told (the number is nginx's).
CLIENT_LEFT = 499
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@sync_and_async_middleware
def middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Django's middleware, the first but for the probes: what it sees is what the client gets."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            with _followed(request) as done:
                try:
                    return done(await get_response(request))
                except asyncio.CancelledError:
                    # An answer like any other for what stands before this, which ends its span by it.
                    return done(HttpResponse(status=CLIENT_LEFT))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        with _followed(request) as done:
            return done(get_response(request))

    return synchronous


@contextmanager
def _followed(request: HttpRequest) -> Iterator[Callable[[HttpResponseBase], HttpResponseBase]]:
    id_, started = request_id(request), time.perf_counter()

    def done(response: HttpResponseBase) -> HttpResponseBase:
        response.headers[HEADER] = id_
        _tell(request, response, time.perf_counter() - started)
        return response

    metrics.requests_open.inc()
    try:
        with structlog.contextvars.bound_contextvars(request_id=id_):
            yield done
    finally:
        metrics.requests_open.dec()


def request_id(request: HttpRequest) -> str:
    """What the proxy calls this request, if there is one that we trust; otherwise a name of ours."""
    given = request.headers.get(HEADER, "")
    if given and proxies.forwarded(request) and _SANE.fullmatch(given):
        return given
    return uuid.uuid4().hex


def route_of(request: HttpRequest) -> str:
    """The pattern of the address that was asked for: ``api/v1/groups/<id:pk>``."""
    match = request.resolver_match
    if match is not None:
        return match.route or "/"
    return STATIC if request.path.startswith(settings.STATIC_URL) else NO_ROUTE


def user_id_of(request: HttpRequest) -> int | None:
    """Who asked, if that was looked up; nothing is looked up for a line."""
    user = vars(request).get("user")
    # Django's own is lazy: unevaluated, nobody wanted to know.
    wrapped = getattr(user, "_wrapped", user)
    id_ = getattr(wrapped, "pk", None)
    return id_ if isinstance(id_, int) else None


def _tell(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    route, status = route_of(request), response.status_code
    method = request.method if request.method in METHODS else "other"
    metrics.requests.labels(method, route, str(status)).inc()
    metrics.request_seconds.labels(method, route).observe(seconds)
    if route == STATIC and status < 500:
        return  # a page asks for a dozen
    tell = log.info if status < 500 else log.warning
    tell(
        "request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        user=user_id_of(request),
        ip=ratelimit.raw_ip(request),
        **getattr(request, "trace_ids", {}),
    )
