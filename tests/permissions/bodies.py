"""What the calls of the table send."""

import io
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from PIL import Image

from accounts.oidc import Claims
from accounts.services import codes, third_party
from accounts.services.codes import Purpose
from accounts.third_party import find
from chatchat.clock import now, rfc3339
from tests.client import PASSWORD
from tests.permissions.world import Person

NEW_PASSWORD = "staple horse battery"
NEW_ADDRESS = "new@example.com"
#: Of somebody at the third party.
THERE = "mule horse battery"

Body = Callable[[Person, Mapping[str, Any]], dict[str, Any]]


def _code(purpose: Purpose, email: str, user_id: int | None = None, *, real: bool = True) -> str:
    return codes.issue(purpose=purpose, email=email, user_id=user_id, real=real)


def _newcomer(_me: Person, _ids: Mapping[str, Any]) -> dict[str, Any]:
    code = _code(Purpose.REGISTER, NEW_ADDRESS)
    return {"email": NEW_ADDRESS, "code": code, "password": NEW_PASSWORD, "nickname": "New"}


def _reset(me: Person, _ids: Mapping[str, Any]) -> dict[str, Any]:
    return {"email": me.email, "code": _code(Purpose.RESET_PASSWORD, me.email), "password": NEW_PASSWORD}


def _new_address(me: Person, _ids: Mapping[str, Any]) -> dict[str, Any]:
    code = _code(Purpose.CHANGE_EMAIL, NEW_ADDRESS, me.user.pk if me.user else None)
    return {"email": NEW_ADDRESS, "code": code, "current_password": PASSWORD}


def _bind(me: Person, _ids: Mapping[str, Any]) -> dict[str, Any]:
    email = me.email if me.user else NEW_ADDRESS
    claims = Claims("https://id.example.com", f"{me.name} again", me.name, "")
    token = third_party.keep(claims, provider=find("other"))
    return {"bind_token": token, "email": email, "code": _code(Purpose.BIND, email)}


def _text(**more: Any) -> Body:
    return lambda _me, _ids: {"client_id": str(uuid.uuid4()), "kind": "text", "body": "psst", **more}


def _later() -> str:
    return rfc3339(now() + timedelta(hours=1))


BODIES: dict[str, Body] = {
    "-": lambda me, ids: {},
    "register": lambda me, ids: {"email": NEW_ADDRESS, "purpose": "register"},
    "forgotten": lambda me, ids: {"email": me.email, "purpose": "reset_password"},
    "change_code": lambda me, ids: {"email": me.email, "purpose": "change_password"},
    "newcomer": _newcomer,
    "login": lambda me, ids: {"email": me.email, "password": PASSWORD},
    "wrong_login": lambda me, ids: {"email": me.email, "password": NEW_PASSWORD},
    "refresh": lambda me, ids: {"refresh": me.refresh or "none"},
    "reset": _reset,
    "change": lambda me, ids: {"password": NEW_PASSWORD, "current_password": PASSWORD},
    "wrong_change": lambda me, ids: {"password": NEW_PASSWORD, "current_password": "not this one"},
    "new_address": _new_address,
    "there": lambda me, ids: {"username": "somebody", "password": THERE},
    "wrong_there": lambda me, ids: {"username": "somebody", "password": "not this one"},
    "bind": _bind,
    "wrong_bind": lambda me, ids: {"bind_token": "none", "email": me.email, "code": "123456"},
    "link": lambda me, ids: {"current_password": PASSWORD},
    "wrong_link": lambda me, ids: {"current_password": "not this one"},
    "profile": lambda me, ids: {"nickname": "Renamed"},
    "goodbye": lambda me, ids: {"current_password": PASSWORD},
    "wrong_goodbye": lambda me, ids: {"current_password": "not this one"},
    "to_owner": lambda me, ids: {"user": ids["owner"]},
    "to_blocked": lambda me, ids: {"user": ids["blocked"]},
    "to_banned": lambda me, ids: {"user": ids["banned"]},
    "remark": lambda me, ids: {"remark": "my boss"},
    "new_group": lambda me, ids: {"name": "mine"},
    "rename": lambda me, ids: {"name": "ours"},
    "mute_all": lambda me, ids: {"muted_all": True},
    "announce": lambda me, ids: {"announcement": "Eight o'clock\nat the bus stop"},
    "join": lambda me, ids: {"message": "let me in"},
    "invited": lambda me, ids: {"invitation": ids["secret_token"]},
    "wrongly": lambda me, ids: {"invitation": ids["group_token"]},
    "to_somebody": lambda me, ids: {"user": ids["somebody"]},
    "to_stranger": lambda me, ids: {"user": ids["stranger"]},
    "promote": lambda me, ids: {"role": "admin"},
    "demote": lambda me, ids: {"role": "member"},
    "mute": lambda me, ids: {"muted_until": _later()},
    "unmute": lambda me, ids: {"muted_until": None},
    "invite": lambda me, ids: {},
    "text": _text(),
    "answer": _text(reply_to=2),
    "old_answer": _text(reply_to=2),
    "with_mine": lambda me, ids: _text(attachments=[ids["my_upload"]])(me, ids),
    "with_theirs": lambda me, ids: _text(attachments=[ids["foreign_upload"]])(me, ids),
    "with_sent": lambda me, ids: _text(attachments=[ids["attached_group"]])(me, ids),
    "edit": lambda me, ids: {"body": "edited"},
    "wishes": lambda me, ids: {"pinned": True, "notifications": "mentions"},
    "read": lambda me, ids: {"seq": 1},
    "group_ack": lambda me, ids: {"conversation": ids["group"], "seq": 1},
    "direct_ack": lambda me, ids: {"conversation": ids["direct"], "seq": 1},
}


def picture() -> io.BytesIO:
    """A PNG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, "PNG")
    out.seek(0)
    out.name = "me.png"
    return out
