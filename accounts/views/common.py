"""What the views of accounts share."""

from typing import IO, cast

from drf_spectacular.utils import OpenApiExample
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authentication import Credentials
from accounts.limits import limit_avatar
from accounts.models import User
from accounts.serializers import AvatarSerializer, MeSerializer
from accounts.tokens import Pair
from chatchat.openapi import refusal
from chatchat.ratelimit import raw_ip
from chatchat.views import valid

#: How the schema tells of pictures that are not taken.
NO_PICTURE = {
    413: refusal("Too many bytes or pixels.", "too_large", "That is too big."),
    415: refusal("No picture of these kinds.", "unsupported_type", "Not taken here."),
}


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


def picture(request: Request) -> IO[bytes]:
    """The picture that a multipart request brings; one more of what costs."""
    limit_avatar(request._request, user_id=me(request).pk)
    image: IO[bytes] = valid(AvatarSerializer, request)["image"]
    return image


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
