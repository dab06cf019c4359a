"""A walk through every place of the pages, in both languages.

At each: nothing for axe-core to complain about (WCAG 2.2 A and AA and its best practices), light and
dark; at each width nothing wider than the screen, cut off, or too small for a finger; no shifting while
it loads. The fixture sees to the console, failed requests and the content policy.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from scripts.npm import installed
from tests import world
from tests.client import ApiClient
from tests.pages import places
from tests.pages.conftest import Windows
from tests.pages.places import Place
from tests.stack.server import Server
from tests.world import World

HERE = Path(__file__).parent
INSPECT = (HERE / "inspect.js").read_text()
#: Rules of axe-core: all of them; those for which colours matter; those for which the layout does.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
LAYOUT = ["target-size", "scrollable-region-focusable", "landmark-one-main", "page-has-heading-one", "region"]
AXE = """rules => axe.run(document, { runOnly: rules, resultTypes: ["violations"] }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) =>
    `${id}: ${target.join(" ")}: ${[...any, ...all, ...none].map(({ message }) => message)[0]}`)))"""
#: Two frames after everything that moves has come to rest and every picture is there.
SETTLED = """async () => {
  const pictures = [...document.images].filter(one => one.loading !== "lazy");
  await Promise.all(pictures.map(one => one.decode().catch(() => {})));
  const moving = document.getAnimations().filter(one => one.effect?.getTiming().iterations !== Infinity);
  await Promise.all(moving.map(one => one.finished.catch(() => {})));
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
IDS = "all => all.map(one => one.id || one.className)"
WIDTH = 1280
#: How large what one hits with a finger has to be, in CSS pixels.
TARGET = 40
#: How far a page may shift while it loads; 0.1 is what the web calls good.
SHIFT = 0.02


class Walk:
    """Goes from place to place in one window and writes down what is wrong where."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.browser = page.context.new_cdp_session(page)
        self.axe = (installed(HERE / "js", "page-checks") / "node_modules/axe-core/axe.min.js").read_text()
        self.wrong: dict[str, list[str]] = {}
        self.dialogs: set[str] = set()
        self.opened: set[str] = set()

    def go(self, table: Iterable[Place], world: World) -> None:
        for place in table:
            try:
                shifts = self._arrive(place, world)
                # On a busy machine something is late now and then; what moves, moves each time.
                shifts = shifts and self._arrive(place, world)
            except (AssertionError, Error) as error:
                self.wrong[f"cannot be come to: {str(error)[:300]}"] = [place.name]
                continue
            for finding in (*shifts, *self._findings()):
                self.wrong.setdefault(finding, []).append(place.name)
            self.dialogs |= set(self.page.locator("dialog").evaluate_all(IDS))
            self.opened |= set(self.page.locator("dialog[open]").evaluate_all(IDS))

    def _arrive(self, place: Place, world: World) -> list[str]:
        """How the page moved on the way there, if by too much."""
        place.go(self.page, world)
        self.page.evaluate(SETTLED)
        shifts: list[dict[str, Any]] = self.page.evaluate("__noted.shifts.splice(0)")
        return [f"shifts: {shifts}"] if sum(shift["value"] for shift in shifts) > SHIFT else []

    def assert_nothing_wrong(self) -> None:
        wrong = [f"{what}; at: {', '.join(where)}" for what, where in self.wrong.items()]
        assert not wrong, "\n".join(wrong)

    def _findings(self) -> Iterator[str]:
        page = self.page
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(self.axe)
        yield from page.evaluate(AXE, WCAG)
        page.emulate_media(color_scheme="dark")
        page.evaluate(SETTLED)
        for finding in page.evaluate(AXE, COLOURS):
            yield f"dark: {finding}"
        page.emulate_media(color_scheme="light")
        for width in (1920, 360, 390):
            self._look_like(width)
            for finding in page.evaluate(INSPECT, {"width": width, "target": 0 if width > 600 else TARGET}):
                yield f"{width} wide: {finding}"
        for finding in page.evaluate(AXE, LAYOUT):
            yield f"on a phone: {finding}"
        self._look_like(WIDTH)
        for finding in page.evaluate(INSPECT, {"width": WIDTH, "target": 0}):
            yield f"{WIDTH} wide: {finding}"
        # Those were of ours, not the page's.
        page.evaluate("__noted.shifts.length = 0")

    def _look_like(self, width: int) -> None:
        """A screen of this width; below 600 it is one for fingers."""
        self.browser.send("Emulation.setTouchEmulationEnabled", {"enabled": width < 600})
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.evaluate(SETTLED)


@pytest.fixture
def server(site: Server) -> Server:
    """Under the name by which Meridian knows it."""
    return site


@pytest.fixture
def amys(person: Callable[..., ApiClient]) -> World:
    return world.make(person)


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("part", ["outside", *places.INSIDE])
def test_every_place_is_one_to_be_in(windows: Windows, amys: World, locale: str, part: str) -> None:
    if part == "outside":
        walk = Walk(windows.open(locale=locale, width=WIDTH, still=True))
        table: tuple[Place, ...] = (*places.OUTSIDE, *places.MERIDIAN)
    else:
        walk = Walk(windows.sign_in(amys.amy, locale=locale, width=WIDTH, still=True))
        table = places.INSIDE[part]
    windows.expected = {place.status for place in table} - {200}  # some that refuse are to be seen
    walk.go(table, amys)
    walk.assert_nothing_wrong()
    if part == "dialogs":
        assert walk.dialogs == walk.opened, "a dialog has no place in the table"


def test_every_route_of_a_page_has_a_place() -> None:
    table = (*places.OUTSIDE, *places.MERIDIAN, *chain(*places.INSIDE.values()))
    shown = {route for place in table for route in place.routes}
    there = set(places.page_routes())
    assert there - shown == set(), "give it a place in tests/pages/places.py"
    assert shown - there == set(), "these routes are gone"
