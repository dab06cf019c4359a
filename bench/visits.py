"""What it costs the server that people come: to connect, and to get what they missed."""

from collections.abc import Sequence

from bench.clients import Client, Message, Token
from bench.people import in_turns
from bench.processes import cpu_seconds

AT_ONCE = 8


class _Visit(Client):
    resumes = False

    def __init__(self, url: str, token: Token, cursors: dict[int, int]) -> None:
        super().__init__(url, token)
        self.cursors |= cursors
        self.heard = 0

    def on_message(self, conversation: int, message: Message) -> None:
        self.heard += 1


async def visits(
    url: str, tokens: Sequence[Token], conversation: int, since: int, backlog: int, servers: set[int]
) -> float:
    """CPU milliseconds of ``servers`` for each of ``tokens`` who comes with the cursor ``since``.

    Each has to get ``backlog`` messages, neither more nor fewer.
    """
    used = cpu_seconds(servers)
    clients = [_Visit(url, token, {conversation: since}) for token in tokens]
    await in_turns([client.open() for client in clients], lambda: None, at_once=AT_ONCE)
    used = cpu_seconds(servers) - used
    heard = {client.heard for client in clients}
    await in_turns([client.close() for client in clients], lambda: None)
    if heard != {backlog}:
        raise SystemExit(f"a backlog of {backlog} messages came as {sorted(heard)}")
    return used / len(clients) * 1000
