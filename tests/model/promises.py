"""What the chat promises, as simply as it can be said: lists in memory, and everything counted by counting.

Every method is one thing that somebody does. It changes the model, or raises ``Refused`` with the status that
the REST door has to answer. No ordinals here: unread is counted, message by message.
"""

from dataclasses import dataclass, field
from typing import Any

OWNER, ADMIN, MEMBER = 0, 1, 2


class Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status, self.code = status, code


NOT_THERE = (404, "not_found")


@dataclass
class Line:
    """One message; no sender: the system."""

    seq: int
    version: int
    sender: int | None
    body: str = ""
    event: str | None = None
    reply_to: int | None = None
    client_id: str | None = None
    edited: bool = False
    recalled: bool = False
    reactions: list[tuple[str, int]] = field(default_factory=list)

    def shape(self) -> dict[str, Any]:
        """As ``plain`` has what comes over the wire."""
        emoji: dict[str, list[int]] = {}
        for one, who in self.reactions:
            emoji.setdefault(one, []).append(who)
        return {
            "seq": self.seq,
            "version": self.version,
            "sender": self.sender,
            "body": self.body,
            "event": self.event,
            "reply_to": self.reply_to,
            "client_id": self.client_id,
            "edited": self.edited,
            "recalled": self.recalled,
            "reactions": emoji,
        }


def plain(message: dict[str, Any]) -> dict[str, Any]:
    """A message from the wire, without what the model does not know: names and times."""
    return {
        "seq": message["seq"],
        "version": message["version"],
        "sender": message["sender"] and message["sender"]["id"],
        "body": message["body"],
        "event": message["data"].get("event"),
        "reply_to": message["reply_to"],
        "client_id": message["client_id"],
        "edited": message["edited_at"] is not None,
        "recalled": message["recalled_at"] is not None,
        "reactions": {one["emoji"]: one["users"] for one in message["reactions"]},
    }


def seen(state: dict[str, Any]) -> dict[str, Any]:
    """A conversation's state from the wire, as ``Chat.state`` has it."""
    plain_names = ("first_seq", "last_seq", "last_version", "delivered_seq", "read_seq", "unread", "may_send")
    return {
        **{name: state[name] for name in (*plain_names, "muted")},
        "last_message": state["last_message"] and state["last_message"]["seq"],
        "receipts": {one["user"]: (one["delivered_seq"], one["read_seq"]) for one in state["receipts"]},
    }


@dataclass
class Place:
    """A person in a conversation."""

    first: int = 1
    delivered: int = 0
    read: int = 0
    present: bool = True
    role: int = MEMBER
    muted: bool = False


@dataclass
class Room:
    """A conversation."""

    id: int
    pair: frozenset[int] | None = None
    since_joined: bool = False
    muted_all: bool = False
    lines: list[Line] = field(default_factory=list)
    version: int = 0
    activity: int = 0
    places: dict[int, Place] = field(default_factory=dict)

    def here(self, user: int) -> Place:
        place = self.places.get(user)
        if place is None or not place.present:
            raise Refused(*NOT_THERE)
        return place

    def visible(self, user: int) -> list[Line]:
        return self.lines[self.here(user).first - 1 :]

    def line(self, user: int, seq: int) -> Line:
        if not self.here(user).first <= seq <= len(self.lines):
            raise Refused(*NOT_THERE)
        return self.lines[seq - 1]

    def counted(self, user: int, *, after: int | None = None, upto: int | None = None) -> list[int]:
        """The seqs of others' messages past the read marker."""
        after = self.here(user).read if after is None else after
        upto = len(self.lines) if upto is None else upto
        return [line.seq for line in self.lines[after:upto] if line.sender not in (None, user)]


