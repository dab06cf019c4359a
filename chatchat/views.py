"""What REST views share: checked input in, pages out."""

from typing import Any, cast

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chatchat.api import Paging


def valid(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The request's body by ``serializer``; what does not fit is a 400."""
    checked = serializer(data=request.data)
    checked.is_valid(raise_exception=True)
    return cast(dict[str, Any], checked.validated_data)


def paged(
    view: APIView,
    request: Request,
    rows: QuerySet[Any],
    serializer: type[serializers.Serializer[Any]],
    paging: Paging | None = None,
) -> Response:
    """A page of ``rows``; newest first, unless ``paging`` has another order."""
    paging = paging or Paging()
    page = paging.paginate_queryset(rows, request, view)
    return paging.get_paginated_response(serializer(page, many=True, context={"request": request}).data)
