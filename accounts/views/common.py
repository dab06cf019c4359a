"""What the views of accounts share."""

from typing import cast

from drf_spectacular.utils import OpenApiExample
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authentication import Credentials
from accounts.models import User
from accounts.serializers import MeSerializer
from accounts.tokens import Pair
from chatchat.ratelimit import raw_ip


class PublicView(APIView):
    """For whoever is not signed in; credentials that come along are not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


def me(request: Request) -> User:
    """The signed-in person."""
    return cast(User, request.user)


def credentials(request: Request) -> Credentials:
    """What the signed-in person has shown."""
    return cast(Credentials, request.auth)


def device(request: Request) -> str:
    """What the client calls itself."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    return "".join(character for character in agent if character.isprintable()).strip()[:200]


def signed_in(user: User, pair: Pair) -> dict[str, object]:
    """What a client that keeps tokens is told when it signs in."""
    return {"user": MeSerializer(user).data, "access": pair.access, "refresh": pair.refresh}


def address(request: Request) -> str | None:
    """The caller's IP address."""
    return raw_ip(request._request) or None


USER = {
    "id": 17,
    "nickname": "小李",
    "avatar": "/media/avatars/Jx0v9Zk1Qw.webp",
    "introduction": "喜欢爬山",
    "email": "li@example.com",
    "language": "zh-hans",
    "created_at": "2026-01-02T03:04:05.678Z",
    "is_staff": False,
}
PAIR = {"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…"}
SIGNED_IN = OpenApiExample("signed in", value={"user": USER, **PAIR}, response_only=True)