class Chat:
    """Everything that people have done."""

    def __init__(self) -> None:
        self.rooms: dict[int, Room] = {}
        self.friends: set[frozenset[int]] = set()
        self.blocks: set[tuple[int, int]] = set()
        #: {(sender, client_id): (content, room, seq)}
        self.sent: dict[tuple[int, str], tuple[Any, Room, int]] = {}
        self._activity = 0

    # --- who may what -------------------------------------------------------------------------------

    def may_send(self, room: Room, user: int) -> bool:
        place = room.here(user)
        if room.pair is not None:
            return room.pair in self.friends and not self.blocked(*room.pair)
        return (place.role <= ADMIN or not room.muted_all) and not place.muted

    def right(self, room: Room, user: int) -> bool:
        """The right as it is kept, whatever mute lasts."""
        return self.may_send(room, user) if room.pair else room.here(user).role <= ADMIN or not room.muted_all

    def blocked(self, one: int, other: int) -> bool:
        return bool({(one, other), (other, one)} & self.blocks)

    def _speak(self, room: Room, user: int) -> None:
        if not self.may_send(room, user):
            raise Refused(403, "may_not_send")

    def state(self, room: Room, user: int) -> dict[str, Any]:
        """What this person has to see of a conversation."""
        place = room.here(user)
        last = room.visible(user)[-1:]
        told = room.pair is None or self.right(room, user)
        others = {id_: other for id_, other in room.places.items() if id_ != user and other.present}
        return {
            "first_seq": place.first,
            "last_seq": len(room.lines),
            "last_version": room.version,
            "delivered_seq": place.delivered,
            "read_seq": place.read,
            "unread": len(room.counted(user)),
            "may_send": self.may_send(room, user),
            "muted": place.muted,
            "last_message": last[0].seq if last else None,
            "receipts": {id_: (other.delivered, other.read) for id_, other in others.items()} if told else {},
        }

    # --- messages -----------------------------------------------------------------------------------

    def _append(self, room: Room, sender: int | None, **said: Any) -> Line:
        room.version += 1
        self._activity += 1
        room.activity = self._activity
        line = Line(len(room.lines) + 1, room.version, sender, **said)
        room.lines.append(line)
        return line

    def _changed(self, room: Room, line: Line) -> None:
        room.version += 1
        line.version = room.version

    def send(
        self, room: Room, user: int, client_id: str, body: str, reply_to: int | None
    ) -> tuple[int, Line]:
        """(the status, the message in its present state)."""
        content = (room.id, body, reply_to)
        if (user, client_id) in self.sent:
            before, where, seq = self.sent[user, client_id]
            if before != content:
                raise Refused(409, "client_id_conflict")
            return 200, where.lines[seq - 1]
        place = room.here(user)
        self._speak(room, user)
        if reply_to is not None and not place.first <= reply_to <= len(room.lines):
            raise Refused(400, "invalid")
        line = self._append(room, user, body=body, reply_to=reply_to, client_id=client_id)
        self.sent[user, client_id] = (content, room, line.seq)
        place.read = place.delivered = line.seq
        return 201, line

    def edit(self, room: Room, user: int, seq: int, body: str) -> None:
        line = room.line(user, seq)
        if line.sender != user:
            raise Refused(403, "not_yours")
        self._speak(room, user)
        if line.recalled:
            raise Refused(409, "recalled")
        if line.body != body:
            line.body, line.edited = body, True
            self._changed(room, line)

    def recall(self, room: Room, user: int, seq: int) -> None:
        line = room.line(user, seq)
        moderates = room.pair is None and room.here(user).role <= ADMIN
        if line.sender is None or (line.sender != user and not moderates):
            raise Refused(403, "not_yours")
        if not line.recalled:
            line.body, line.recalled, line.reactions = "", True, []
            self._changed(room, line)

    def react(self, room: Room, user: int, seq: int, emoji: str, *, present: bool) -> None:
        line = room.line(user, seq)
        self._speak(room, user)
        if line.sender is None:
            raise Refused(403, "not_yours")
        if line.recalled:
            raise Refused(409, "recalled")
        if ((emoji, user) in line.reactions) != present:
            if present:
                line.reactions.append((emoji, user))
            else:
                line.reactions.remove((emoji, user))
            self._changed(room, line)

    def mark(self, room: Room, user: int, seq: int, *, read: bool) -> None:
        place = room.here(user)
        if seq > len(room.lines):
            raise Refused(400, "invalid")
        place.delivered = max(place.delivered, seq)
        if read:
            place.read = max(place.read, seq)

    # --- friends ------------------------------------------------------------------------------------

    def ask(self, user: int, other: int) -> bool:
        """A request may be made; ``befriend`` is its acceptance."""
        if self.blocked(user, other):
            raise Refused(*NOT_THERE)
        if frozenset((user, other)) in self.friends:
            raise Refused(409, "already_friends")
        return True

    def befriend(self, user: int, other: int, conversation: int) -> Room:
        pair = frozenset((user, other))
        self.friends.add(pair)
        room = self.rooms.get(conversation)
        if room is None:
            room = self.rooms[conversation] = Room(conversation, pair, activity=self._activity)
            room.places = {user: Place(), other: Place()}
        assert room.pair == pair, "one conversation a pair, for ever"
        return room

    def unfriend(self, user: int, other: int) -> None:
        if frozenset((user, other)) not in self.friends:
            raise Refused(*NOT_THERE)
        self.friends.remove(frozenset((user, other)))

    def block(self, user: int, other: int) -> None:
        self.blocks.add((user, other))

    def unblock(self, user: int, other: int) -> None:
        if (user, other) not in self.blocks:
            raise Refused(*NOT_THERE)
        self.blocks.remove((user, other))

    # --- groups -------------------------------------------------------------------------------------

    def found(self, user: int, conversation: int, *, since_joined: bool) -> Room:
        room = self.rooms[conversation] = Room(conversation, since_joined=since_joined)
        room.places[user] = Place(role=OWNER)
        self._append(room, None, event="group.created")
        return room

    def join(self, room: Room, user: int) -> None:
        place = room.places.get(user)
        if place is not None and place.present:
            raise Refused(409, "already_member")
        last = len(room.lines)
        room.places[user] = Place(first=last + 1 if room.since_joined else 1, delivered=last, read=last)
        self._append(room, None, event="member.joined")

    def leave(self, room: Room, user: int) -> None:
        if room.here(user).role == OWNER:
            raise Refused(409, "owner_must_transfer")
        room.places[user].present = False
        self._append(room, None, event="member.left")

    def _over(self, room: Room, actor: int, user: int) -> Place:
        mine = room.here(actor)
        target = room.places.get(user)
        if mine.role > ADMIN or (target is not None and target.present and mine.role >= target.role):
            raise Refused(403, "forbidden")
        return room.here(user)

    def kick(self, room: Room, actor: int, user: int) -> None:
        self._over(room, actor, user).present = False
        self._append(room, None, event="member.removed")

    def mute(self, room: Room, actor: int, user: int, *, muted: bool) -> None:
        place = self._over(room, actor, user)
        if place.muted != muted:
            place.muted = muted
            self._append(room, None, event="member.muted" if muted else "member.unmuted")

    def promote(self, room: Room, actor: int, user: int, *, role: int) -> None:
        place = self._over(room, actor, user)
        if room.here(actor).role != OWNER:
            raise Refused(403, "forbidden")
        if place.role != role:
            place.role = role
            place.muted = place.muted and role == MEMBER
            self._append(room, None, event="role.changed")

    def mute_all(self, room: Room, actor: int, *, muted: bool) -> None:
        if room.here(actor).role > ADMIN:
            raise Refused(403, "forbidden")
        if room.muted_all != muted:
            room.muted_all = muted
            self._append(room, None, event="group.muted_all" if muted else "group.unmuted_all")
