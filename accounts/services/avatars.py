"""Avatars: whatever was sent becomes a plain 512 × 512 WebP, or is refused."""

import io
import secrets
from collections.abc import Callable
from threading import BoundedSemaphore
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.models import User
from chatchat import policies
from chatchat.db import retried, write_transaction
from chatchat.errors import Invalid, NotFound, TooLarge, UnsupportedType

SIDE = 512
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")

#: A picture of the largest size takes some 130 MB while it is worked on: so many at once.
_turns = BoundedSemaphore(2)


def set_avatar(*, user: User, image: IO[bytes]) -> str:
    """Make ``image`` the person's avatar; its name. Raises Invalid, TooLarge, UnsupportedType."""
    user.avatar = keep(image, lambda name: _replace(user_id=user.pk, name=name))
    return user.avatar


def keep(image: IO[bytes], use: Callable[[str], object]) -> str:
    """Keep ``image`` as an avatar under a new name, which ``use`` makes somebody's, or nothing of it."""
    webp = render(image)
    name = default_storage.save(f"avatars/{secrets.token_urlsafe(18)}.webp", ContentFile(webp))
    try:
        use(name)
    except BaseException:
        default_storage.delete(name)
        raise
    return name


def remove_avatar(*, user: User) -> None:
    """No avatar; also if there was none."""
    _replace(user_id=user.pk, name="")
    user.avatar = ""


def forget_on_commit(name: str) -> None:
    """Delete the picture once the open transaction has committed."""
    if name:
        transaction.on_commit(lambda: default_storage.delete(name), robust=True)


@retried
def _replace(*, user_id: int, name: str) -> None:
    with write_transaction():
        user = User.objects.select_for_update().get(pk=user_id)
        if not user.is_active:
            raise NotFound
        if user.avatar == name:
            return
        forget_on_commit(user.avatar)
        user.avatar = name
        user.save(update_fields=["avatar"])
        policies.profile_changed(user_id)


def render(image: IO[bytes]) -> bytes:
    """The picture as WebP: upright, centre-cropped to a square, without any metadata.

    What it is, its content decides. Sizes are checked before anything is decoded.
    """
    data = image.read(settings.AVATAR_MAX_BYTES + 1)
    if len(data) > settings.AVATAR_MAX_BYTES:
        raise TooLarge(
            details={"image": [_("At most %(size)d bytes.") % {"size": settings.AVATAR_MAX_BYTES}]}
        )
    with _turns, _open(data) as picture:
        if max(picture.size) > settings.AVATAR_MAX_SIDE:
            raise _too_many_pixels()
        try:
            return _encode(picture)
        except Exception:  # hostile bytes make decoders raise anything
            raise Invalid(details={"image": [_("The picture is damaged.")]}) from None


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise UnsupportedType(details={"image": [_("A JPEG, PNG, WebP or GIF picture is needed.")]}) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception:
        raise Invalid(details={"image": [_("The picture is damaged.")]}) from None


def _too_many_pixels() -> TooLarge:
    return TooLarge(
        details={"image": [_("At most %(side)d pixels a side.") % {"side": settings.AVATAR_MAX_SIDE}]}
    )


def _encode(picture: Image.Image) -> bytes:
    picture.seek(0)
    picture.load()
    if max(picture.size) > settings.AVATAR_MAX_SIDE:
        raise ValueError("it grew while it was decoded")
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I"):  # 16 bits of grey
        upright = upright.convert("I").point(lambda level: level / 256).convert("L")
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    square = ImageOps.fit(upright.convert(mode), (SIDE, SIDE), Image.Resampling.LANCZOS)
    # A fresh picture has nothing but pixels: no EXIF, XMP, comments or profiles.
    clean = Image.new(mode, square.size)
    clean.paste(square)
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=85, method=4)
    return out.getvalue()
