"""What the views of groups share: refusals and examples for the schema."""

from chatchat.openapi import refusal

PERSON = {"id": 17, "nickname": "小李", "avatar": "/media/avatars/Jx0v9Zk1Qw.webp"}
GROUP = {
    "id": 42,
    "conversation": 42,
    "name": "周末爬山",
    "introduction": "Every other Saturday",
    "join_policy": "approval",
    "history": "all",
    "muted_all": False,
    "member_count": 12,
    "owner": PERSON,
    "role": "member",
    "requested": False,
    "created_at": "2026-01-02T03:04:05.678Z",
}
CARD = GROUP | {"conversation": None, "owner": None, "muted_all": None, "role": None}
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
    "created_by": PERSON,
    "max_uses": 10,
    "uses": 2,
    "expires_at": "2026-01-09T03:04:05.678Z",
    "created_at": "2026-01-02T03:04:05.678Z",
}
FORBIDDEN = refusal("A member, but not of the rank that it takes.", "forbidden", "You may not do that.")
