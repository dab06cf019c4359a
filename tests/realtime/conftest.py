"""Two people on two processes (on the embedded stack: on one); a hub beside a store in memory."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from chatchat.realtime.hub import Hub
from tests.client import ApiClient, ChatSocket
from tests.realtime.doubles import Store
from tests.stack.server import Server


@dataclass
class Two:
    """Amy at one process, Bob at the other; `chat` is their direct conversation."""

    amy: ApiClient
    bob: ApiClient
    chat: int
    server: Server
    other: Server

    def at_amys(self, **options: object) -> ChatSocket:
        """A socket of Amy's, not yet open."""
        return ChatSocket(self.server.ws_url, self.amy.token, **options)  # type: ignore[arg-type]

    def at_bobs(self, **options: object) -> ChatSocket:
        """A socket of Bob's."""
        return ChatSocket(self.other.ws_url, self.bob.token, **options)  # type: ignore[arg-type]


@pytest.fixture
def two(server: Server, other: Server, person: Callable[..., ApiClient]) -> Two:
    amy, bob = person("Amy", server=server), person("Bob", server=other)
    return Two(amy, bob, amy.befriend(bob), server, other)


@pytest.fixture
def store() -> Store:
    """What the hub asks."""
    return Store()


@pytest_asyncio.fixture
async def hub(store: Store) -> AsyncIterator[Hub]:
    """A process's, and of this process alone."""
    hub = Hub(None, store, max_unsent=10_000)
    await hub.start()
    yield hub
    await hub.stop()
