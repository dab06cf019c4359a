"""Groups themselves: found, made, changed, joined, left, passed on, dissolved."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.limits import limit_cost
from accounts.serializers import AvatarSerializer
from accounts.views.common import NO_PICTURE, me, picture
from chatchat.api import Paging
from chatchat.openapi import MISSING, refusal
from chatchat.text import clean_line
from chatchat.views import paged, valid
from groups import access
from groups.models import NAME_MAX
from groups.serializers import (
    CreateRequest,
    EditRequest,
    GroupSerializer,
    JoinRequestRequest,
    JoinRequestSerializer,
    TransferRequest,
)
from groups.services import lifecycle, members
from groups.views.common import CARD, FORBIDDEN, GROUP, WAITING

ONE = OpenApiExample("group", value=GROUP, response_only=True)


class GroupPaging(Paging):
    """Newest first."""

    ordering = "-conversation_id"


class GroupsView(APIView):
    pagination_class = GroupPaging

    @extend_schema(
        operation_id="groups_list",
        summary="One's groups, or groups by name",
        description=(
            "Without `search`: the groups one is in. With it: those with this anywhere in their name that "
            "anybody may find, and one's own; groups by invitation only are not found by strangers."
        ),
        parameters=[OpenApiParameter("search", str)],
        responses=GroupSerializer(many=True),
        examples=[
            OpenApiExample("own", value=GROUP, response_only=True),
            OpenApiExample("found", value=CARD, response_only=True),
        ],
    )
    def get(self, request: Request) -> Response:
        user = me(request)
        text = request.query_params.get("search")
        if text is None:
            return paged(self, request, access.own_groups(user.pk), GroupSerializer, GroupPaging())
        text = clean_line(text, field="search", minimum=1, maximum=NAME_MAX)
        limit_cost(request._request, group="search", user_id=user.pk)
        return paged(self, request, access.search(user.pk, text), GroupSerializer, GroupPaging())

    @extend_schema(
        summary="Make a group",
        description="Its id is also its conversation's.",
        request=CreateRequest,
        responses={201: GroupSerializer},
        examples=[
            OpenApiExample(
                "make",
                value={"name": "周末爬山", "join_policy": "approval", "history": "all"},
                request_only=True,
            ),
            OpenApiExample("made", value=GROUP | {"role": "owner"}, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request) -> Response:
        given = valid(CreateRequest, request)
        user = me(request)
        limit_cost(request._request, group="join", user_id=user.pk)
        group = lifecycle.create(owner_id=user.pk, **given)
        made = access.visible_group(user.pk, group.pk)
        return Response(GroupSerializer(made).data, status=status.HTTP_201_CREATED)


class GroupView(APIView):
    @extend_schema(
        summary="A group",
        description="Strangers see less, and nothing of groups by invitation only.",
        responses={200: GroupSerializer, 404: MISSING},
        examples=[ONE],
    )
    def get(self, request: Request, group: int) -> Response:
        return Response(GroupSerializer(access.visible_group(me(request).pk, group)).data)

    @extend_schema(
        summary="Change a group",
        description=(
            "Owner and admins. `muted_all`: only owner and admins may write. `announcement`: members see it, "
            "and are told that there is a new one; empty takes it down."
        ),
        request=EditRequest,
        responses={200: GroupSerializer, 403: FORBIDDEN, 404: MISSING},
        examples=[OpenApiExample("mute all", value={"muted_all": True}, request_only=True), ONE],
    )
    def patch(self, request: Request, group: int) -> Response:
        user = me(request)
        lifecycle.edit(actor_id=user.pk, group_id=group, **valid(EditRequest, request))
        return Response(GroupSerializer(access.visible_group(user.pk, group)).data)

    @extend_schema(
        summary="Dissolve a group",
        description="The owner. Everybody loses access.",
        request=None,
        responses={204: None, 403: FORBIDDEN, 404: MISSING},
    )
    def delete(self, request: Request, group: int) -> Response:
        lifecycle.dissolve(group_id=group, actor_id=me(request).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AvatarView(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        summary="Set a group's picture",
        description="Owner and admins. As with one's own: it becomes a 512 × 512 WebP without metadata.",
        request={"multipart/form-data": AvatarSerializer},
        responses={200: GroupSerializer, 403: FORBIDDEN, 404: MISSING, **NO_PICTURE},
        examples=[ONE],
    )
    def put(self, request: Request, group: int) -> Response:
        user = me(request)
        lifecycle.set_avatar(actor_id=user.pk, group_id=group, image=picture(request))
        return Response(GroupSerializer(access.visible_group(user.pk, group)).data)

    @extend_schema(
        summary="Remove a group's picture",
        description="Owner and admins.",
        request=None,
        responses={204: None, 403: FORBIDDEN, 404: MISSING},
    )
    def delete(self, request: Request, group: int) -> Response:
        lifecycle.remove_avatar(group_id=group, actor_id=me(request).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class JoinView(APIView):
    @extend_schema(
        summary="Join a group, or ask to",
        description=(
            "An open group, or any with an invitation's token: joined (200). A group that needs approval: "
            "the request now waits (202) for its owner or an admin."
        ),
        request=JoinRequestRequest,
        responses={
            200: GroupSerializer,
            202: JoinRequestSerializer,
            404: MISSING,
            409: refusal("already_member, already_requested or group_full.", "group_full", "It is full."),
        },
        examples=[
            OpenApiExample("with an invitation", value={"invitation": "q3m0zrJ8mO2a"}, request_only=True),
            OpenApiExample("joined", value=GROUP, response_only=True, status_codes=["200"]),
            OpenApiExample("waiting", value=WAITING, response_only=True, status_codes=["202"]),
        ],
    )
    def post(self, request: Request, group: int) -> Response:
        given = valid(JoinRequestRequest, request)
        user = me(request)
        limit_cost(request._request, group="join", user_id=user.pk)
        waiting = members.join(
            user_id=user.pk, group_id=group, token=given["invitation"], message=given["message"]
        )
        if waiting is not None:
            return Response(JoinRequestSerializer(waiting).data, status=status.HTTP_202_ACCEPTED)
        return Response(GroupSerializer(access.visible_group(user.pk, group)).data)


class LeaveView(APIView):
    @extend_schema(
        summary="Leave a group",
        request=None,
        responses={
            204: None,
            404: MISSING,
            409: refusal("The owner.", "owner_must_transfer", "Make somebody else the owner first."),
        },
    )
    def post(self, request: Request, group: int) -> Response:
        members.leave(user_id=me(request).pk, group_id=group)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TransferView(APIView):
    @extend_schema(
        summary="Make another member the owner",
        description="The owner, who stays as an admin.",
        request=TransferRequest,
        responses={200: GroupSerializer, 403: FORBIDDEN, 404: MISSING},
        examples=[OpenApiExample("to", value={"user": 18}, request_only=True), ONE],
    )
    def post(self, request: Request, group: int) -> Response:
        user = me(request)
        lifecycle.transfer(actor_id=user.pk, group_id=group, user_id=valid(TransferRequest, request)["user"])
        return Response(GroupSerializer(access.visible_group(user.pk, group)).data)
