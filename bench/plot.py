"""Plots as plain SVG: panels side by side, each with lines of one unit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 380, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 34, 44
COLOURS = ("#1f5fbf", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#0e7490", "#be123c", "#475569")
LEGEND_LINE = 15

Points = Sequence[tuple[float, float]]


@dataclass
class Panel:
    """Lines over one pair of axes; ``dashed`` ones, which are models, by the name of their line."""

    title: str
    x: str
    lines: Mapping[str, Points]
    dashed: Mapping[str, Points] = field(default_factory=dict)
    log_x: bool = True
    log_y: bool = False


class _Scale:
    """From values to places; ticks that people read."""

    def __init__(self, low: float, high: float, begin: float, end: float, log: bool) -> None:
        self.log = log and low > 0
        if self.log:
            low, high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high * 0.9999))
            high = high if high > low else low * 10
            decades = round(math.log10(high / low))
            self.ticks = [low * 10**n for n in range(decades + 1)]
        else:
            step = _step((high - low) / 5 or 1)
            high = math.ceil(high / step - 1e-9) * step or step
            self.ticks = [low + n * step for n in range(round((high - low) / step) + 1)]
        self._low, self._high, self._begin, self._end = low, high, begin, end

    def __call__(self, value: float) -> float:
        low, high = (math.log(self._low), math.log(self._high)) if self.log else (self._low, self._high)
        share = ((math.log(value) if self.log else value) - low) / (high - low)
        return self._begin + share * (self._end - self._begin)


def _step(least: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(power * n for n in (1, 2, 2.5, 5, 10) if power * n >= least * 0.9999)


def _words(value: float) -> str:
    for power, word in ((1e6, "M"), (1e3, "k")):
        if value >= power:
            return f"{value / power:g}{word}"
    return f"{value:.3g}"


def svg(title: str, panels: Sequence[Panel]) -> str:
    """The whole picture; it stands on white, so that it is read on a dark page too."""
    legend = max(len(panel.lines) for panel in panels) * LEGEND_LINE
    width, height = WIDTH * len(panels), HEIGHT + legend + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="system-ui, sans-serif" font-size="11" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * WIDTH} 0)">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel) -> list[str]:
    points = [point for line in [*panel.lines.values(), *panel.dashed.values()] for point in line]
    xs, ys = [x for x, _ in points] or [0, 1], [y for _, y in points] or [0, 1]
    across = _Scale(min(xs) if panel.log_x else 0, max(xs), LEFT, WIDTH - RIGHT, panel.log_x)
    up = _Scale(min(ys) if panel.log_y else 0, max(ys), HEIGHT - BOTTOM, TOP, panel.log_y)
    parts = [_text(LEFT, 18, panel.title, "start", bold=True), *_grid(across, up)]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, panel.x, "middle"))
    for number, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(_line(line, across, up, colour))
        dots = len(line) <= 20
        parts += [
            f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>' for x, y in line if dots
        ]
        if name in panel.dashed:
            parts.append(_line(panel.dashed[name], across, up, colour, ' stroke-dasharray="4 3"'))
        y = HEIGHT + 10 + number * LEGEND_LINE
        parts.append(f'<rect x="{LEFT}" y="{y - 8}" width="14" height="4" fill="{colour}"/>')
        parts.append(_text(LEFT + 20, y - 3, name, "start"))
    return parts


def _grid(across: _Scale, up: _Scale) -> list[str]:
    parts = []
    for tick in up.ticks:
        y = up(tick)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e2e8f0"/>')
        parts.append(_text(LEFT - 6, y + 4, _words(tick), "end"))
    for tick in across.ticks:
        x = across(tick)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#f1f5f9"/>')
        parts.append(_text(x, HEIGHT - BOTTOM + 15, _words(tick), "middle"))
    return parts


def _line(line: Points, across: _Scale, up: _Scale, colour: str, more: str = "") -> str:
    places = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.6"{more}/>'


def _text(x: float, y: float, words: str, anchor: str, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#1e293b"{weight}>{escape(words)}</text>'
    )
