"""Texts that attack, in a browser: nothing runs, becomes markup, leads astray or breaks the layout.

tests/test_hostile_texts.py has them in the admin and in mails.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import hostile, world
from tests.client import ApiClient
from tests.pages import places
from tests.pages.conftest import Windows
from tests.pages.test_every_page import INSPECT, SETTLED
from tests.stack.server import Server
from tests.world import World

#: What would run says so in the console, and that fails the test.
CANARY = "window.hacked = () => console.error('hacked')"
HARM = (Path(__file__).parent / "harm.js").read_text()


@pytest.fixture
def server(site: Server) -> Server:
    return site


@pytest.fixture
def hostile_world(person: Callable[..., ApiClient]) -> World:
    made = world.make(person, hostile.words())
    half = len(hostile.BODIES) // 2
    for conversation, bodies in (("direct", hostile.BODIES[:half]), ("group", hostile.BODIES[half:])):
        for body in bodies:
            made.amy.send_message(made.ids[conversation], body)
    return made


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("part", places.INSIDE)
def test_nothing_of_them_is_more_than_text(
    windows: Windows, hostile_world: World, width: int, part: str
) -> None:
    windows.expected = {place.status for place in places.INSIDE[part]} - {200}
    page = windows.sign_in(hostile_world.amy, width=width, touch=width < 600, still=True)
    page.add_init_script(CANARY)
    page.on("dialog", lambda dialog: windows.complaints.append(f"a dialog: {dialog.message}"))
    wrong: dict[str, list[str]] = {}
    for place in places.INSIDE[part]:
        place.go(page, hostile_world)
        page.evaluate(SETTLED)
        given = {"width": width, "target": 0}
        for finding in (*page.evaluate(HARM), *page.evaluate(INSPECT, given)):
            wrong.setdefault(finding, []).append(place.name)
    assert not wrong, "\n".join(f"{what}; at: {', '.join(where)}" for what, where in wrong.items())
