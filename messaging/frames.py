"""The frames that a client sends: parsed and validated once, without the database."""

from typing import Annotated, Any, get_args
from uuid import UUID

import msgspec
from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

from chatchat.api import MAX_ID
from chatchat.errors import ChatError, Invalid

Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
Version = Annotated[int, Meta(ge=0, le=MAX_ID)]
#: What a reply can carry back: its encoder writes no wider integers.
FrameId = Annotated[int, Meta(ge=-(2**63), le=MAX_ID)] | Annotated[str, Meta(max_length=64)] | None
CURSORS_LIMIT = 500
WATCHED_LIMIT = 500


class Frame(Struct, tag_field="type"):
    """Every frame may carry an ``id``, which the reply carries back as ``re``, and a ``traceparent``, W3C."""

    id: FrameId = None
    traceparent: str = ""


class Hello(Frame, tag="hello"):
    cursors: dict[str, Version] = {}


class Send(Frame, tag="message.send", kw_only=True):
    conversation: Id
    client_id: UUID
    body: str
    kind: str = "text"
    reply_to: Id | None = None
    attachments: tuple[Id, ...] = ()


class Edit(Frame, tag="message.edit", kw_only=True):
    conversation: Id
    seq: Id
    body: str


class Recall(Frame, tag="message.recall", kw_only=True):
    conversation: Id
    seq: Id


class ReactionAdd(Frame, tag="reaction.add", kw_only=True):
    conversation: Id
    seq: Id
    emoji: str


class ReactionRemove(Frame, tag="reaction.remove", kw_only=True):
    conversation: Id
    seq: Id
    emoji: str


class Sync(Frame, tag="sync", kw_only=True):
    conversation: Id
    after: Version
    limit: Annotated[int, Meta(ge=1, le=200)] = 200


class Delivered(Frame, tag="delivered", kw_only=True):
    conversation: Id
    seq: Id


class Read(Frame, tag="read", kw_only=True):
    conversation: Id
    seq: Id


class Typing(Frame, tag="typing", kw_only=True):
    conversation: Id
    active: bool


class PresenceWatch(Frame, tag="presence.watch", kw_only=True):
    users: Annotated[list[Id], Meta(max_length=WATCHED_LIMIT)]


class Auth(Frame, tag="auth", kw_only=True):
    token: Annotated[str, Meta(max_length=4096)]


class Ping(Frame, tag="ping"):
    pass


AnyFrame = (
    Hello | Send | Edit | Recall | ReactionAdd | ReactionRemove
    | Sync | Delivered | Read | Typing | PresenceWatch | Auth | Ping
)  # fmt: skip
_decode = msgspec.json.Decoder(AnyFrame).decode
_decode_anything = msgspec.json.Decoder().decode


class BadFrame(Exception):
    """A frame that is refused; ``re`` is its id if it had one."""

    def __init__(self, error: ChatError, re: Any = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.re = re


def parse(text: str) -> AnyFrame:
    """The frame that ``text`` is. Raises ``BadFrame``: ``invalid_json``, ``unknown_type``, ``invalid``."""
    try:
        frame: AnyFrame = _decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _explain(text, str(error)) from None
    return frame


def _explain(text: str, reason: str) -> BadFrame:
    try:
        value = _decode_anything(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return BadFrame(Invalid(_("A frame is one JSON object."), code="invalid_json"))
    re = _id(value.get("id"))
    if not isinstance(value.get("type"), str) or value["type"] not in TYPES:
        return BadFrame(Invalid(_("There is no frame of this type."), code="unknown_type"), re)
    problem, _sep, path = reason.partition(" - at `$")
    field = path.strip("`.").split(".")[0].split("[")[0] or "frame"
    return BadFrame(Invalid(details={field: [problem]}), re)


#: Every ``type`` that a client may send.
def _id(value: Any) -> int | str | None:
    """The frame's id, if it is one that a reply can carry back."""
    if isinstance(value, str) and len(value) <= 64:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value <= MAX_ID:
        return value
    return None


def type_of(frame: AnyFrame) -> str:
    """Its ``type`` on the wire."""
    return str(frame.__struct_config__.tag)


TYPES = frozenset(frame.__struct_config__.tag for frame in get_args(AnyFrame))
