"""Negative controls: the checker finds what each mutant does wrong, and nothing wrong with the product."""

from collections.abc import Callable

import pytest

from tests.client import ApiClient
from tests.faults.mutants import MUTANTS
from tests.faults.scenarios import READER_BOUND, SCENARIOS, Play
from tests.stack.server import Server

# The promises are the same on both stacks, and so is the code that is changed.
pytestmark = [pytest.mark.slow, pytest.mark.once]


def start(start_server: Callable[..., Server], mutant: str = "") -> Server:
    return start_server(
        DJANGO_SETTINGS_MODULE="tests.faults.server_settings",
        READER_MAX_UNSENT_BYTES=str(READER_BOUND),
        MUTANT=mutant,
    )


def play_on(server: Server, person: Callable[..., ApiClient]) -> Play:
    return Play(server, *(person(name, server=server) for name in ("Amy", "Bob", "Cat")))


@pytest.mark.asyncio
@pytest.mark.parametrize("mutant", SCENARIOS)
async def test_the_checker_finds_it(
    mutant: str, start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    scenario, found = SCENARIOS[mutant]
    play = play_on(start(start_server, mutant), person)
    await scenario(play)
    verdict = await play.judged()
    assert set(found) <= verdict.violations.keys(), verdict.lines()


@pytest.mark.asyncio
async def test_in_the_same_plays_it_finds_nothing_wrong_with_the_product(
    start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    server = start(start_server)
    for scenario, _ in SCENARIOS.values():
        play = play_on(server, person)
        await scenario(play)
        verdict = await play.judged()
        assert verdict.good, (scenario.__name__, verdict.lines())


def test_there_is_a_play_for_each_mutant() -> None:
    assert SCENARIOS.keys() == MUTANTS.keys()
    assert len(MUTANTS) == 10
