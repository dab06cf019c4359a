"""The REST door of attachments."""

from typing import Any

from django.conf import settings
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.views.common import me
from chatchat.errors import Invalid, NotFound
from chatchat.openapi import MISSING, refusal
from chatchat.overload import refuse_if_behind
from chatchat.ratelimit import limit
from chatchat.views import valid
from messaging import wire
from messaging.attachments import serving, storage
from messaging.examples import ATTACHMENT, given
from messaging.serializers import AttachmentShape, UploadRequest
from messaging.services import attachments

#: What a multipart body may hold beside the file.
SLACK = 64 * 1024
PARTS = [
    OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=text)
    for name, text in (
        ("Range", "One range of bytes: `bytes=0-1023`, `bytes=1024-`, `bytes=-500`."),
        ("If-Range", "The `ETag` for which the range holds; all of the file otherwise."),
        ("If-None-Match", "The `ETag` that you have: 304 if it is still that one."),
    )
]
READ = {
    (200, "*/*"): OpenApiTypes.BINARY,
    (206, "*/*"): OpenApiTypes.BINARY,
    304: OpenApiResponse(description="What you have is still right."),
    404: MISSING,
    416: refusal("There is no such part.", "range_not_satisfiable", "The file has no such part."),
}


BYTES = OpenApiExample(
    "bytes", value="(the bytes)", media_type="*/*", response_only=True, status_codes=["200", "206"]
)


class AttachmentsView(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="attachments_upload",
        summary="Upload a picture or file",
        description=(
            "At most 25 MiB; send it with a message (`attachments: [id]`) within a day. What it is, its "
            "content decides. JPEG, PNG, WebP and GIF pictures are made anew, upright and without metadata, "
            "and get a thumbnail; everything else is kept as it is."
        ),
        request={"multipart/form-data": UploadRequest},
        responses={
            201: AttachmentShape,
            400: refusal(
                "`image_damaged`, `image_too_large`, or no file.", "image_damaged", "It is damaged."
            ),
            413: refusal("`too_large`, `quota_exceeded`.", "too_large", "That is too big."),
            503: refusal("The storage is away or full.", "unavailable", "Try again in a moment."),
        },
        examples=[given("picture", ATTACHMENT, "201")],
    )
    def post(self, request: Request) -> Response:
        user = me(request)
        refuse_if_behind()
        limit(request._request, group="attachment", key=str(user.pk), rate=settings.ATTACHMENT_RATE)
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.ATTACHMENT_MAX_BYTES + SLACK:
            raise attachments.too_large()
        file: Any = valid(UploadRequest, request)["file"]
        if len([one for _name, each in request.FILES.lists() for one in each]) > 1:
            raise Invalid(details={"file": [_("One file at a time.")]})
        row = attachments.upload(owner_id=user.pk, file=file)
        return Response(wire.attachment(row), status=status.HTTP_201_CREATED)


class AttachmentView(APIView):
    @extend_schema(
        operation_id="attachments_read",
        summary="The picture or file",
        description="For who sees its message, or, before it was sent, who uploaded it.",
        parameters=PARTS,
        responses=READ,
        examples=[BYTES],
    )
    def get(self, request: Request, attachment: int) -> HttpResponseBase:
        row = attachments.visible(user_id=me(request).pk, attachment_id=attachment)
        return serving.serve(request._request, file=row.file, size=row.size, type_=row.type, name=row.name)

    @extend_schema(
        operation_id="attachments_take_back",
        summary="Take an upload back that was not sent",
        request=None,
        responses={204: None, 404: MISSING},
    )
    def delete(self, request: Request, attachment: int) -> Response:
        attachments.take_back(owner_id=me(request).pk, attachment_id=attachment)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ThumbnailView(APIView):
    @extend_schema(
        operation_id="attachments_thumbnail",
        summary="A small picture of it",
        description="A WebP of at most 512 pixels a side.",
        parameters=PARTS,
        responses=READ,
        examples=[BYTES],
    )
    def get(self, request: Request, attachment: int) -> HttpResponseBase:
        row = attachments.visible(user_id=me(request).pk, attachment_id=attachment)
        if row.thumbnail_width is None:
            raise NotFound
        return serving.serve(
            request._request,
            file=row.file + storage.THUMBNAIL,
            size=row.thumbnail_size,
            type_="image/webp",
            name=f"{row.pk}.webp",
        )
