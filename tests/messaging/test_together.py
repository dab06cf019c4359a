"""Questions that come at the same time are asked together, and each gets its own answer."""

import asyncio
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError

from accounts.authentication import authenticate_tokens
from accounts.models import Session, User
from accounts.services import sessions
from accounts.services.bans import ban_person
from accounts.tokens import new_refresh
from chatchat.errors import ChatError
from chatchat.threads import Together
from messaging import resume
from messaging.states import mine, states
from tests.messaging.line import in_one_go, rooms, say
from tests.people import new_user


@pytest.fixture
def three(db: None) -> list[User]:
    return [new_user(name) for name in ("Amy", "Bob", "Eve")]


@pytest.mark.asyncio
@pytest.mark.django_db
async def test_what_comes_meanwhile_is_asked_at_once_and_as_new_as_alone() -> None:
    asked: list[list[int]] = []
    go_on = Event()

    def ask(numbers: Sequence[int]) -> list[int | Exception]:
        asked.append(list(numbers))
        if len(asked) == 1:
            assert go_on.wait(10)
        return [ValueError(number) if number == 3 else number * number for number in numbers]

    together = Together(ask, most=3)
    first = asyncio.create_task(together(1))
    while not (asked or first.done()):  # noqa: ASYNC110 - until its thread has begun
        await asyncio.sleep(0.001)
    others = [asyncio.create_task(together(number)) for number in (2, 3, 4, 5)]
    await asyncio.sleep(0)
    others[0].cancel()
    go_on.set()
    answers = await asyncio.gather(first, *others, return_exceptions=True)
    assert asked == [[1], [2, 3, 4], [5]], "nobody joins what has begun"
    assert [type(answer) for answer in answers] == [int, asyncio.CancelledError, ValueError, int, int]
    assert answers[-2:] == [16, 25]
    assert await together(6) == 36


@pytest.mark.asyncio
@pytest.mark.django_db
async def test_a_question_that_cannot_be_asked_fails_alone_and_an_outage_all() -> None:
    def ask(numbers: Sequence[int]) -> list[int | Exception]:
        if 0 in numbers:
            raise OperationalError
        return [100 // (number - 1) for number in numbers]

    together = Together(ask)
    answers = await asyncio.gather(*map(together, (11, 1, 5)), return_exceptions=True)
    assert [answers[0], type(answers[1]), answers[2]] == [10, ZeroDivisionError, 25]
    answers = await asyncio.gather(*map(together, (11, 0)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OperationalError] * 2


def test_of_several_who_connect_each_is_told_their_own(
    three: list[User], django_assert_num_queries: Callable[..., Any]
) -> None:
    amy, bob, eve = three
    kept, over, shut = (Session.objects.create(user=user) for user in (amy, bob, eve))
    sessions.end(user_id=bob.pk, session_id=over.pk)
    ban_person(user_id=eve.pk, reason="spam")
    pairs = [(amy.pk, kept.pk), (bob.pk, over.pk), (eve.pk, shut.pk), (bob.pk, kept.pk), (amy.pk, kept.pk)]
    tokens = [str(new_refresh(user_id=user, session_id=session).access_token) for user, session in pairs]
    with django_assert_num_queries(1):
        found = authenticate_tokens([tokens[0], "nonsense", *tokens[1:]])
    codes = [one.code if isinstance(one, ChatError) else one.user_id for one in found]
    bad = "not_authenticated"
    assert codes == [amy.pk, bad, bad, "banned", bad, amy.pk], "another person's session is nobody's"


def test_of_several_who_say_hello_each_is_told_their_own(
    three: list[User], django_assert_num_queries: Callable[..., Any]
) -> None:
    amy, bob, eve = three
    with in_one_go():
        (both,), (all_of_them,) = rooms(1, amy, bob), rooms(1, amy, bob, eve)
        say(amy, both, "to Bob")
        say(eve, all_of_them, "to all")
    live = [Session.objects.create(user=user) for user in three]
    with django_assert_num_queries(2):
        come = resume.arrivals([(session.user_id, session.pk) for session in live])
    assert [sorted(one.conversations) for one in come if isinstance(one, resume.Arrival)] == [
        sorted([both, all_of_them]), sorted([both, all_of_them]), [all_of_them],
    ]  # fmt: skip
    with django_assert_num_queries(2):  # no direct conversation, no reaction
        told = resume.starts([(amy.pk, {both: 1}), (eve.pk, {}), (amy.pk, {})])
    assert [start.conversations for start in told] == [states(mine(user.pk)) for user in (amy, eve, amy)]
    assert [[missed.cursor for missed in start.progress] for start in told] == [[None, 1], [None], [None] * 2]
