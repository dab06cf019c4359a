"""Services that run again: after a deadlock, and where the ground has moved before the lock was theirs."""

import threading
from contextlib import suppress

import pytest
from django.db import OperationalError

from chatchat.db import TRIES, StartOver, is_deadlock, retried, write_transaction
from chatchat.errors import Unavailable
from messaging.models import Conversation
from tests.witness import at_once


@pytest.mark.production
@pytest.mark.django_db(transaction=True)
def test_of_two_that_lock_each_other_out_both_succeed() -> None:
    first, second = (Conversation.objects.create(kind="group").pk for _ in range(2))
    met = threading.Barrier(2)
    tries: list[int] = []

    @retried
    def both(one: int, other: int) -> bool:
        tries.append(one)
        with write_transaction():
            Conversation.objects.filter(pk=one).update(title="x")
            with suppress(threading.BrokenBarrierError):
                met.wait(2 if len(tries) <= 2 else 0.01)
            Conversation.objects.filter(pk=other).update(title="x")
        return True

    assert at_once(lambda: both(first, second), lambda: both(second, first)) == [True, True]
    assert len(tries) >= 3


def test_a_service_starts_over_until_the_ground_holds() -> None:
    tries: list[int] = []

    @retried
    def service(found: int) -> int:
        tries.append(found)
        if len(tries) < 3:
            raise StartOver
        return found

    assert service(5) == 5
    assert tries == [5, 5, 5]


def test_a_service_that_never_gets_its_turn_says_come_back_later() -> None:
    tries: list[int] = []

    @retried
    def service() -> None:
        tries.append(1)
        raise StartOver

    with pytest.raises(Unavailable):
        service()
    assert len(tries) == TRIES


@pytest.mark.django_db
def test_inside_another_transaction_a_deadlock_is_its_owner_s() -> None:
    tries: list[int] = []

    @retried
    def service() -> None:
        tries.append(1)
        raise OperationalError(1213, "Deadlock found when trying to get lock")

    with pytest.raises(OperationalError) as caught:
        service()
    assert is_deadlock(caught.value)
    assert len(tries) == 1


def test_other_failures_are_not_tried_again() -> None:
    assert not is_deadlock(OperationalError(2006, "Server has gone away"))
    assert not is_deadlock(OperationalError("database is locked"))
    assert not is_deadlock(OperationalError())
