"""People and devices do at random what people and devices do, and the chat and the model have to agree.

Every step goes through the public doors of real server processes (on the production stack two, in turns).
After it the model says what the status has to be and what everybody concerned has to see. Each example has
fresh people in fresh conversations, so that the database need not be emptied in between.
"""

import uuid
from collections.abc import Callable
from typing import Any, ClassVar

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.client import ApiClient, ok
from tests.model.devices import Device, Loop
from tests.model.doors import Told, of_answer, of_frame
from tests.model.promises import ADMIN, MEMBER, Chat, Line, Refused, Room, plain, seen
from tests.people import sign_in
from tests.stack.server import Server

PEOPLE = 4
people = st.integers(0, PEOPLE - 1)
indexes = st.integers(0, 30)
bodies = st.sampled_from(["hello", "你好", "🍣", "again", "  spaced", "e\u0301"])
emojis = st.sampled_from(["👍", "🍣", "🍺"])


class Machine(RuleBasedStateMachine):
    """``servers`` and ``loop`` are set by the test."""

    servers: ClassVar[list[Server]] = []
    loop: ClassVar[Loop]

    def __init__(self) -> None:
        super().__init__()
        self.chat = Chat()
        self.steps = self.asked = 0
        self.people: list[ApiClient] = []
        self.devices: dict[int, Device] = {}
        self.retries: list[tuple[int, Room, dict[str, Any]]] = []

    # --- how a step goes --------------------------------------------------------------------------------

    def client(self, who: int) -> ApiClient:
        """This person's, at one of the processes, in turns."""
        self.steps += 1
        client = self.people[who]
        client.http.base_url = self.servers[self.steps % len(self.servers)].url
        return client

    def id(self, who: int) -> int:
        return self.people[who].id

    def room(self, index: int) -> Room:
        rooms = list(self.chat.rooms.values())
        return rooms[index % len(rooms)]

    def place(self, where: int, index: int) -> tuple[Room, int]:
        """A conversation and a seq: of one of its messages, or of the next one."""
        room = self.room(where)
        return room, index % (len(room.lines) + 1) + 1

    def group(self, index: int) -> Room:
        groups = [room for room in self.chat.rooms.values() if room.pair is None]
        return groups[index % len(groups)]

    def knock(self, who: int, frame: dict[str, Any], method: str, path: str, body: Any = None) -> Told:
        """Ask for something at one of the doors: the socket, where there is one, every other time."""
        self.asked += 1
        device = self.devices.get(who)
        if self.asked % 2 and device is not None and device.socket is not None:
            return of_frame(frame, device.request(frame))
        more = {} if body is None else {"json": body}
        return of_answer(self.client(who).request(method, f"conversations/{path}", **more))

    def step(self, told: Told, promised: Callable[[], Any]) -> Any:
        """What the model says of it, after the chat has agreed; None: it is refused."""
        refusal = None
        try:
            result = promised()
        except Refused as refused:
            refusal, result = refused, None
        assert told.code == (refusal and refusal.code), f"{told.what}; the model: {refusal or 'yes'}"
        if refusal is not None:
            assert told.status in (None, refusal.status), told.what
        return result

    # --- the beginning and the end --------------------------------------------------------------------

    @initialize(since_joined=st.booleans())
    def begin(self, since_joined: bool) -> None:
        for number in range(PEOPLE):
            self.people.append(sign_in(ApiClient(self.servers[0].url), f"Person {number}"))
        for friends in ((0, 1), (1, 2), (2, 0)):
            self.befriend(*friends)
        for founder, member in ((0, 1), (1, 2)):
            self.found(founder, since_joined)
            self.join(len(self.chat.rooms), member)
            since_joined = not since_joined

    def teardown(self) -> None:
        try:
            for room in self.chat.rooms.values():
                self.compare(room, len(self.people))
            for who in range(len(self.people)):
                self.look(who)
            for device in self.devices.values():
                if device.socket is not None:
                    device.check(self.chat)
        finally:
            for device in self.devices.values():
                device.cut()
            for client in self.people:
                client.close()

    # --- messages -------------------------------------------------------------------------------------

    @rule(who=people, where=indexes, body=bodies, reply=st.none() | indexes)
    def send(self, who: int, where: int, body: str, reply: int | None) -> None:
        room, reply_to = self.room(where), None
        if reply is not None:
            room, reply_to = self.place(where, reply)
        said = {"client_id": str(uuid.uuid4()), "kind": "text", "body": body, "reply_to": reply_to}
        self._send(who, room, said)
        self.retries.append((who, room, said))

    @precondition(lambda self: self.retries)
    @rule(which=indexes, change=st.sampled_from(["", "", "body", "room"]), other=indexes)
    def retry(self, which: int, change: str, other: int) -> None:
        """The same once more, as after a cut; or another message under the same name."""
        who, room, said = self.retries[which % len(self.retries)]
        if change == "body":
            said = said | {"body": said["body"] + "!"}
        self._send(who, self.room(other) if change == "room" else room, said)

    def _send(self, who: int, room: Room, said: dict[str, Any]) -> None:
        frame = {"type": "message.send", "conversation": room.id, **said}
        told = self.knock(who, frame, "POST", f"{room.id}/messages", said)
        result = self.step(
            told,
            lambda: self.chat.send(room, self.id(who), said["client_id"], said["body"], said["reply_to"]),
        )
        if result is not None:
            self._accepted(told, *result)
        self.compare(room)

    def _accepted(self, told: Told, status: int, line: Line) -> None:
        if told.status is None:
            answered = (told.body["seq"], told.body["version"], told.body["duplicate"])
            assert answered == (line.seq, line.version, status == 200)
        else:
            assert told.status == status
            assert plain(told.body) == line.shape()

    @rule(who=people, where=indexes, seq=indexes, body=bodies)
    def edit(self, who: int, where: int, seq: int, body: str) -> None:
        room, seq = self.place(where, seq)
        frame = {"type": "message.edit", "conversation": room.id, "seq": seq, "body": body}
        told = self.knock(who, frame, "PATCH", f"{room.id}/messages/{seq}", {"body": body})
        self.step(told, lambda: self.chat.edit(room, self.id(who), seq, body))
        self.compare(room)

    @rule(who=people, where=indexes, seq=indexes)
    def recall(self, who: int, where: int, seq: int) -> None:
        room, seq = self.place(where, seq)
        frame = {"type": "message.recall", "conversation": room.id, "seq": seq}
        told = self.knock(who, frame, "DELETE", f"{room.id}/messages/{seq}")
        self.step(told, lambda: self.chat.recall(room, self.id(who), seq))
        self.compare(room)

    @rule(who=people, where=indexes, seq=indexes, emoji=emojis, present=st.booleans())
    def react(self, who: int, where: int, seq: int, emoji: str, present: bool) -> None:
        room, seq = self.place(where, seq)
        what, method = ("reaction.add", "PUT") if present else ("reaction.remove", "DELETE")
        frame = {"type": what, "conversation": room.id, "seq": seq, "emoji": emoji}
        told = self.knock(who, frame, method, f"{room.id}/messages/{seq}/reactions/{emoji}")
        self.step(told, lambda: self.chat.react(room, self.id(who), seq, emoji, present=present))
        self.compare(room)

    @rule(who=people, where=indexes, seq=indexes)
    def read(self, who: int, where: int, seq: int) -> None:
        room, seq = self.place(where, seq)
        frame = {"type": "read", "conversation": room.id, "seq": seq}
        told = self.knock(who, frame, "PUT", f"{room.id}/read", {"seq": seq})
        self.step(told, lambda: self.chat.mark(room, self.id(who), seq, read=True))
        self.compare(room)

    @rule(who=people, where=indexes, seq=indexes)
    def receive(self, who: int, where: int, seq: int) -> None:
        """Over REST, which answers when it is written; the socket may write it a second later."""
        room, seq = self.place(where, seq)
        answer = self.client(who).post("offline/ack", {"conversation": room.id, "seq": seq})
        self.step(of_answer(answer), lambda: self.chat.mark(room, self.id(who), seq, read=False))
        self.compare(room)

    # --- friends ----------------------------------------------------------------------------------------

    @rule(who=people, other=people)
    def befriend(self, who: int, other: int) -> None:
        if who == other:
            return
        asked = self.client(who).post("friend-requests", {"user": self.id(other), "greeting": ""})
        if self.step(of_answer(asked), lambda: self.chat.ask(self.id(who), self.id(other))):
            accepted = ok(self.client(other).post(f"friend-requests/{asked.json()['id']}/accept")).json()
            room = self.chat.befriend(self.id(who), self.id(other), accepted["conversation"])
            self.compare(room)

    @rule(who=people, other=people)
    def unfriend(self, who: int, other: int) -> None:
        self._between(who, other, self.client(who).delete(f"friends/{self.id(other)}"), self.chat.unfriend)

    @rule(who=people, other=people)
    def block(self, who: int, other: int) -> None:
        if who != other:
            self._between(who, other, self.client(who).put(f"blocks/{self.id(other)}"), self.chat.block)

    @rule(who=people, other=people)
    def unblock(self, who: int, other: int) -> None:
        self._between(who, other, self.client(who).delete(f"blocks/{self.id(other)}"), self.chat.unblock)

    def _between(
        self, who: int, other: int, answer: httpx.Response, promised: Callable[[int, int], None]
    ) -> None:
        self.step(of_answer(answer), lambda: promised(self.id(who), self.id(other)))
        for room in self.chat.rooms.values():
            if room.pair == frozenset((self.id(who), self.id(other))):
                self.compare(room)

    # --- groups -----------------------------------------------------------------------------------------

    def found(self, who: int, since_joined: bool) -> None:
        history = "since_joined" if since_joined else "all"
        made = self.client(who).create_group(history=history)
        self.chat.found(self.id(who), made, since_joined=since_joined)

    @rule(where=indexes, who=people)
    def join(self, where: int, who: int) -> None:
        room = self.group(where)
        answer = self.client(who).post(f"groups/{room.id}/join")
        self.step(of_answer(answer), lambda: self.chat.join(room, self.id(who)))
        self._moved(room, who)

    @rule(where=indexes, who=people)
    def leave(self, where: int, who: int) -> None:
        room = self.group(where)
        answer = self.client(who).post(f"groups/{room.id}/leave")
        self.step(of_answer(answer), lambda: self.chat.leave(room, self.id(who)))
        self._moved(room, who)

    @rule(where=indexes, who=people, whom=people)
    def kick(self, where: int, who: int, whom: int) -> None:
        if who != whom:
            room = self.group(where)
            answer = self.client(who).delete(f"groups/{room.id}/members/{self.id(whom)}")
            self.step(of_answer(answer), lambda: self.chat.kick(room, self.id(who), self.id(whom)))
            self._moved(room, whom)

    def _moved(self, room: Room, who: int) -> None:
        """Somebody's devices hear of their coming or going before anything else happens."""
        device = self.devices.get(who)
        if device is not None and device.socket is not None:
            device.check(self.chat)
        self.compare(room)

    @rule(where=indexes, who=people, whom=people, muted=st.booleans())
    def mute(self, where: int, who: int, whom: int, muted: bool) -> None:
        if who != whom:
            until = "2099-01-01T00:00:00.000Z" if muted else None
            self._member(
                where,
                who,
                whom,
                {"muted_until": until},
                lambda room: self.chat.mute(room, self.id(who), self.id(whom), muted=muted),
            )

    @rule(where=indexes, who=people, whom=people, role=st.sampled_from([ADMIN, MEMBER]))
    def promote(self, where: int, who: int, whom: int, role: int) -> None:
        if who != whom:
            self._member(
                where,
                who,
                whom,
                {"role": "admin" if role == ADMIN else "member"},
                lambda room: self.chat.promote(room, self.id(who), self.id(whom), role=role),
            )

    def _member(
        self, where: int, who: int, whom: int, wanted: dict[str, Any], promised: Callable[[Room], None]
    ) -> None:
        room = self.group(where)
        answer = self.client(who).patch(f"groups/{room.id}/members/{self.id(whom)}", wanted)
        self.step(of_answer(answer), lambda: promised(room))
        self.compare(room)

    @rule(where=indexes, who=people, muted=st.booleans())
    def mute_all(self, where: int, who: int, muted: bool) -> None:
        room = self.group(where)
        answer = self.client(who).patch(f"groups/{room.id}", {"muted_all": muted})
        self.step(of_answer(answer), lambda: self.chat.mute_all(room, self.id(who), muted=muted))
        self.compare(room)

    # --- devices ------------------------------------------------------------------------------------

    @rule(who=people, resume=st.booleans())
    def connect(self, who: int, resume: bool) -> None:
        """On a new line, with cursors or with nothing; the line before, if there is one, breaks."""
        self.cut(who)
        if who not in self.devices:
            server = self.servers[who % len(self.servers)]
            token = self.people[who].token or ""
            self.devices[who] = Device(self.loop, self.id(who), server.ws_url, token)
        self.devices[who].connect(self.chat, resume=resume)
        self.devices[who].check(self.chat)

    @rule(who=people)
    def cut(self, who: int) -> None:
        if who in self.devices:
            self.devices[who].cut()

    @rule(who=people)
    def settle(self, who: int) -> None:
        """What is on its way to this person's device arrives."""
        device = self.devices.get(who)
        if device is not None and device.socket is not None:
            device.check(self.chat)

    # --- what everybody has to see ----------------------------------------------------------------

    def compare(self, room: Room, seers: int = 2) -> None:
        """The conversation, as people see it: everybody in turns, and all of them at the end."""
        for turn in range(seers):
            who = (self.steps + turn) % len(self.people)
            answer = self.client(who).get(f"conversations/{room.id}")
            if self.id(who) in room.places and room.places[self.id(who)].present:
                assert seen(ok(answer).json()) == self.chat.state(room, self.id(who))
            else:
                assert answer.status_code == 404

    @rule(who=people)
    def look(self, who: int) -> None:
        """Everything that somebody can see, by every way there is to see it."""
        user, client = self.id(who), self.client(who)
        mine = [r for r in self.chat.rooms.values() if user in r.places and r.places[user].present]
        listed = ok(client.get("conversations")).json()["results"]
        order = sorted(mine, key=lambda room: (-room.activity, -room.id))
        assert [state["id"] for state in listed] == [room.id for room in order]
        offline = []
        for room in mine:
            lines = [line.shape() for line in room.visible(user)]
            assert [plain(message) for message in client.history(room.id)] == lines
            page = ok(client.get(f"conversations/{room.id}/sync", after=0)).json()
            assert page["complete"]
            assert page["next"] == room.version
            by_version = sorted(lines, key=lambda line: line["version"])
            assert [plain(message) for message in page["messages"]] == by_version
            self._unread(room, who)
            place = room.here(user)
            offline += [(room.id, line["seq"]) for line in lines if line["seq"] > place.delivered]
        missed = ok(client.get("offline", limit=100)).json()
        if missed["next"] is None:
            assert [(one["conversation"], one["message"]["seq"]) for one in missed["results"]] == sorted(
                offline
            )

    def _unread(self, room: Room, who: int) -> None:
        """The explanation names exactly the messages that the badge counts."""
        user = self.id(who)
        told = ok(self.client(who).get(f"conversations/{room.id}/unread", limit=100)).json()
        counted = room.counted(user)
        assert told["unread"] == len(counted)
        assert [item["seq"] for item in told["results"] if item["counted"]] == counted
        numbers = [item["number"] for item in told["results"] if item["counted"]]
        assert numbers == [number + 1 for number in range(len(counted))]
        for item in told["results"]:
            line = room.lines[item["seq"] - 1]
            expected = "system" if line.sender is None else "recalled" if line.recalled else "message"
            assert item["reason"] == ("own" if line.sender == user else expected)
