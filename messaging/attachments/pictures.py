"""Pictures made anew: decoded within bounds and encoded again, so that nothing but pixels is left.

No Django here: this runs in a process of its own (see ``studio``), whose memory and time are bounded.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

#: By their first bytes; whatever begins so is a picture, or refused as a damaged one.
KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
THUMBNAIL_SIDE = 512
JPEG_QUALITY = 88
PROFILE_MAX_BYTES = 4 * 1024 * 1024
#: Browsers show a frame of less than this for 100 ms.
SHORTEST_FRAME = 20


@dataclass(frozen=True)
class Bounds:
    """How much a picture may be."""

    pixels: int  # of one picture
    frames: int  # of an animation
    animated_pixels: int  # of all frames together


@dataclass(frozen=True)
class Made:
    """A picture as it was made anew."""

    type: str
    width: int
    height: int
    thumbnail_width: int
    thumbnail_height: int


class Refused(Exception):
    """``damaged``, ``too_many_pixels`` or ``too_many_frames``."""


def looks_like_picture(head: bytes) -> bool:
    """Whether a file that begins with ``head`` (16 bytes) is one of ours to make anew."""
    return (
        head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
    )  # fmt: skip


def remake(source: Path, target: Path, thumbnail: Path, bounds: Bounds) -> Made:
    """Write the picture in ``source`` anew to ``target``, and a small one to ``thumbnail``.

    JPEG, PNG and WebP stay what they are; a GIF becomes a PNG, whatever moves an animated WebP.
    Raises ``Refused``; ``OSError`` if it cannot be written.
    """
    Image.MAX_IMAGE_PIXELS = bounds.pixels
    with _refusing(), source.open("rb") as file, Image.open(file, formats=tuple(KINDS)) as picture:
        if picture.width * picture.height > bounds.pixels:
            raise Refused("too_many_pixels")
        if _moves(picture):
            return _moving(picture, target, thumbnail, bounds)
        return _still(picture, target, thumbnail)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (Refused, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("too_many_pixels") from None
    except OSError as error:
        if error.errno is not None:  # the system's: no room, no such file; decoders give no number
            raise
        raise Refused("damaged") from error
    except Exception as error:  # hostile bytes make decoders raise anything
        raise Refused("damaged") from error


def _moves(picture: Image.Image) -> bool:
    # A JPEG with several pictures holds previews or depth, no motion.
    return picture.format in ("GIF", "WEBP", "PNG") and getattr(picture, "is_animated", False)


def _still(picture: Image.Image, target: Path, thumbnail: Path) -> Made:
    kind = {"MPO": "JPEG", "GIF": "PNG"}.get(str(picture.format), str(picture.format))
    quality = _jpeg_quality(picture) if kind == "JPEG" else JPEG_QUALITY
    lossless = kind == "WEBP" and _is_lossless(picture)
    picture.load()
    profile = picture.info.get("icc_profile")
    upright = _plain(ImageOps.exif_transpose(picture), profile)
    if kind == "JPEG" and upright.mode != "RGB":
        upright = upright.convert("RGB")
    # To a file of its own, which lets Pillow encode without holding up other threads.
    with target.open("wb") as out:
        match kind:
            case "JPEG":
                upright.save(out, "JPEG", quality=quality)
            case "PNG":
                upright.save(out, "PNG", compress_level=4)
            case _:
                upright.save(out, "WEBP", quality=85, method=3, lossless=lossless)
    width, height = upright.size
    small = _thumbnail(upright, thumbnail)
    return Made(KINDS[kind], width, height, *small)


class _Durations(list[int]):
    """The time of the frame that is being encoded, which is known only once it was decoded."""

    def __init__(self, picture: Image.Image) -> None:
        super().__init__()
        self._picture = picture

    def __getitem__(self, _index: object) -> int:  # type: ignore[override]
        duration = int(self._picture.info.get("duration") or 0)
        return duration if duration >= SHORTEST_FRAME else 100


def _moving(picture: Image.Image, target: Path, thumbnail: Path, bounds: Bounds) -> Made:
    frames = int(getattr(picture, "n_frames", 1))
    size = picture.size
    if frames > bounds.frames or frames * size[0] * size[1] > bounds.animated_pixels:
        raise Refused("too_many_frames")
    loop = int(picture.info.get("loop", 1 if picture.format == "GIF" else 0))
    with target.open("wb") as out:
        picture.save(
            out,
            "WEBP",
            save_all=True,
            quality=75,
            method=0,
            duration=_Durations(picture),
            loop=loop,
            background=(0, 0, 0, 0),
            icc_profile=b"",
            exif=b"",
            xmp=b"",
        )
    if picture.size != size:
        raise Refused("damaged")  # it grew while it was decoded
    picture.seek(0)
    small = _thumbnail(_plain(picture.copy(), None), thumbnail)
    return Made(KINDS["WEBP"], *size, *small)


def _plain(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in RGB, or RGBA where it is transparent, in the web's colours, with nothing beside it."""
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits of grey
        levels = picture.convert("I").point(lambda level: level / 256)
        picture = levels.convert("L")
    transparent = picture.has_transparency_data
    managed = _in_srgb(picture, profile) if profile and not transparent else None
    mode = "RGBA" if transparent else "RGB"
    plain = managed or (picture if picture.mode == mode else picture.convert(mode))
    plain.info = {}
    return plain


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image | None:
    """Its colours as the web means them; None where the profile is broken, or for something else."""
    if len(profile) > PROFILE_MAX_BYTES or picture.mode not in ("RGB", "CMYK", "L"):
        return None
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        wanted = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, given, wanted, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _thumbnail(picture: Image.Image, target: Path) -> tuple[int, int]:
    small = picture.copy() if max(picture.size) <= THUMBNAIL_SIDE else picture
    if small is picture:
        scale = THUMBNAIL_SIDE / max(picture.size)
        width, height = (max(1, round(side * scale)) for side in picture.size)
        small = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    with target.open("wb") as out:
        small.save(out, "WEBP", quality=80, method=4)
    return small.size


#: The first row of the tables in ITU-T T.81, annex K, which encoders scale by quality.
_STANDARD_ROW = (16, 11, 10, 16, 24, 40, 51, 61)


def _jpeg_quality(picture: Image.Image) -> int:
    """About the quality that it was encoded with, so that encoding it again makes it no bigger."""
    tables = getattr(picture, "quantization", {})
    if 0 not in tables or len(tables[0]) < 8:
        return JPEG_QUALITY
    scale = 100 * sum(tables[0][:8]) / sum(_STANDARD_ROW)
    quality = 100 - scale / 2 if scale <= 100 else 5000 / scale
    return int(min(92, max(70, quality + 1)))


def _is_lossless(picture: Image.Image) -> bool:
    file = getattr(picture, "fp", None)
    if file is None:
        return False
    file.seek(12)
    return b"VP8L" in file.read(4096)
