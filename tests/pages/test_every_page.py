"""A walk through every place of the pages, in both languages, on a desktop and on a phone.

At each: nothing for axe-core to complain about (WCAG 2.2 A and AA and its best practices), light and
dark; nothing wider than the screen, cut off, or too small to hit; no shifting while it loads. The
fixture sees to the console, failed requests and the content policy.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from tests import world
from tests.client import ApiClient
from tests.npm import installed
from tests.pages import places
from tests.pages.conftest import Windows
from tests.pages.places import Place
from tests.stack.server import Server
from tests.world import World

HERE = Path(__file__).parent
INSPECT = (HERE / "inspect.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
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
#: How far a page may shift while it loads; 0.1 is what the web calls good.
SHIFT = 0.02


class Walk:
    """Goes from place to place in one window and writes down what is wrong where."""

    def __init__(self, page: Page, widths: tuple[int, ...], target: int) -> None:
        self.page = page
        self.widths, self.target = widths, target
        self.axe = (installed(HERE / "js", "page-checks") / "node_modules/axe-core/axe.min.js").read_text()
        self.wrong: dict[str, list[str]] = {}
        self.dialogs: set[str] = set()
        self.opened: set[str] = set()

    def go(self, table: Iterable[Place], world: World) -> None:
        for place in table:
            try:
                place.go(self.page, world)
            except (AssertionError, Error) as error:
                self.wrong[f"cannot be come to: {str(error)[:300]}"] = [place.name]
                continue
            self.page.evaluate(SETTLED)
            for finding in self._findings():
                self.wrong.setdefault(finding, []).append(place.name)
            self.dialogs |= set(self.page.locator("dialog").evaluate_all("all => all.map(one => one.id)"))
            self.opened |= set(
                self.page.locator("dialog[open]").evaluate_all("all => all.map(one => one.id)")
            )

    def assert_nothing_wrong(self) -> None:
        wrong = [f"{what}; at: {', '.join(where)}" for what, where in self.wrong.items()]
        assert not wrong, "\n".join(wrong)

    def _findings(self) -> Iterable[str]:
        page = self.page
        shifts: list[dict[str, Any]] = page.evaluate("__noted.shifts.splice(0)")
        if sum(shift["value"] for shift in shifts) > SHIFT:
            yield f"shifts: {shifts}"
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(self.axe)
        yield from page.evaluate(AXE, RULES)
        page.emulate_media(color_scheme="dark")
        page.evaluate(SETTLED)
        # The only rules for which the colours matter.
        for finding in page.evaluate(AXE, ["color-contrast", "link-in-text-block"]):
            yield f"dark: {finding}"
        page.emulate_media(color_scheme="light")
        for width in self.widths:
            page.set_viewport_size({"width": width, "height": 800})
            page.evaluate(SETTLED)
            for finding in page.evaluate(INSPECT, {"width": width, "target": self.target}):
                yield f"{width} wide: {finding}"
        # Those were of ours, not the page's.
        page.evaluate("__noted.shifts.length = 0")


@pytest.fixture
def server(site: Server) -> Server:
    """Under the name by which Meridian knows it."""
    return site


@pytest.fixture
def amys(person: Callable[..., ApiClient]) -> World:
    return world.make(person)


#: The widths at which a place is looked at, and how large what one hits there has to be.
DEVICES = {"desktop": ((1920, 1280), 0), "phone": ((360, 390), 40)}


def window(device: str, locale: str) -> dict[str, Any]:
    """How a window of this device is opened."""
    return {"locale": locale, "width": DEVICES[device][0][-1], "touch": device == "phone", "still": True}


@pytest.mark.embedded
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("device", DEVICES)
def test_every_place_outside_is_one_to_be_in(windows: Windows, amys: World, locale: str, device: str) -> None:
    windows.expected = {400, 401, 404}  # places that refuse are among those to be seen
    walk = Walk(windows.open(**window(device, locale)), *DEVICES[device])
    walk.go((*places.OUTSIDE, *places.MERIDIAN), amys)
    walk.assert_nothing_wrong()


@pytest.mark.embedded
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("part", places.INSIDE)
def test_every_place_inside_is_one_to_be_in(
    windows: Windows, amys: World, locale: str, device: str, part: str
) -> None:
    walk = Walk(windows.sign_in(amys.amy, **window(device, locale)), *DEVICES[device])
    walk.go(places.INSIDE[part], amys)
    walk.assert_nothing_wrong()
    if part == "dialogs":
        assert walk.dialogs == walk.opened, "a dialog has no place in the table"


def test_every_route_of_a_page_has_a_place() -> None:
    table = (*places.OUTSIDE, *places.MERIDIAN, *chain(*places.INSIDE.values()))
    shown = {route for place in table for route in place.routes}
    there = set(places.page_routes())
    assert there - shown == set(), "give it a place in tests/pages/places.py"
    assert shown - there == set(), "these routes are gone"
