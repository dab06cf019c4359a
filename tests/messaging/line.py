"""A socket's connection within the test's process: a real hub on the test's database, and a line that
the test can stop at any frame."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

from accounts.authentication import Credentials
from accounts.models import User
from accounts.services import sessions
from chatchat.clock import now
from chatchat.db import write_transaction
from chatchat.realtime import outlet
from chatchat.realtime.hub import Hub
from messaging.connection import Connection
from messaging.models import Conversation, Participant
from messaging.services import conversations, messages
from messaging.writer import Accepted

Hook = Callable[[], Awaitable[Any]]


class Line:
    """The reader's end: keeps every frame; `on["ready"] = hook` runs once such a frame was written."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.on: dict[str, Hook] = {}
        self.news = asyncio.Event()
        self.close_code: int | None = None

    def put(self, texts: Sequence[bytes], blob: bytes) -> int:
        self.frames += [json.loads(text) for text in texts]
        self.news.set()
        return 0

    async def put_paced(self, text: bytes) -> None:
        self.put((text,), text)
        if hook := self.on.pop(json.loads(text)["type"], None):
            await hook()

    def unsent(self) -> int:
        return 0

    async def hurry(self) -> None:
        """Nothing is in the way."""

    def abort(self) -> None:
        """There is no line to cut."""

    def end(self) -> None:
        """Nothing is kept."""

    async def closed(self, code: int) -> None:
        self.close_code = code
        self.news.set()

    def versions(self, conversation: int) -> list[int]:
        """Of the messages received, in the order of their coming."""
        return [
            frame["message"]["version"]
            for frame in self.frames
            if frame["type"] == "message" and frame["conversation"] == conversation
        ]

    def types(self, conversation: int) -> list[str]:
        """Of all frames about a conversation."""
        return [frame["type"] for frame in self.frames if _about(frame) == conversation]

    async def until(self, met: Callable[[], Any], within: float = 5) -> None:
        """Wait for something to have come."""
        async with asyncio.timeout(within):
            while not met():
                self.news.clear()
                await self.news.wait()


def _about(frame: dict[str, Any]) -> int | None:
    about = frame.get("conversation")
    return about["id"] if isinstance(about, dict) else about


async def connect(hub: Hub, user: User) -> tuple[Connection, Line]:
    """A new socket of a new session; `hello` is the test's to say."""
    session = await asyncio.to_thread(_session, user)
    line = Line()
    moment = now()
    credentials = Credentials(user.pk, session, moment + timedelta(minutes=15), moment)
    connection = Connection(hub, credentials, line, line.closed)
    await connection.begin()
    return connection, line


def _session(user: User) -> int:
    return sessions.begin(user=user).pk


@contextmanager
def in_one_go() -> Iterator[None]:
    """One transaction, of which no process is told: quick, for what a test only needs to be there."""
    outlet.connect(lambda events: None)
    try:
        with write_transaction():
            yield
    finally:
        outlet.connect(None)


def room(*people: User, history_from_now: bool = False) -> int:
    """A group's conversation with these people in it."""
    with write_transaction():
        conversation = conversations.create_group(title="A room")
        for person in people:
            conversations.join(conversation, user_id=person.pk, history_from_now=history_from_now)
    return conversation.pk


def rooms(count: int, *people: User) -> list[int]:
    """Many groups' conversations at once, written past the services because of their number."""
    last = Conversation.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    Conversation.objects.bulk_create(
        Conversation(kind=Conversation.Kind.GROUP, title=f"Room {number}") for number in range(count)
    )
    made = list(Conversation.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True))
    Participant.objects.bulk_create(
        Participant(conversation_id=chat, user=person) for chat in made for person in people
    )
    return made


def say(person: User, conversation: int, body: str = "hello", **fields: Any) -> Accepted:
    """Send a message by the service."""
    return messages.send(
        user_id=person.pk, conversation_id=conversation, client_id=uuid4(), body=body, **fields
    )


def leave(person: User, conversation: int, reason: str = "kicked") -> None:
    with write_transaction():
        conversations.leave(conversations.lock(conversation), user_id=person.pk, reason=reason)


def join(person: User, conversation: int, *, history_from_now: bool = False) -> None:
    with write_transaction():
        conversations.join(
            conversations.lock(conversation), user_id=person.pk, history_from_now=history_from_now
        )


def set_rights(person: User, conversation: int, **rights: Any) -> None:
    with write_transaction():
        conversations.set_rights(conversations.lock(conversation), user_id=person.pk, **rights)
