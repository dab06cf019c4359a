"""What every answer has in common: the content policy, and refusals of page views shown as a page."""

import io
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from redis.exceptions import RedisError

from chatchat.api import as_chat_error, plain_refusal
from chatchat.errors import ChatError
from chatchat.telemetry import metrics

#: Nothing inline, nothing from elsewhere; the socket is of the site's own origin.
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


@sync_and_async_middleware
def content_policy(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """A strict Content-Security-Policy on every answer, the admin's and the API page's included."""

    def marked(response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        return response

    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            return marked(await get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        return marked(get_response(request))

    return synchronous


@sync_and_async_middleware
def measured_bodies(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give a chunked body, which Django has read whole by now, the length that it lacks."""

    def measure(request: HttpRequest) -> None:
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            stream: Any = getattr(request, "_stream", None)
            if hasattr(stream, "seek"):  # ASGI's temporary file
                request.META["CONTENT_LENGTH"] = str(stream.seek(0, io.SEEK_END))
                stream.seek(0)

    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            measure(request)
            response: HttpResponseBase = await get_response(request)
            return response

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        measure(request)
        response: HttpResponseBase = get_response(request)
        return response

    return synchronous


class RefusalMiddleware:
    """What a page view refuses, or a part that is away, is shown as the error page; bugs stay a 500."""

    sync_capable = True
    async_capable = True

    def __init__(
        self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
    ) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ChatError | OperationalError | InterfaceError | RedisError):
            return None
        error = as_chat_error(exception)
        if error is None:
            return None
        metrics.refusals.labels("pages", error.code).inc()
        return plain_refusal(request, error)
