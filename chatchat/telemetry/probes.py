"""``/healthz``, ``/readyz`` and ``/metrics``: for those who run the site, ahead of everything else.

They are answered before hosts, cookies, redirects and logs: a probe names the machine, not the site, and
comes every few seconds. To who may not read the metrics there is no such address.
"""

import hmac
import ipaddress
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from chatchat import proxies, ratelimit
from chatchat.telemetry import health, metrics

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


@sync_and_async_middleware
def middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Django's middleware, the very first."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            view = _view(request)
            if view is None:
                answer: HttpResponseBase = await get_response(request)
            elif view is healthz:  # no thread: it says whether the loop turns
                answer = healthz(request)
            else:
                answer = await sync_to_async(view, thread_sensitive=False)(request)
            return answer

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = (_view(request) or get_response)(request)
        return answer

    return synchronous


def _view(request: HttpRequest) -> Callable[[HttpRequest], HttpResponse] | None:
    if request.method not in ("GET", "HEAD"):
        return None
    if request.path_info == "/metrics" and not may_read_metrics(request):
        return None
    return VIEWS.get(request.path_info)


def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: this process answers."""
    return _fresh(JsonResponse({"status": "ok"}))


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether it can serve; 503 with the reasons if not."""
    report = health.report()
    return _fresh(JsonResponse(report, status=200 if report["status"] == "ready" else 503))


def read_metrics(request: HttpRequest) -> HttpResponse:
    """This process's, in Prometheus' text format."""
    return _fresh(HttpResponse(metrics.text(), content_type=TEXT_FORMAT))


VIEWS = {"/healthz": healthz, "/readyz": readyz, "/metrics": read_metrics}


def may_read_metrics(request: HttpRequest) -> bool:
    """With METRICS_TOKEN whoever has it; otherwise who asks from one of METRICS_ALLOW."""
    if settings.METRICS_TOKEN:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            token.strip().encode(), settings.METRICS_TOKEN.encode()
        )
    if proxies.forwarded(request) is False:  # the address is the proxy's, and says nothing of who asks
        return False
    try:
        address = ipaddress.ip_address(ratelimit.raw_ip(request))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_ALLOW)


def _fresh(answer: HttpResponse) -> HttpResponse:
    answer.headers["Cache-Control"] = "no-store"
    return answer
