"""What a token says; the devices that are signed in."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Session
from accounts.serializers import MeSerializer, SessionSerializer, WhoSerializer
from accounts.services import sessions
from accounts.views.common import USER, credentials, me
from chatchat.api import Paging
from chatchat.clock import rfc3339

SCOPES = ["chat"]
EXAMPLE = {
    "id": 5,
    "device": "Mozilla/5.0 (X11; Linux x86_64) …",
    "ip": "203.0.113.9",
    "created_at": "2026-01-02T03:04:05.678Z",
    "last_seen_at": "2026-01-02T03:14:05.678Z",
    "current": True,
}


class SessionView(APIView):
    @extend_schema(
        summary="What the token says",
        responses=WhoSerializer,
        examples=[
            OpenApiExample(
                "signed in",
                value={
                    "user": USER,
                    "session": EXAMPLE,
                    "scopes": SCOPES,
                    "issued_at": "2026-01-02T03:04:05.678Z",
                    "expires_at": "2026-01-02T03:19:05.678Z",
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        shown = credentials(request)
        session = Session.objects.get(pk=shown.session_id)
        return Response(
            {
                "user": MeSerializer(me(request)).data,
                "session": SessionSerializer(session, context={"current": session.pk}).data,
                "scopes": SCOPES,
                "issued_at": rfc3339(shown.issued_at),
                "expires_at": rfc3339(shown.expires_at),
            }
        )


class SessionsView(APIView):
    @extend_schema(
        operation_id="auth_sessions_list",
        summary="One's sessions: each a login on a device",
        responses=SessionSerializer(many=True),
        examples=[OpenApiExample("one device", value={"results": [EXAMPLE], "next": None})],
    )
    def get(self, request: Request) -> Response:
        paging = Paging()
        page = paging.paginate_queryset(sessions.of(me(request).pk), request, self)
        context = {"current": credentials(request).session_id}
        return paging.get_paginated_response(SessionSerializer(page, many=True, context=context).data)


class OneSessionView(APIView):
    @extend_schema(summary="End a session: its tokens and sockets", request=None, responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        sessions.end(user_id=me(request).pk, session_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogoutView(APIView):
    @extend_schema(summary="End this session", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        sessions.end(user_id=me(request).pk, session_id=credentials(request).session_id, reason="logout")
        return Response(status=status.HTTP_204_NO_CONTENT)
