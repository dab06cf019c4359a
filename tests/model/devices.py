"""A device: a real socket in an event loop of its own thread, which keeps what a client would keep."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.client import ChatSocket, Frame
from tests.model.promises import Chat, Room, plain

T = TypeVar("T")
PATIENCE = 15.0
NEVER = 2**63


class Loop:
    """An event loop in a thread, for tests that are no coroutines."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE * 2)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@dataclass
class Known:
    """What a device has of one conversation."""

    #: It is owed everything above this version …
    version: int
    #: … and everything past this seq.
    seq: int = NEVER
    cursor: int = 0
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)


class Device:
    """One device of one person, connected or not."""

    def __init__(self, loop: Loop, user: int, ws_url: str, token: str) -> None:
        self.loop, self.user = loop, user
        self._address = (ws_url, token)
        self.socket: ChatSocket | None = None
        self.known: dict[int, Known] = {}
        self.gone: set[int] = set()
        self.states: list[Frame] = []  # every state of a conversation that it was told
        self.seen = 0

    # --- coming and going ---------------------------------------------------------------------------

    def connect(self, chat: Chat, *, resume: bool) -> None:
        """Say hello with the cursors that are known, or as a new device without history."""
        cursors: dict[int | str, int] = (
            {id_: known.cursor for id_, known in self.known.items()} if resume else {}
        )
        self.known = self.known if resume else {}
        self.gone = set()
        mine = {id_: room for id_, room in chat.rooms.items() if _present(room, self.user)}
        for id_, room in mine.items():
            if id_ in self.known:
                # They may have been away, and see from later on.
                first, known = room.places[self.user].first, self.known[id_]
                known.messages = {seq: one for seq, one in known.messages.items() if seq >= first}
            else:
                place = room.places[self.user]
                owed = max(place.delivered, place.first - 1)
                self.known[id_] = Known(version=room.version, seq=owed, cursor=room.version)
        self.socket = ChatSocket(self._address[0], self._address[1], timeout=PATIENCE)
        self.seen = 0

        async def begin(socket: ChatSocket) -> Frame:
            await socket.open()
            return await socket.hello(cursors if resume else None)

        ready = self.loop.run(begin(self.socket))
        self.states += ready["conversations"]
        assert {state["id"] for state in ready["conversations"]} == set(mine)
        self.take()
        for id_ in set(self.known) - set(mine):
            assert id_ in self.gone, f"the cursor of {id_} names what is not one's own: told so"

    def cut(self) -> None:
        """The connection breaks without a word."""
        if self.socket is not None:
            self.loop.run(self.socket.cut())
            self.take()
            self.socket = None

    def request(self, frame: Frame) -> Frame:
        """Ask over the socket; the reply."""
        assert self.socket is not None
        return self.loop.run(self.socket.request(frame))

    # --- what comes -----------------------------------------------------------------------------------

    def take(self) -> None:
        """Work through the frames that have come since."""
        assert self.socket is not None
        frames = list(self.socket.received)
        for frame in frames[self.seen :]:
            self._one(frame)
        self.seen = len(frames)

    def _one(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "message":
            self._message(frame["conversation"], frame["message"])
        elif kind == "conversation":
            state = frame["conversation"]
            self.states.append(state)
            if state["id"] not in self.known:
                self.gone.discard(state["id"])
                self.known[state["id"]] = Known(version=state["last_version"], cursor=state["last_version"])
        elif kind == "conversation.gone":
            self.known.pop(frame["conversation"], None)
            self.gone.add(frame["conversation"])
        assert kind != "sync.limited", frame

    def _message(self, conversation: int, message: dict[str, Any]) -> None:
        assert conversation not in self.gone, f"{conversation} is over, and goes on: {message}"
        known = self.known.setdefault(conversation, Known(version=NEVER))
        before = known.messages.get(message["seq"])
        assert before is None or before["version"] <= message["version"], "a message goes back"
        known.messages[message["seq"]] = plain(message)
        known.cursor = max(known.cursor, message["version"])

    def until(self, met: Callable[[], bool], what: str) -> None:
        """Take what comes until it is so: a frame is on its way, and nothing else is waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.take()
            if met():
                return
            assert self.socket is not None
            assert self.socket.close_code is None, f"closed with {self.socket.close_code}"
            assert time.monotonic() < deadline, f"{self.user} waits in vain for {what}"
            time.sleep(0.005)

    # --- what it has to have -----------------------------------------------------------------------

    def check(self, chat: Chat) -> None:
        """It has everything that it is owed, in its present state, and nothing that is not for it."""
        for room in chat.rooms.values():
            if _present(room, self.user):
                self._check_room(room)
            else:
                self._check_end(room)
        self._check_states(chat)

    def _check_end(self, room: Room) -> None:
        self.until(lambda: room.id not in self.known, f"the end of {room.id}")

    def _check_room(self, room: Room) -> None:
        self.until(lambda: room.id in self.known, f"the beginning of {room.id}")
        known = self.known[room.id]
        owed = {
            line.seq: line.shape()
            for line in room.visible(self.user)
            if line.version > known.version or line.seq > known.seq
        }
        self.until(
            lambda: owed.items() <= known.messages.items(), f"{owed} in {room.id}, has {known.messages}"
        )
        first = room.here(self.user).first
        assert all(seq >= first for seq in known.messages), "what was said before they came"

    def _check_states(self, chat: Chat) -> None:
        """Every unread count that was ever told is the count of what was unread then."""
        for state in self.states:
            room = chat.rooms[state["id"]]
            counted = [
                line
                for line in room.lines[state["read_seq"] : state["last_seq"]]
                if line.sender not in (None, self.user)
            ]
            assert state["unread"] == len(counted), state
            assert state["read_seq"] <= state["delivered_seq"] <= state["last_seq"]
        self.states.clear()


def _present(room: Room, user: int) -> bool:
    return user in room.places and room.places[user].present
