"""What the API's page shows as examples, one a shape."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

SENDER = {"id": 17, "nickname": "小李", "avatar": "/media/avatars/Jx0v9Zk1Qw.webp"}
PEER = {"id": 18, "nickname": "Bob", "avatar": None}
CLIENT_ID = "5f0c2a52-93f0-4b3e-8f6a-0d2c6f1f2b11"

SEND: dict[str, Any] = {"client_id": CLIENT_ID, "kind": "text", "body": "明天见 👋", "reply_to": 40}
MESSAGE: dict[str, Any] = {
    "seq": 41,
    "version": 57,
    "sender": SENDER,
    "kind": "text",
    "body": "明天见 👋",
    "data": {},
    "reply_to": 40,
    "reactions": [{"emoji": "👍", "count": 1, "users": [18]}],
    "client_id": CLIENT_ID,
    "sent_at": "2026-01-02T03:04:05.678Z",
    "edited_at": None,
    "recalled_at": None,
}
ATTACHMENT: dict[str, Any] = {
    "id": 7,
    "name": "山顶.jpg",
    "type": "image/jpeg",
    "size": 482133,
    "width": 2048,
    "height": 1536,
    "url": "/api/v1/attachments/7",
    "thumbnail": {"url": "/api/v1/attachments/7/thumbnail", "width": 512, "height": 384},
}
CONVERSATION: dict[str, Any] = {
    "id": 42,
    "kind": "direct",
    "title": "Bob",
    "avatar": None,
    "peer": PEER,
    "first_seq": 1,
    "last_seq": 41,
    "last_version": 57,
    "delivered_seq": 41,
    "read_seq": 40,
    "unread": 0,
    "last_message": MESSAGE,
    "muted": False,
    "muted_until": None,
    "silenced": None,
    "may_send": True,
    "may_moderate": False,
    "pinned": True,
    "notifications": "all",
    "receipts": [{"user": 18, "delivered_seq": 41, "read_seq": 40}],
}
UNREAD: dict[str, Any] = {
    "conversation": 42,
    "unread": 2,
    "read_seq": 38,
    "read_ordinal": 36,
    "last_seq": 41,
    "last_ordinal": 38,
    "first_seq": 1,
    "results": [
        {
            "seq": 39,
            "sender": PEER,
            "counted": True,
            "reason": "recalled",
            "number": 1,
            "sent_at": "2026-01-02T03:03:00.000Z",
        },
        {
            "seq": 40,
            "sender": None,
            "counted": False,
            "reason": "system",
            "number": None,
            "sent_at": "2026-01-02T03:03:30.000Z",
        },
        {
            "seq": 41,
            "sender": PEER,
            "counted": True,
            "reason": "message",
            "number": 2,
            "sent_at": "2026-01-02T03:04:05.678Z",
        },
    ],
    "next": None,
}


def taken(name: str, value: dict[str, Any]) -> OpenApiExample:
    """An example of a request's body."""
    return OpenApiExample(name, value=value, request_only=True)


def given(name: str, value: dict[str, Any], *status_codes: str) -> OpenApiExample:
    """An example of an answer."""
    return OpenApiExample(name, value=value, response_only=True, status_codes=status_codes or None)
