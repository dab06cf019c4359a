"""Profiles: one's own, others', avatars, search."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import visible_person
from accounts.limits import limit_cost, limit_login
from accounts.serializers import (
    AvatarSerializer,
    DeleteMeSerializer,
    MeSerializer,
    ProfileChangeSerializer,
    ProfileSerializer,
)
from accounts.services import avatars, deletion, profiles, search
from accounts.views.common import NO_PICTURE, USER, credentials, me, picture
from chatchat.api import Paging
from chatchat.openapi import refusal
from chatchat.text import clean_line
from chatchat.views import valid

PROFILE = {key: USER[key] for key in ("id", "nickname", "avatar", "introduction")}
ME = OpenApiExample("me", value=USER, response_only=True)


class PeopleView(APIView):
    @extend_schema(
        operation_id="users_search",
        summary="Find people",
        description="By any part of the nickname, or by a whole e-mail address (which is never shown).",
        parameters=[OpenApiParameter("search", str, required=True)],
        responses=ProfileSerializer(many=True),
        examples=[OpenApiExample("found", value={"results": [PROFILE], "next": None})],
    )
    def get(self, request: Request) -> Response:
        term = clean_line(request.query_params.get("search", ""), field="search", minimum=1, maximum=254)
        user = me(request)
        limit_cost(request._request, group="search", user_id=user.pk)
        paging = Paging()
        page = paging.paginate_queryset(search.people(viewer_id=user.pk, term=term), request, self)
        return paging.get_paginated_response(ProfileSerializer(page, many=True).data)


class PersonView(APIView):
    @extend_schema(
        summary="A person's public profile",
        responses={
            200: ProfileSerializer,
            404: refusal("Not there, or not for you.", "not_found", "Not here."),
        },
        examples=[OpenApiExample("profile", value=PROFILE, response_only=True)],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(ProfileSerializer(visible_person(viewer_id=me(request).pk, user_id=pk)).data)


class MeView(APIView):
    @extend_schema(summary="One's own profile", responses=MeSerializer, examples=[ME])
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(me(request)).data)

    @extend_schema(
        summary="Change one's profile",
        request=ProfileChangeSerializer,
        responses=MeSerializer,
        examples=[OpenApiExample("rename", value={"nickname": "小李"}, request_only=True), ME],
    )
    def patch(self, request: Request) -> Response:
        profiles.update(user=me(request), **valid(ProfileChangeSerializer, request))
        return Response(MeSerializer(me(request)).data)

    @extend_schema(
        summary="Delete one's account",
        description=(
            "For good. What one wrote stays, under a name that says that its author is gone. Who has no "
            "password does it within ten minutes of signing in."
        ),
        request=DeleteMeSerializer,
        responses={204: None, 403: refusal("Not the current password.", "wrong_password", "Not yours.")},
        examples=[
            OpenApiExample("delete", value={"current_password": "correct horse battery"}, request_only=True)
        ],
    )
    def delete(self, request: Request) -> Response:
        given = valid(DeleteMeSerializer, request)
        user = me(request)
        limit_login(request._request, email=user.email or "")
        deletion.delete_person(
            user=user,
            session_id=credentials(request).session_id,
            current_password=given.get("current_password"),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class AvatarView(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        summary="Set one's avatar",
        description=(
            "JPEG, PNG, WebP or GIF, at most 5 MiB and 4,096 pixels a side. It becomes a 512 × 512 WebP "
            "without metadata."
        ),
        request={"multipart/form-data": AvatarSerializer},
        responses={200: MeSerializer, **NO_PICTURE},
        examples=[ME],
    )
    def put(self, request: Request) -> Response:
        user = me(request)
        avatars.set_avatar(user=user, image=picture(request))
        return Response(MeSerializer(user).data)

    @extend_schema(summary="Remove one's avatar", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        avatars.remove_avatar(user=me(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
