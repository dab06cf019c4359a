"""Pictures that need no upload: arcs on a ground, drawn from a person's random name of a picture."""

import colorsys
import functools
import hashlib
import io

from PIL import Image, ImageDraw

SIDE = 256
SCALE = 2  # drawn larger and made smaller, for smooth edges


@functools.lru_cache(maxsize=64)
def picture(name: str) -> bytes:
    """A PNG of 256 × 256, always the same for the same name."""
    digest = hashlib.sha256(name.encode()).digest()
    side = SIDE * SCALE
    hue = digest[0] / 256
    image = Image.new("RGB", (side, side), _colour(hue, 0.3, 0.97))
    draw = ImageDraw.Draw(image)
    for ring in range(4):
        radius = side * (0.78 - 0.17 * ring)
        x = side * (0.25 + digest[ring + 1] / 512)
        y = side * (0.25 + digest[ring + 5] / 512)
        shade = _colour(hue + (digest[ring + 9] - 128) / 1600, 0.42 + 0.11 * ring, 0.9 - 0.1 * ring)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)
        start = digest[ring + 13] * 360 // 256
        box = (x - radius * 0.8, y - radius * 0.8, x + radius * 0.8, y + radius * 0.8)
        draw.arc(box, start, start + 140, fill=_colour(hue + 0.5, 0.25, 0.98), width=side // 42)
    out = io.BytesIO()
    image.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, min(saturation, 1), max(value, 0))
    return round(red * 255), round(green * 255), round(blue * 255)
