"""The doctor beside a site at work: no false alarm, and what it mends is seen at once."""

import threading
from collections.abc import Callable

import pytest

from messaging.models import Conversation, Message
from messaging.recount import LOST
from tests.client import ApiClient, ChatSocket
from tests.doctor.common import findings
from tests.messaging.common import state
from tests.people import orm
from tests.stack.server import Server

Person = Callable[..., ApiClient]


def test_while_people_write_and_read_nothing_is_found(server: Server, person: Person) -> None:
    amy, bob = person("Amy"), person("Bob")
    group = amy.create_group(bob)
    stop = threading.Event()

    def write(who: ApiClient) -> None:
        while not stop.is_set():
            sent = who.send_message(group, "hello")
            who.put(f"conversations/{group}/read", {"seq": sent["seq"]})

    writers = [threading.Thread(target=write, args=(who,)) for who in (amy, bob)]
    for writer in writers:
        writer.start()
    try:
        assert [findings("counters") for _look in range(5)] == [[]] * 5
        Conversation.objects.filter(pk=group).update(last_ordinal=0)
        findings("counters", "--fix")
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert findings("counters") == []
    history = amy.history(group)
    assert [message["seq"] for message in history] == [*range(1, len(history) + 1)]


@pytest.mark.asyncio
async def test_an_open_socket_is_shown_what_was_mended(server: Server, person: Person) -> None:
    amy, bob = person("Amy"), person("Bob")
    direct = amy.befriend(bob)
    for _ in range(3):
        bob.send_message(direct, "hello")
    async with ChatSocket(server.ws_url, amy.token) as socket:
        await socket.hello()
        orm(lambda: Message.objects.filter(conversation=direct, seq=2).delete())
        orm(lambda: findings("counters", "--fix"))
        frame = await socket.next("message", conversation=direct)
        while frame["message"]["data"] != {"event": LOST}:  # the backlog comes before it
            frame = await socket.next("message", conversation=direct)
    assert frame["message"]["seq"] == 2
    assert orm(lambda: state(amy, direct))["unread"] == 2
