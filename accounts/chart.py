"""A chart of bars as SVG, drawn on the server: numbers in, numbers out, no script and no style."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT, LEFT, BELOW = 720, 150, 44, 18
GAP = 3


@dataclass(frozen=True)
class Bar:
    """Where it stands, what it says, and whether its hour goes on."""

    x: float
    y: float
    width: float
    height: float
    hour: datetime
    count: int
    present: bool
    labelled: bool

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Chart:
    """Bars beside an axis with three marks."""

    bars: list[Bar]
    marks: list[tuple[float, int]]
    total: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = HEIGHT - BELOW


def chart(hours: Sequence[tuple[str, int]]) -> Chart:
    """``hours``: (its beginning, how many), the present one last."""
    top = _round_up(max((count for _hour, count in hours), default=0))
    room = HEIGHT - BELOW - 8
    step = (WIDTH - LEFT) / max(1, len(hours))
    bars = []
    for index, (hour, count) in enumerate(hours):
        height = round(room * count / top, 1)
        begins = datetime.fromisoformat(hour)
        x, y = round(LEFT + index * step + GAP / 2, 1), round(HEIGHT - BELOW - height, 1)
        present, labelled = index == len(hours) - 1, begins.hour % 6 == 0
        bars.append(Bar(x, y, round(step - GAP, 1), height, begins, count, present, labelled))
    marks = [(round(HEIGHT - BELOW - room * part / 2, 1), top * part // 2) for part in range(3)]
    return Chart(bars, marks, sum(count for _hour, count in hours))


def _round_up(number: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100 …, so that marks are whole."""
    if number <= 2:
        return 2
    power = int(10 ** math.floor(math.log10(number)))
    return next(size * power for size in (1, 2, 4, 10) if size * power >= number and size * power % 2 == 0)
