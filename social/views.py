"""The REST door of social."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.limits import limit_cost
from accounts.views.common import me
from chatchat.api import Paging
from chatchat.errors import Invalid
from chatchat.openapi import MISSING, refusal
from chatchat.views import paged, valid
from social import access, services
from social.serializers import (
    AcceptedSerializer,
    AskRequest,
    BlockSerializer,
    FriendRequestSerializer,
    FriendSerializer,
    RemarkRequest,
)

PERSON = {"id": 18, "nickname": "Bob", "avatar": None}
ASKED = {
    "id": 5,
    "sender": {"id": 17, "nickname": "小李", "avatar": "/media/avatars/Jx0v9Zk1Qw.webp"},
    "recipient": PERSON,
    "greeting": "We met at the summit.",
    "status": "pending",
    "created_at": "2026-01-02T03:04:05.678Z",
    "conversation": None,
}
FRIEND = {
    "friend": PERSON,
    "remark": "Bob from accounting",
    "conversation": 42,
    "created_at": "2026-01-02T03:04:05.678Z",
}
DIRECTIONS = {"incoming": access.incoming, "outgoing": access.outgoing}


class FriendRequestsView(APIView):
    pagination_class = Paging

    @extend_schema(
        operation_id="friend_requests_list",
        summary="Pending friend requests",
        description="To oneself, or, with `direction=outgoing`, one's own. Answered ones are not listed.",
        parameters=[OpenApiParameter("direction", str, enum=list(DIRECTIONS), default="incoming")],
        responses=FriendRequestSerializer(many=True),
        examples=[OpenApiExample("pending", value=ASKED, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        direction = request.query_params.get("direction", "incoming")
        if direction not in DIRECTIONS:
            raise Invalid(details={"direction": [_("It is either incoming or outgoing.")]})
        return paged(self, request, DIRECTIONS[direction](me(request).pk), FriendRequestSerializer)

    @extend_schema(
        summary="Ask somebody to be friends",
        description=(
            "If they have asked already, the two are friends at once: the answer's `status` is then "
            "`accepted` and it names the `conversation`."
        ),
        request=AskRequest,
        responses={
            201: FriendRequestSerializer,
            404: MISSING,
            409: refusal("already_friends or already_requested.", "already_requested", "You have asked."),
        },
        examples=[
            OpenApiExample("ask", value={"user": 18, "greeting": ASKED["greeting"]}, request_only=True),
            OpenApiExample("asked", value=ASKED, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request) -> Response:
        given = valid(AskRequest, request)
        user = me(request)
        limit_cost(request._request, group="ask", user_id=user.pk)
        asked = services.ask(sender_id=user.pk, recipient_id=given["user"], greeting=given["greeting"])
        return Response(FriendRequestSerializer(asked).data, status=status.HTTP_201_CREATED)


class AcceptView(APIView):
    @extend_schema(
        summary="Accept a friend request",
        request=None,
        responses={200: AcceptedSerializer, 404: MISSING},
        examples=[
            OpenApiExample("friends", value={"friend": PERSON, "conversation": 42}, response_only=True)
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        accepted = services.accept(user_id=me(request).pk, request_id=pk)
        return Response(AcceptedSerializer(accepted).data)


class RejectView(APIView):
    @extend_schema(
        summary="Reject a friend request",
        description="Who asked isn't told; the request is gone from both lists.",
        request=None,
        responses={204: None, 404: MISSING},
    )
    def post(self, request: Request, pk: int) -> Response:
        services.reject(user_id=me(request).pk, request_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FriendRequestView(APIView):
    @extend_schema(summary="Cancel one's friend request", request=None, responses={204: None, 404: MISSING})
    def delete(self, request: Request, pk: int) -> Response:
        services.cancel(user_id=me(request).pk, request_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FriendsView(APIView):
    pagination_class = Paging

    @extend_schema(
        operation_id="friends_list",
        summary="One's friends",
        responses=FriendSerializer(many=True),
        examples=[OpenApiExample("friend", value=FRIEND, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return paged(self, request, access.friends_of(me(request).pk), FriendSerializer)


class FriendView(APIView):
    @extend_schema(
        summary="Name a friend for oneself",
        request=RemarkRequest,
        responses={200: FriendSerializer, 404: MISSING},
        examples=[
            OpenApiExample("remark", value={"remark": FRIEND["remark"]}, request_only=True),
            OpenApiExample("friend", value=FRIEND, response_only=True),
        ],
    )
    def patch(self, request: Request, user: int) -> Response:
        given = valid(RemarkRequest, request)
        friend = services.set_remark(user_id=me(request).pk, friend_id=user, remark=given["remark"])
        return Response(FriendSerializer(friend).data)

    @extend_schema(
        summary="End a friendship",
        description="The conversation keeps its history and takes no more messages.",
        request=None,
        responses={204: None, 404: MISSING},
    )
    def delete(self, request: Request, user: int) -> Response:
        services.unfriend(user_id=me(request).pk, friend_id=user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class BlocksView(APIView):
    pagination_class = Paging

    @extend_schema(
        operation_id="blocks_list",
        summary="Whom one blocks",
        responses=BlockSerializer(many=True),
        examples=[
            OpenApiExample(
                "blocked",
                value={"user": PERSON, "created_at": "2026-01-02T03:04:05.678Z"},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        return paged(self, request, access.blocks_of(me(request).pk), BlockSerializer)


class BlockView(APIView):
    @extend_schema(
        summary="Block somebody",
        description="No requests, no direct messages, not found in search, both ways. They are not told.",
        request=None,
        responses={204: None, 404: MISSING},
    )
    def put(self, request: Request, user: int) -> Response:
        services.block(user_id=me(request).pk, blocked_id=user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Unblock somebody", request=None, responses={204: None, 404: MISSING})
    def delete(self, request: Request, user: int) -> Response:
        services.unblock(user_id=me(request).pk, blocked_id=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
