"""What the views of groups share: refusals and examples for the schema."""

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from chatchat.openapi import refusal


class Whatever(BaseContentNegotiation):
    """For what is a picture whatever an ``Accept`` says, and whose refusals are JSON."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


PERSON = {"id": 17, "nickname": "小李", "avatar": "/media/avatars/Jx0v9Zk1Qw.webp"}
GROUP = {
    "id": 42,
    "conversation": 42,
    "name": "周末爬山",
    "avatar": "/media/avatars/Jx0v9Zk1Qw.webp",
    "introduction": "Every other Saturday",
    "announcement": "8 o'clock at the bus stop.\nBring water.",
    "join_policy": "approval",
    "history": "all",
    "muted_all": False,
    "member_count": 12,
    "owner": PERSON,
    "role": "member",
    "requested": False,
    "waiting": None,
    "created_at": "2026-01-02T03:04:05.678Z",
}
CARD = GROUP | {"conversation": None, "owner": None, "announcement": None, "muted_all": None, "role": None}
MEMBER = {
    "user": PERSON,
    "role": "admin",
    "muted_until": None,
    "joined_at": "2026-01-02T03:04:05.678Z",
}
WAITING = {
    "id": 7,
    "group": 42,
    "user": PERSON,
    "message": "I know the way.",
    "status": "pending",
    "created_at": "2026-01-02T03:04:05.678Z",
}
INVITATION = {
    "id": 3,
    "token": "q3m0zrJ8mO2a0V1n9o8Xw5cQkD4tYb6u",
    "url": "https://chat.example.com/invite/q3m0zrJ8mO2a0V1n9o8Xw5cQkD4tYb6u/",
    "created_by": PERSON,
    "max_uses": 10,
    "uses": 2,
    "expires_at": "2026-01-09T03:04:05.678Z",
    "created_at": "2026-01-02T03:04:05.678Z",
}
FORBIDDEN = refusal("A member, but not of the rank that it takes.", "forbidden", "You may not do that.")
