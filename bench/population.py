"""People and conversations by the thousand, written straight into the tables, and tokens for them.

The processes that read them are started, or started again, afterwards. To be called beside the event loop,
in a process whose settings name the stack: ``use_stack``.
"""

import os
from collections.abc import Sequence
from datetime import timedelta

from bench.clients import Token
from bench.crowd import ProductCrowd, ProductSocket, Seat
from bench.servers import Running

CHUNK = 2000


def use_stack(running: Running) -> None:
    """From here on Django works on the stack that runs. Once a process."""
    import django

    os.environ |= running.env | {"LOG_LEVEL": "ERROR"}
    django.setup()


def people(first: int, count: int) -> list[Token]:
    """The people numbered from ``first`` on, each signed in for a day."""
    from accounts.models import Session, User

    numbers = range(first, first + count)
    User.objects.bulk_create(
        [User(pk=n, email=f"p{n}@example.com", nickname=f"Person {n}", password="!") for n in numbers],
        batch_size=CHUNK,
    )
    Session.objects.bulk_create([Session(pk=n, user_id=n, device="bench") for n in numbers], batch_size=CHUNK)
    return [_token(n) for n in numbers]


def _token(number: int) -> Token:
    from accounts import tokens

    access = tokens.new_refresh(user_id=number, session_id=number).access_token
    access.set_exp(lifetime=timedelta(days=1))
    encoded = str(access)

    async def give(renew: bool) -> str:
        return encoded

    return give


def conversations(first: int, members: Sequence[Sequence[int]], *, direct: bool = False) -> list[int]:
    """One a row of ``members``, numbered from ``first`` on."""
    from messaging.models import Conversation, Participant

    ids = list(range(first, first + len(members)))
    kind = Conversation.Kind.DIRECT if direct else Conversation.Kind.GROUP
    Conversation.objects.bulk_create(
        [
            Conversation(pk=n, kind=kind, title=f"Group {n}", pair=_pair(each) if direct else None)
            for n, each in zip(ids, members, strict=True)
        ],
        batch_size=CHUNK,
    )
    Participant.objects.bulk_create(
        [
            Participant(conversation_id=n, user_id=person)
            for n, each in zip(ids, members, strict=True)
            for person in each
        ],
        batch_size=CHUNK,
    )
    return ids


def _pair(two: Sequence[int]) -> str:
    return f"{min(two)}:{max(two)}"


def caught_up() -> None:
    """Everybody has read everything: who comes gets no backlog. While no process holds markers."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messaging_participant AS p JOIN messaging_conversation AS c ON c.id = p.conversation_id"
            " SET p.delivered_seq = c.last_seq, p.read_seq = c.last_seq, p.read_ordinal = c.last_ordinal"
            " WHERE p.read_seq < c.last_seq"
        )


class SettledCrowd(ProductCrowd):
    """People who are there already; each speaks in their conversations in turn.

    ``readers`` get each message. Seat n is a socket of the n-th of ``urls``, in turn.
    """

    def __init__(
        self, urls: Sequence[str], tokens: Sequence[Token], homes: Sequence[Sequence[int]], readers: int
    ) -> None:
        super().__init__(urls[0], len(tokens), markers=False)
        self._urls = urls
        self.tokens = list(tokens)
        self._homes = homes
        self._turns = [0] * len(tokens)
        self.readers = readers

    async def assemble(self) -> None:
        """Nothing is left to be made."""

    def _socket(self, seat: Seat) -> ProductSocket:
        return ProductSocket(self._urls[seat.index % len(self._urls)], self.tokens[seat.index], seat)

    def say_text(self, seat: Seat, text: bytes) -> None:
        homes = self._homes[seat.index]
        self.conversations[seat.index] = homes[self._turns[seat.index] % len(homes)]
        self._turns[seat.index] += 1
        super().say_text(seat, text)
