"""From where the present request comes, for what is written down of it far from the request itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from chatchat.ratelimit import raw_ip

_address: ContextVar[str | None] = ContextVar("address", default=None)


def address() -> str | None:
    """The caller's IP address; None outside a request, as in a command or on a socket."""
    return _address.get()


@contextmanager
def _from(request: HttpRequest) -> Iterator[None]:
    token = _address.set(raw_ip(request) or None)
    try:
        yield
    finally:
        _address.reset(token)


@sync_and_async_middleware
def remembered(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Remember where each request comes from while it is answered; threads that answer it know too."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            with _from(request):
                response: HttpResponseBase = await get_response(request)
                return response

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        with _from(request):
            response: HttpResponseBase = get_response(request)
            return response

    return synchronous
