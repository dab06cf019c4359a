"""Who may send which frame: a row a frame, a column a person; the words are table.py's.

``ready``, ``ok`` and so on are the types of the replies; ``nothing`` is that of ``typing``, ``seen`` and
``hidden`` say whether ``presence`` names who is asked for. For ``gone``
see docs/websocket.md: what a cursor for a conversation that is not one's own gets. Anonymous and
banned people get no socket at all: the handshake is refused.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.permissions.world import PEOPLE

TABLE = """
                             anonymous stranger member former kicked muted blocked admin owner banned
hello          plain         401   ready ready ready ready ready ready ready ready ban
hello          group         401   gone  ready gone  gone  ready ready ready ready ban
hello          dissolved     401   gone  gone  gone  gone  gone  gone  gone  gone  ban
ping           -             401   pong  pong  pong  pong  pong  pong  pong  pong  ban
auth           mine          401   ok    ok    ok    ok    ok    ok    ok    ok    ban
auth           theirs        401   401   401   401   401   401   401   401   401   ban
auth           banned        401   ban   ban   ban   ban   ban   ban   ban   ban   ban
message.send   group         401   404   sent  404   404   mute  sent  sent  sent  ban
message.send   direct        401   404   sent  mute  404   sent  mute  404   sent  ban
message.send   dissolved     401   404   404   404   404   404   404   404   404   ban
message.send   old_answer    401   404   input 404   404   mute  input input sent  ban
message.send   with_mine     401   404   sent  404   404   mute  sent  sent  sent  ban
message.send   with_theirs   401   404   input 404   404   mute  input input input ban
message.send   with_sent     401   404   input 404   404   mute  input input input ban
message.edit   own           401   404   ok    404   404   mute  ok    ok    ok    ban
message.edit   others        401   404   theirs 404  404   theirs theirs theirs theirs ban
message.edit   system        401   404   theirs 404  404   theirs theirs theirs theirs ban
message.edit   direct        401   404   ok    mute  404   ok    mute  404   ok    ban
message.edit   hidden        401   404   404   404   404   404   404   404   ok    ban
reaction.add   others        401   404   ok    404   404   mute  ok    ok    ok    ban
reaction.add   direct        401   404   ok    mute  404   ok    mute  404   ok    ban
reaction.add   hidden        401   404   404   404   404   404   404   404   ok    ban
reaction.remove others       401   404   ok    404   404   mute  ok    ok    ok    ban
reaction.remove direct       401   404   ok    mute  404   ok    mute  404   ok    ban
sync           group         401   404   page  404   404   page  page  page  page  ban
sync           direct        401   404   page  page  404   page  page  404   page  ban
sync           dissolved     401   404   404   404   404   404   404   404   404   ban
delivered      group         401   404   ok    404   404   ok    ok    ok    ok    ban
delivered      direct        401   404   ok    ok    404   ok    ok    404   ok    ban
read           group         401   404   ok    404   404   ok    ok    ok    ok    ban
read           direct        401   404   ok    ok    404   ok    ok    404   ok    ban
read           dissolved     401   404   404   404   404   404   404   404   404   ban
typing         group         401   404   nothing 404 404   mute  nothing nothing nothing ban
typing         direct        401   404   nothing mute 404  nothing mute 404  nothing ban
presence.watch owner         401   hidden seen hidden hidden seen hidden seen hidden ban
presence.watch blocked       401   hidden seen hidden hidden seen hidden seen hidden ban
presence.watch somebody      401   hidden seen hidden hidden seen seen  seen  seen  ban
presence.watch stranger      401   hidden hidden hidden hidden hidden hidden hidden hidden ban
presence.watch banned        401   hidden hidden hidden hidden hidden hidden hidden hidden ban
typing         dissolved     401   404   404   404   404   404   404   404   404   ban
message.recall system        401   404   theirs 404  404   theirs theirs theirs theirs ban
message.recall own           401   404   ok    404   404   ok    ok    ok    ok    ban
message.recall direct        401   404   ok    ok    404   ok    ok    404   ok    ban
message.recall hidden        401   404   404   404   404   404   404   404   ok    ban
message.recall others        401   404   theirs 404  404   theirs theirs ok  ok    ban
"""

#: What a message is sent with, by its id in the world.
ATTACHED = {"with_mine": "my_upload", "with_theirs": "foreign_upload", "with_sent": "attached_group"}

#: What a cell's word is on the wire: a reply's type or an error's code.
WORDS = {
    "sent": "message.accepted",
    "page": "sync.page",
    "401": "not_authenticated",
    "404": "not_found",
    "mute": "may_not_send",
    "theirs": "not_yours",
    "input": "invalid",
    "ban": "banned",
    "gone": "conversation.gone",
}
REFUSED = frozenset({"401", "404", "mute", "theirs", "input", "ban", "gone"})


@dataclass(frozen=True)
class FrameRow:
    """A frame and what each person gets for it."""

    type: str
    about: str
    expected: dict[str, str]

    def __str__(self) -> str:
        return f"{self.type} {self.about}"

    def frame(self, ids: Mapping[str, Any]) -> dict[str, Any]:
        """As somebody with these ids sends it."""
        place = {
            "own": "group",
            "others": "group",
            "system": "group",
            "hidden": "since",
            "old_answer": "since",
            **dict.fromkeys(ATTACHED, "group"),
        }
        seq = {"hidden": 2, "direct": ids["said_direct"], "group": 1, "dissolved": 1}
        frame: dict[str, Any] = {"type": self.type}
        if self.type in ("hello", "ping", "auth"):
            return frame
        if self.type == "presence.watch":
            return {**frame, "users": [ids[self.about]]}
        frame["conversation"] = ids[place.get(self.about, self.about)]
        frame |= _fields(self.type)
        if self.about in ATTACHED:
            frame["attachments"] = [ids[ATTACHED[self.about]]]
        if self.about == "old_answer":
            frame["reply_to"] = 2
        if self.type in ("delivered", "read"):
            frame["seq"] = 1
        elif self.type not in ("message.send", "sync", "typing"):
            frame["seq"] = seq.get(self.about) or ids[self.about]
        return frame


def _fields(type_: str) -> dict[str, Any]:
    if type_ == "message.send":
        return {"client_id": str(uuid.uuid4()), "kind": "text", "body": "psst"}
    more: dict[str, dict[str, Any]] = {
        "message.edit": {"body": "edited"},
        "reaction.add": {"emoji": "👍"},
        "reaction.remove": {"emoji": "👍"},
        "sync": {"after": 0},
        "typing": {"active": True},
    }
    return more.get(type_, {})


def rows() -> list[FrameRow]:
    """The table, read."""
    found = []
    for line in TABLE.strip().splitlines()[1:]:
        type_, about, *cells = line.split()
        found.append(FrameRow(type_, about, dict(zip(PEOPLE, cells, strict=True))))
    return found
