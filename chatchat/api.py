"""What every REST view shares: parsing, rendering, paging by cursor, and errors in our envelope."""

from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError
from rest_framework import exceptions, parsers, renderers, status
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

from chatchat import errors
from chatchat.telemetry import metrics

MAX_ID = 2**63 - 1


class IdConverter:
    """``<id:…>`` in a path: a positive integer that a BIGINT column can hold."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > MAX_ID:
            raise ValueError
        return number

    def to_url(self, value: int) -> str:
        return str(value)


class JSONParser(parsers.BaseParser):
    """RFC 8259 JSON in UTF-8; what nests too deep, is not UTF-8 or holds lone surrogates is a 400."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise errors.TooLarge
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise errors.Invalid(
                _("The body is not valid JSON."), code="invalid_json", details={"reason": str(error)[:200]}
            ) from None


class JSONRenderer(renderers.JSONRenderer):
    """UTF-8 as it is, not escaped."""

    charset = None
    ensure_ascii = False


class Paging(CursorPagination):
    """``{results, next}``: pass ``next`` back as ``?cursor=``; null at the end. ``?limit=`` 1 to 100."""

    page_size = 50
    max_page_size = 100
    page_size_query_param = "limit"
    ordering: Any = "-id"

    def decode_cursor(self, request: Any) -> Any:
        try:
            return super().decode_cursor(request)
        except (exceptions.NotFound, ValueError, OverflowError):
            raise errors.Invalid(details={"cursor": [_("That cursor is not one of ours.")]}) from None

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        # A cursor holds the position as text that the client could have written.
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, OverflowError):
            raise errors.Invalid(details={"cursor": [_("That cursor is not one of ours.")]}) from None

    def encode_cursor(self, cursor: Any) -> str:
        from urllib.parse import parse_qs, urlsplit

        link = super().encode_cursor(cursor)
        return parse_qs(urlsplit(link).query)[self.cursor_query_param][0]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": {"type": "string", "nullable": True, "example": None}},
        }


def _details(detail: Any) -> Any:
    if isinstance(detail, dict):
        return {str(key): _details(value) for key, value in detail.items()}
    if isinstance(detail, list):
        return [_details(value) for value in detail]
    return str(detail)


def as_chat_error(error: Exception) -> errors.ChatError | None:
    """The refusal that ``error`` amounts to; None for what is our own fault."""
    match error:
        case errors.ChatError():
            return error
        case exceptions.APIException():
            return _of_rest_framework(error)
        case Http404():
            return errors.NotFound()
        case PermissionDenied():
            return errors.Forbidden()
        case RequestDataTooBig():
            return errors.TooLarge()
        case SuspiciousOperation() | MultiPartParserError():
            return errors.Invalid()
        case OperationalError() | InterfaceError() | RedisError():
            return errors.Unavailable()
        case OSError() if errors.is_full(error):
            return errors.Unavailable()
    return None


def _of_rest_framework(error: exceptions.APIException) -> errors.ChatError:
    match error:
        case exceptions.ValidationError():
            details = _details(error.detail)
            return errors.Invalid(details=details if isinstance(details, dict) else {"body": details})
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return errors.NotAuthenticated()
        case exceptions.NotFound():
            return errors.NotFound()
        case exceptions.PermissionDenied():
            return errors.Forbidden()
        case exceptions.UnsupportedMediaType():
            return errors.UnsupportedType(details={"content_type": str(error.detail)})
    other = errors.ChatError(str(error.detail), code=str(error.default_code))
    other.status = error.status_code
    return other


def error_response(error: errors.ChatError) -> Response:
    """``error`` as the REST door answers it."""
    response = Response(error.envelope(), status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    if error.status == status.HTTP_401_UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST framework's hook: every refusal in one shape; None lets a bug of ours be a 500."""
    known = as_chat_error(error)
    if known is None:
        return None
    from rest_framework.views import set_rollback  # it imports this module, by the settings

    set_rollback()
    metrics.refusals.labels("rest", known.code).inc()
    response = error_response(known)
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


def plain_refusal(request: HttpRequest, error: errors.ChatError) -> HttpResponse:
    """``error`` outside of REST views: our envelope below ``/api/``, a page elsewhere."""
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse(error.envelope(), status=error.status)
    else:
        response = render(request, "chatchat/error.html", {"error": error}, status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's hook for a missing or wrong CSRF token outside of REST views."""
    error = errors.Forbidden(_("Reload the page and try again."), code="csrf_failed")
    return plain_refusal(request, error)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return plain_refusal(request, errors.NotFound())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return plain_refusal(request, errors.Invalid())


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a bug of ours, told without its details."""
    error = errors.ChatError(_("Something broke on our side. It has been logged."), code="internal")
    error.status = 500
    return plain_refusal(request, error)
