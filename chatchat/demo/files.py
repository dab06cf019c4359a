"""The pictures and files that the demo people send, drawn when they are needed: none lies about here."""

import io
import random
from collections.abc import Callable
from functools import cache
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, int, int]

SIZE = (1200, 800)


@cache
def content(name: str) -> bytes:
    """The file of this name."""
    return _FILES[name]()


def _between(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _landscape(
    seed: int, sky: tuple[Colour, Colour], far: Colour, near: Colour, sun: tuple[float, float]
) -> bytes:
    """Ridge behind ridge in the haze."""
    chance = random.Random(seed)  # noqa: S311 - a picture, the same each time
    width, height = SIZE
    column = Image.new("RGB", (1, height))
    for y in range(height):
        column.putpixel((0, y), _between(*sky, min(1.0, y / height * 1.5)))
    picture = column.resize(SIZE)
    glow = Image.new("L", SIZE)
    across, down, radius = sun[0] * width, sun[1] * height, 54
    ImageDraw.Draw(glow).ellipse((across - radius, down - radius, across + radius, down + radius), fill=235)
    wide = glow.filter(ImageFilter.GaussianBlur(90))
    for light in (wide, glow.filter(ImageFilter.GaussianBlur(3))):
        picture.paste((255, 246, 222), (0, 0), light)
    ridges = 6
    for number in range(ridges):
        share = number / (ridges - 1)
        top = height * (0.40 + 0.42 * share)
        line = _ridge(chance, width, top, roughness=150 - 60 * share)
        colour = _between(far, near, share**0.8)
        ImageDraw.Draw(picture).polygon([*line, (width, height), (0, height)], fill=colour)
        haze = Image.new("RGB", SIZE, _between(sky[1], far, 0.4))
        mist = (
            Image.linear_gradient("L")
            .resize(SIZE)
            .point(lambda level, far_off=1 - share: level * far_off * 0.35)
        )
        picture = Image.composite(haze, picture, mist)
    out = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(0.6)).save(out, "JPEG", quality=88)
    return out.getvalue()


def _ridge(chance: random.Random, width: int, top: float, roughness: float) -> list[tuple[float, float]]:
    """A mountain's outline: each half of it bent a little less than the whole."""
    heights = [chance.uniform(-1, 1) * roughness, chance.uniform(-1, 1) * roughness]
    while len(heights) < 257:
        roughness *= 0.52
        bent = []
        for left, right in pairwise(heights):
            bent += [left, (left + right) / 2 + chance.uniform(-1, 1) * roughness]
        heights = [*bent, heights[-1]]
    step = width / (len(heights) - 1)
    return [(index * step, top + height) for index, height in enumerate(heights)]


def _dashboard() -> bytes:
    """A queue's depth over a day, and the week before it in grey."""
    chance = random.Random(7)  # noqa: S311
    picture = Image.new("RGB", (1280, 720), (250, 250, 248))
    draw = ImageDraw.Draw(picture)
    left, right, top, bottom = 90, 1230, 120, 640
    draw.text((left, 36), "Queue depth", font=ImageFont.load_default(34), fill=(40, 44, 52))
    draw.text(
        (left, 80), "today, and last week in grey", font=ImageFont.load_default(20), fill=(120, 124, 132)
    )
    for number in range(6):
        y = bottom - (bottom - top) * number / 5
        draw.line((left, y, right, y), fill=(228, 228, 224), width=1)
        draw.text(
            (left - 14, y),
            f"{number * 25}",
            anchor="rm",
            font=ImageFont.load_default(18),
            fill=(120, 124, 132),
        )
    for number in range(9):
        x = left + (right - left) * number / 8
        draw.text(
            (x, bottom + 16),
            f"{number * 3:02}:00",
            anchor="mt",
            font=ImageFont.load_default(18),
            fill=(120, 124, 132),
        )
    for colour, scale, width in (((196, 198, 202), 1.0, 3), ((26, 127, 116), 0.62, 5)):
        value, line = 40.0, []
        for index in range(145):
            value += (90 - abs(72 - index) * 0.9 - value) * 0.12 + chance.uniform(-9, 9)
            x = left + (right - left) * index / 144
            line.append((x, bottom - (bottom - top) * max(2.0, value * scale) / 125))
        draw.line(line, fill=colour, width=width, joint="curve")
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _soak_test() -> bytes:
    """Fourteen hours in numbers."""
    chance = random.Random(11)  # noqa: S311
    rows = ["hour,requests,errors,p50_ms,p99_ms,memory_mib"]
    for hour in range(14):
        requests = 78_000 + chance.randrange(2_000)
        p50, p99 = chance.uniform(3, 4), chance.uniform(18, 24)
        rows.append(f"{hour},{requests},0,{p50:.1f},{p99:.1f},{chance.randrange(411, 416)}")
    return ("\n".join(rows) + "\n").encode()


def _summit() -> bytes:
    return _landscape(5, ((122, 163, 204), (246, 222, 190)), (160, 178, 198), (38, 62, 70), (0.70, 0.34))


def _morning() -> bytes:
    return _landscape(19, ((92, 96, 148), (250, 190, 150)), (176, 150, 172), (52, 44, 72), (0.30, 0.42))


def _forest() -> bytes:
    return _landscape(42, ((176, 206, 214), (236, 240, 226)), (150, 184, 168), (24, 66, 52), (0.52, 0.22))


_FILES: dict[str, Callable[[], bytes]] = {
    "summit.jpg": _summit,
    "morning.jpg": _morning,
    "forest.jpg": _forest,
    "dashboard.png": _dashboard,
    "soak-test.csv": _soak_test,
}
