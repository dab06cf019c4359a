"""More comes than can be written: it is refused in time, and who floods does not starve the others."""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from chatchat.db import write_transaction
from messaging.models import Conversation
from messaging.scribe import PERSON_LIMIT, QUEUE_LIMIT, Writer
from messaging.writer import BATCH, Mark, Outcome, Send
from tests.client import ApiClient, ChatSocket, Frame
from tests.people import orm
from tests.stack.server import Server
from tests.telemetry.scrape import scrape

SOCKETS = 10  # that one person may have
OUTSTANDING = 256  # of each


@contextlib.contextmanager
def held_up(conversation: int) -> Iterator[None]:
    """Whatever writes to it waits."""
    locked, over = threading.Event(), threading.Event()

    def hold() -> None:
        with write_transaction():
            Conversation.objects.select_for_update().get(pk=conversation)
            locked.set()
            over.wait(20)

    thread = threading.Thread(target=lambda: orm(hold))
    thread.start()
    assert locked.wait(10)
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.asyncio
async def test_who_floods_waits_and_the_others_do_not(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    server = start_server(FRAME_BURST="10000")
    amy, flooder = person("Amy", server=server), person("Bob", server=server)
    chat = amy.befriend(flooder)
    async with contextlib.AsyncExitStack() as open_:
        flood = [
            await open_.enter_async_context(ChatSocket(server.ws_url, flooder.token, timeout=30))
            for _ in range(SOCKETS)
        ]
        mine = await open_.enter_async_context(ChatSocket(server.ws_url, amy.token, timeout=30))
        for socket in (mine, *flood):
            await socket.hello()
        with held_up(chat):
            for socket in flood:
                for _ in range(OUTSTANDING):
                    await socket.send(message(chat))
            async with asyncio.timeout(10):
                while await waiting(server) < SOCKETS * OUTSTANDING - BATCH:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            frame = message(chat)
            await mine.send(frame)
            async with asyncio.timeout(10):
                while await waiting(server) < SOCKETS * OUTSTANDING - BATCH + 1:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        accepted = await mine.next("message.accepted", re=frame["id"])
        told: Counter[str] = Counter()
        async with asyncio.timeout(30):
            for socket in flood:
                for _ in range(OUTSTANDING):
                    reply = await answer(socket)
                    told[reply.get("error", {}).get("code", "accepted")] += 1
        assert accepted["seq"] <= 2 * BATCH, "hers is in the next batch, before most of what came earlier"
        assert told["accepted"] > accepted["seq"]
        # SQLite does not wait for long for what holds it up.
        assert {"accepted", "busy"} <= set(told) <= {"accepted", "busy", "unavailable"}
        assert told["accepted"] <= PERSON_LIMIT + BATCH, "too much of one person's is refused"


async def answer(socket: ChatSocket) -> Frame:
    """The next reply, whatever it answers."""
    while True:
        frame = await socket.next()
        if "re" in frame:
            return frame


def message(chat: int) -> Frame:
    """One more to send."""
    client_id = str(uuid4())
    return {
        "type": "message.send", "id": client_id, "conversation": chat,
        "client_id": client_id, "kind": "text", "body": "x",
    }  # fmt: skip


async def waiting(server: Server) -> float:
    """Items that no batch has taken yet."""
    return (await asyncio.to_thread(scrape, server))("chatchat_writer_waiting")


@pytest.mark.django_db(transaction=True)
def test_what_does_not_fit_is_refused_at_once() -> None:
    conversation = Conversation.objects.create(kind="group")
    outcomes: list[Outcome] = []
    refused: list[Outcome] = []
    writer = Writer(lambda call: call(), lambda changes: None)
    with held_up(conversation.pk):
        # Markers alone wait for nobody: a message has to be there, which does.
        writer.submit(Send(1, conversation.pk, str(uuid4()), "text", "x", None, "0" * 64), outcomes.append)
        deadline = time.monotonic() + 10
        while writer.waiting():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for number in range(QUEUE_LIMIT):
            writer.submit(Mark(number % 50 + 1, conversation.pk, 1, read=True), outcomes.append)
        for _ in range(100):
            writer.submit(Mark(1, conversation.pk, 1, read=True), refused.append)
        assert [getattr(each, "code", "") for each in refused] == ["busy"] * 100
        assert writer.waiting() <= QUEUE_LIMIT
    writer.stop()
    assert len(outcomes) == QUEUE_LIMIT + 1, "everybody is answered"
