"""What benches say of their figures: models, verdicts, plots, and the places where they are written."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from bench.compare import BASE, PRESENT, Row
from bench.curves import Axis, fit
from bench.pages import write_between
from bench.plot import Panel, svg
from bench.soak import Soak

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("shape", "power"), [("linear", 1), ("inverse", -1)])
def test_a_model_finds_the_parts_that_costs_were_made_of(shape: str, power: int) -> None:
    xs = [1, 10, 200, 5000]

    model = fit(shape, xs, [300 + 4.5 * x**power for x in xs])

    assert model.fixed == pytest.approx(300)
    assert model.each == pytest.approx(4.5)
    assert model.worst < 1e-9


def test_no_part_of_a_model_is_negative() -> None:
    falling = fit("linear", [1, 2, 3], [30.0, 20.0, 10.0])
    steep = fit("linear", [1, 2, 4], [1.0, 4.0, 16.0])

    assert falling.each == 0
    assert steep.fixed == 0


def test_a_cost_that_rises_with_the_square_is_wrong_and_one_in_proportion_is_not() -> None:
    axis = Axis("members", "members", "member", "")
    for x in (10, 100, 1000):
        axis.note("in proportion", "µs", x, 5 + x)
        axis.note("squared", "µs", x, x * x)

    assert len(axis.wrong) == 1
    assert "squared" in axis.wrong[0]


def test_what_x_was_found_to_be_takes_its_place() -> None:
    axis = Axis("batch", "messages a transaction", "batch", "")
    for outstanding, written, cost in ((1, 1.0, 900.0), (20, 9.5, 200.0)):
        axis.note("written", "", outstanding, written)
        axis.note("cost", "µs", outstanding, cost, "inverse")

    axis.by("written")

    (cost_curve,) = axis.curves
    assert cost_curve.medians == [(1.0, 900.0), (9.5, 200.0)]


def test_a_tree_is_slower_when_the_median_of_pairs_is_above_the_threshold() -> None:
    bases, presents = [100.0, 200.0, 100.0], [120.0, 230.0, 90.0]

    assert Row("µs", values={BASE: bases, PRESENT: presents}).slower(1.10)
    assert not Row("µs", values={BASE: bases, PRESENT: presents}).slower(1.16)
    assert not Row("µs", judged=False, values={BASE: bases, PRESENT: presents}).slower(1.10)


def test_memory_that_goes_on_growing_does_not_level_off() -> None:
    growing, level = Soak(), Soak()
    growing.seen["memory of the server"] = [100.0 + n for n in range(90)]
    level.seen["memory of the server"] = [min(100.0 + n, 130.0) for n in range(90)]

    assert len(growing.rising()) == 1
    assert not level.rising()


def test_a_plot_is_svg_with_a_line_for_each_curve() -> None:
    lines = {"a < b": [(1, 2), (10, 20)], "flat": [(1, 5), (10, 5)]}

    picture = ElementTree.fromstring(svg("Costs & more", [Panel("µs", "x", lines)]))  # noqa: S314 - our own

    assert len(picture.findall(".//{*}polyline")) == 2
    assert "a < b" in [text.text for text in picture.findall(".//{*}text")]


def test_words_are_put_in_their_place_again_and_again(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- here -->\nold\n<!-- /here -->\nafter\n")

    for words in ("first", "second"):
        write_between("here", words, page)

    assert page.read_text() == "before\n<!-- here -->\n\nsecond\n\n<!-- /here -->\nafter\n"
