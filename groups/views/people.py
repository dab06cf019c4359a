"""Members of a group, those who ask to be, and those who are invited."""

import io

import segno
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.limits import limit_cost
from accounts.views.common import me
from chatchat.api import Paging
from chatchat.openapi import MISSING, refusal
from chatchat.views import paged, valid
from groups import access
from groups.models import Role
from groups.paging import MemberPaging
from groups.serializers import (
    InvitationRequest,
    InvitationSerializer,
    InvitedSerializer,
    JoinRequestSerializer,
    MemberRequest,
    MemberSerializer,
    invitation_url,
)
from groups.services import invitations, members, requests
from groups.views.common import CARD, FORBIDDEN, INVITATION, MEMBER, PERSON, WAITING, Whatever

FULL = refusal("The group is full.", "group_full", "This group is full.")


class MembersView(APIView):
    pagination_class = MemberPaging

    @extend_schema(
        operation_id="members_list",
        summary="A group's members",
        description="For members: the owner, the admins, then everybody else in the order of joining.",
        responses={200: MemberSerializer(many=True), 404: MISSING},
        examples=[OpenApiExample("member", value=MEMBER, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, group: int) -> Response:
        access.member(group, me(request).pk)
        return paged(self, request, access.members(group), MemberSerializer, MemberPaging())


class MemberView(APIView):
    @extend_schema(
        summary="Change a member's role, or mute them",
        description=(
            "The role: the owner. `muted_until`: who outranks them (owner > admin > member); null unmutes."
        ),
        request=MemberRequest,
        responses={200: MemberSerializer, 403: FORBIDDEN, 404: MISSING},
        examples=[
            OpenApiExample("promote", value={"role": "admin"}, request_only=True),
            OpenApiExample("mute", value={"muted_until": "2026-01-02T04:00:00.000Z"}, request_only=True),
            OpenApiExample("member", value=MEMBER, response_only=True),
        ],
    )
    def patch(self, request: Request, group: int, user: int) -> Response:
        changed = members.change(
            actor_id=me(request).pk, group_id=group, user_id=user, **valid(MemberRequest, request)
        )
        return Response(MemberSerializer(changed).data)

    @extend_schema(
        summary="Remove a member",
        description="Who outranks them. They may join again as the group's policy has it.",
        request=None,
        responses={204: None, 403: FORBIDDEN, 404: MISSING},
    )
    def delete(self, request: Request, group: int, user: int) -> Response:
        members.kick(group_id=group, user_id=user, actor_id=me(request).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class JoinRequestsView(APIView):
    pagination_class = Paging

    @extend_schema(
        operation_id="join_requests_list",
        summary="Who waits to be let in",
        description="Owner and admins.",
        responses={200: JoinRequestSerializer(many=True), 403: FORBIDDEN, 404: MISSING},
        examples=[OpenApiExample("waiting", value=WAITING, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, group: int) -> Response:
        access.member(group, me(request).pk, at_least=Role.ADMIN)
        return paged(self, request, access.pending(group), JoinRequestSerializer)


class ApproveView(APIView):
    @extend_schema(
        summary="Let somebody in",
        description="Owner and admins.",
        request=None,
        responses={200: JoinRequestSerializer, 403: FORBIDDEN, 404: MISSING, 409: FULL},
        examples=[OpenApiExample("in", value=WAITING | {"status": "approved"}, response_only=True)],
    )
    def post(self, request: Request, group: int, pk: int) -> Response:
        approved = requests.approve(actor_id=me(request).pk, group_id=group, request_id=pk)
        return Response(JoinRequestSerializer(approved).data)


class RejectView(APIView):
    @extend_schema(
        summary="Don't let somebody in",
        description="Owner and admins. They are told, and may ask again.",
        request=None,
        responses={204: None, 403: FORBIDDEN, 404: MISSING},
    )
    def post(self, request: Request, group: int, pk: int) -> Response:
        requests.reject(actor_id=me(request).pk, group_id=group, request_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationsView(APIView):
    pagination_class = Paging

    @extend_schema(
        operation_id="invitations_list",
        summary="A group's invitations",
        description="Owner and admins; also those that ended or are used up.",
        responses={200: InvitationSerializer(many=True), 403: FORBIDDEN, 404: MISSING},
        examples=[OpenApiExample("invitation", value=INVITATION, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, group: int) -> Response:
        access.member(group, me(request).pk, at_least=Role.ADMIN)
        return paged(self, request, access.invitations(group), InvitationSerializer)

    @extend_schema(
        summary="Invite",
        description="Owner and admins. Who has the token may join, whatever the group's policy.",
        request=InvitationRequest,
        responses={201: InvitationSerializer, 403: FORBIDDEN, 404: MISSING},
        examples=[
            OpenApiExample("invite", value={"expires_in": 604800, "max_uses": 10}, request_only=True),
            OpenApiExample("invitation", value=INVITATION, response_only=True, status_codes=["201"]),
        ],
    )
    def post(self, request: Request, group: int) -> Response:
        made = invitations.invite(
            actor_id=me(request).pk, group_id=group, **valid(InvitationRequest, request)
        )
        shape = InvitationSerializer(made, context={"request": request}).data
        return Response(shape, status=status.HTTP_201_CREATED)


class InvitationView(APIView):
    @extend_schema(
        summary="Take an invitation back",
        description="Owner and admins.",
        request=None,
        responses={204: None, 403: FORBIDDEN, 404: MISSING},
    )
    def delete(self, request: Request, group: int, pk: int) -> Response:
        invitations.revoke(actor_id=me(request).pk, group_id=group, invitation_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitedView(APIView):
    @extend_schema(
        summary="Where an invitation leads",
        description="For who has its token, before joining with `POST groups/<id>/join`.",
        responses={200: InvitedSerializer, 404: MISSING},
        examples=[
            OpenApiExample(
                "invited",
                value={"group": CARD, "invited_by": PERSON, "expires_at": "2026-01-09T03:04:05.678Z"},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, token: str) -> Response:
        user = me(request)
        limit_cost(request._request, group="search", user_id=user.pk)
        invitation, group = access.usable_invitation(user.pk, token)
        shape = {"group": group, "invited_by": invitation.created_by, "expires_at": invitation.expires_at}
        return Response(InvitedSerializer(shape).data)


class QRView(APIView):
    content_negotiation_class = Whatever

    @extend_schema(
        summary="An invitation as a QR code",
        description="Of the address of its page, to be shown to a camera.",
        responses={(200, "image/svg+xml"): OpenApiTypes.STR, 404: MISSING},
        examples=[
            OpenApiExample(
                "code",
                value='<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 41 41">…</svg>',
                media_type="image/svg+xml",
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def get(self, request: Request, token: str) -> HttpResponse:
        user = me(request)
        limit_cost(request._request, group="search", user_id=user.pk)
        access.usable_invitation(user.pk, token)
        code = segno.make(invitation_url(request, token), error="m", micro=False)
        svg = io.BytesIO()
        # Dark on light in dark surroundings, too: not every camera reads the other way round.
        code.save(svg, kind="svg", dark="#000", light="#fff", border=4, omitsize=True, xmldecl=False)
        return HttpResponse(
            svg.getvalue(),
            content_type="image/svg+xml",
            headers={
                "Cache-Control": "private, no-store",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "default-src 'none'; sandbox",
            },
        )
