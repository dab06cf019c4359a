"""Curves of what something costs as something grows: their points, and the plain model that explains them."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

#: How a curve is expected to go: one part that is always there, and one that goes with x in this way. Any
#: other word: it is not modelled.
SHAPES: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "inverse": lambda x: 1 / x,
}
#: What costs less than so many times as much in the end is told as a ratio, not as a model.
FLAT = 1.25
#: Between its last two points a cost may rise by this power of x: 1 is in proportion, 2 is quadratic.
STEEPEST = 1.3


@dataclass(frozen=True)
class Model:
    """``fixed + each · shape(x)``, by least squares of the relative differences."""

    shape: str
    fixed: float
    each: float
    worst: float  #: how far a point is from it at most, as a share

    def at(self, x: float) -> float:
        return self.fixed + self.each * SHAPES[self.shape](x)


def fit(shape: str, xs: Sequence[float], ys: Sequence[float]) -> Model:
    """Neither part is negative: no work is done backwards."""
    rows = [(1 / y, SHAPES[shape](x) / y) for x, y in zip(xs, ys, strict=True)]
    aa, ab, bb = (sum(row[i] * row[j] for row in rows) for i, j in ((0, 0), (0, 1), (1, 1)))
    a, b = sum(row[0] for row in rows), sum(row[1] for row in rows)
    determinant = aa * bb - ab * ab
    candidates = [(a / aa, 0.0), (0.0, b / bb)]
    if determinant > 1e-12 * aa * bb:
        both = ((a * bb - b * ab) / determinant, (b * aa - a * ab) / determinant)
        candidates += [both] if min(both) >= 0 else []

    def miss(parts: tuple[float, float]) -> float:
        return sum((parts[0] * one + parts[1] * other - 1) ** 2 for one, other in rows)

    fixed, each = min(candidates, key=miss)
    worst = max(abs(fixed * one + each * other - 1) for one, other in rows)
    return Model(shape, fixed, each, worst)


@dataclass
class Curve:
    """One cost at each x, several times each."""

    name: str
    unit: str
    shape: str = "linear"
    of: str = ""  #: what x counts one of: "member"
    points: dict[float, list[float]] = field(default_factory=dict)

    def add(self, x: float, value: float) -> None:
        self.points.setdefault(x, []).append(value)

    @property
    def medians(self) -> list[tuple[float, float]]:
        return [(x, statistics.median(values)) for x, values in sorted(self.points.items())]

    @property
    def model(self) -> Model | None:
        points = [(x, y) for x, y in self.medians if y > 0]
        if len(points) < 2 or self.shape not in SHAPES:
            return None
        return fit(self.shape, [x for x, _ in points], [y for _, y in points])

    @property
    def steepness(self) -> float:
        """The power of x with which the cost rises at the end."""
        if len(self.points) < 2:
            return 0.0
        (x0, y0), (x1, y1) = self.medians[-2:]
        return math.log(y1 / y0) / math.log(x1 / x0) if min(y0, y1) > 0 else 0.0

    @property
    def explained(self) -> str:
        """The model in words."""
        (first, low), (last, high) = self.medians[0], self.medians[-1]
        model = self.model
        if model is None or (self.shape == "linear" and high < FLAT * low):
            ratio = f"{high / low:.2f} ×" if low else "from nothing"
            return f"{self.name}: {ratio} from {first:,.10g} to {last:,.10g}"
        each = "/" if self.shape == "inverse" else "a"
        parts = f"{_number(model.fixed)} {self.unit} and {_number(model.each)} {self.unit} {each} {self.of}"
        return f"{self.name}: {parts}, within {model.worst:.0%}"

    def as_dict(self) -> dict[str, Any]:
        model = self.model
        return {
            "name": self.name,
            "unit": self.unit,
            "shape": self.shape,
            "of": self.of,
            "points": [[x, values] for x, values in sorted(self.points.items())],
            "model": None if model is None else vars(model),
            "steepness": self.steepness,
            "explained": self.explained,
        }


@dataclass
class Axis:
    """What grows, and the curves that show what it does."""

    name: str
    title: str
    of: str  #: what x counts one of
    conditions: str
    curves: list[Curve] = field(default_factory=list)

    def note(self, name: str, unit: str, x: float, value: float, shape: str = "linear") -> None:
        """One more value of the curve ``name``."""
        curve = next((curve for curve in self.curves if curve.name == name), None)
        if curve is None:
            curve = Curve(name, unit, shape, self.of)
            self.curves.append(curve)
        curve.add(x, value)

    def by(self, name: str) -> None:
        """From here on x is what the curve ``name`` was found to be, which is no curve any more."""
        found = next(curve for curve in self.curves if curve.name == name)
        self.curves.remove(found)
        places = dict(found.medians)
        for curve in self.curves:
            curve.points = {places[x]: values for x, values in curve.points.items()}

    @property
    def wrong(self) -> list[str]:
        return [
            f"{self.name}: {curve.name} rises by the power {curve.steepness:.2f} of the {self.title}"
            for curve in self.curves
            if curve.model and curve.steepness > STEEPEST
        ]

    def as_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "of": self.of,
            "conditions": self.conditions,
            "curves": [curve.as_dict() for curve in self.curves],
        }

    def table(self) -> str:
        """A table of medians, as Markdown."""
        xs = sorted({x for curve in self.curves for x in curve.points})
        lines = [
            f"| {self.title} | {' | '.join(f'{x:,.10g}' for x in xs)} |",
            f"| {' | '.join(['---'] * (len(xs) + 1))} |",
        ]
        for curve in self.curves:
            found = dict(curve.medians)
            cells = [_number(found[x]) if x in found else "" for x in xs]
            lines.append(f"| {curve.name}, {curve.unit} | {' | '.join(cells)} |")
        return "\n".join(lines)


def _number(value: float) -> str:
    """Three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 4)}f}"
