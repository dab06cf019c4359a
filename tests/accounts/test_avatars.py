"""Avatars: whatever comes, what is kept is our own plain WebP."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from accounts.models import User
from accounts.services.avatars import render
from chatchat.errors import Invalid, TooLarge, UnsupportedType
from tests.accounts.pictures import picture, png
from tests.client import ApiClient, error_code, ok


def put(client: ApiClient, data: bytes, name: str = "me.png", kind: str = "image/png") -> httpx.Response:
    return client.request("PUT", "users/me/avatar", files={"image": (name, data, kind)})


def shown(client: ApiClient, answer: httpx.Response) -> Image.Image:
    served = client.request("GET", ok(answer).json()["avatar"], headers={"Authorization": ""})
    return Image.open(io.BytesIO(ok(served).content))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "LA", "CMYK", "I;16"])
def test_pictures_become_square_webp(amy: ApiClient, kind: str, mode: str) -> None:
    try:
        data = picture(kind, mode=mode)
    except (OSError, ValueError):
        pytest.skip("there is no such picture")
    image = shown(amy, put(amy, data, name="virus.exe", kind="text/plain"))
    assert (image.format, image.size) == ("WEBP", (512, 512))
    if mode in ("RGB", "RGBA", "CMYK"):
        left, right = image.convert("RGB").getpixel((100, 256)), image.convert("RGB").getpixel((400, 256))
        assert isinstance(left, tuple)
        assert isinstance(right, tuple)
        assert left[0] > 180 > 90 > left[2]
        assert right[2] > 180 > 90 > right[0]


def test_transparency_stays(amy: ApiClient) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    image = shown(amy, put(amy, out.getvalue()))
    assert image.mode == "RGBA"
    assert image.getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_the_picture_is_served_for_ever_and_as_nothing_else(amy: ApiClient) -> None:
    url = ok(put(amy, picture())).json()["avatar"]
    served = ok(amy.request("GET", url))
    assert served.headers["Content-Type"] == "image/webp"
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in served.headers["Cache-Control"]
    for path in (
        "/media/avatars/x.webp",
        "/media/avatars/..%2f..%2fsecret_key",
        "/media/",
        "/media/secret_key",
    ):
        ok(amy.request("GET", path), 404)
    ok(amy.request("POST", url), 403, 405)


@pytest.mark.django_db(transaction=True)
def test_a_new_picture_has_a_new_name_and_the_old_one_goes(amy: ApiClient, settings: Any) -> None:
    first = ok(put(amy, picture())).json()["avatar"]
    second = ok(put(amy, picture())).json()["avatar"]
    assert first != second
    ok(amy.request("GET", first), 404)
    folder = Path(settings.MEDIA_ROOT) / "avatars"
    assert [path.name for path in folder.iterdir()] == [second.rpartition("/")[2]]
    ok(amy.delete("users/me/avatar"), 204)
    ok(amy.delete("users/me/avatar"), 204)
    assert list(folder.iterdir()) == []
    assert ok(amy.get("users/me")).json()["avatar"] is None


def test_exif_turns_the_picture_and_is_dropped(amy: ApiClient) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    exif[0x010E] = "secret description"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # where it was taken
    data = picture("JPEG", exif=exif, quality=95)
    assert b"secret" in data
    answer = put(amy, data)
    image = shown(amy, answer)
    assert not image.getexif()
    assert set(image.info) <= {"background", "loop", "duration", "timestamp"}
    left = image.convert("RGB").getpixel((100, 256))
    assert isinstance(left, tuple)
    assert left[2] > 180
    assert b"secret" not in ok(amy.request("GET", answer.json()["avatar"])).content


def test_profiles_comments_and_text_are_dropped(amy: ApiClient) -> None:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Comment", "secret text")
    for data in (
        picture("PNG", pnginfo=text, icc_profile=b"secret profile"),
        picture("JPEG", comment=b"secret comment", icc_profile=b"secret profile"),
        picture("WEBP", xmp=b"secret xmp"),
        picture("GIF", comment=b"secret comment"),
    ):
        assert b"secret" in data or b"iCCP" in data
        served = ok(amy.request("GET", ok(put(amy, data)).json()["avatar"]))
        assert b"secret" not in served.content
        assert b"ICCP" not in served.content


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is that large, in a few bytes."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(b"\x00" * 100_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _png_chunk(b"IHDR", head)
        + _png_chunk(b"IDAT", body)
        + _png_chunk(b"IEND", b"")
    )


GIF_FRAME_GROWS = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b",\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02D\x01\x00;"
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<html><script>alert(1)</script></html>"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"not a picture", 415),
        (SVG, 415),
        (HTML, 415),
        (b"%PDF-1.7\n", 415),
        (b"PK\x03\x04" + b"\x00" * 100, 415),
        (picture("BMP"), 415),
        (picture("TIFF"), 415),
        (picture("ICO", size=(32, 32)), 415),
        (picture("PPM"), 415),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 415),
        (picture("PNG", size=(300, 300))[:150], 400),
        (picture("JPEG", size=(300, 300))[:400], 400),
        (picture("GIF", size=(300, 300))[:60], 400),
        (picture("WEBP", size=(300, 300))[:60], 400),
        (picture("PNG")[:20], 415),
        (b"\x89PNG\r\n\x1a\n", 415),
        (b"GIF89a", 415),
        (b"\xff\xd8\xff", 415),
        (bomb(4097, 10), 413),
        (bomb(10, 4097), 413),
        (bomb(20_000, 20_000), 413),
        (bomb(10_000, 10_000), 413),
        (bomb(2**31 - 1, 2**31 - 1), 413),
        (bomb(0, 0), 415),
        (bomb(4000, 4000), 400),
        (GIF_FRAME_GROWS, 413),
        (picture("PNG", size=(4097, 1)), 413),
        (b"\x00" * (5 * 1024 * 1024 + 1), 413),
        (picture() + b"\x00" * 5 * 1024 * 1024, 413),
    ],
)
def test_what_is_no_decent_picture_is_refused(amy: ApiClient, data: bytes, status: int) -> None:
    refused = put(amy, data)
    assert refused.status_code in (
        status,
        400 if status == 415 and data.startswith((b"\x89", b"GIF", b"\xff")) else status,
    )
    assert error_code(refused) in ("invalid", "too_large", "unsupported_type")
    assert User.objects.get(pk=amy.id).avatar == ""


def test_the_largest_that_is_allowed_is_taken(amy: ApiClient) -> None:
    ok(put(amy, picture("PNG", size=(4096, 4096))))
    assert shown(amy, put(amy, picture("PNG", size=(1, 4096)))).size == (512, 512)


def test_a_polyglot_leaves_nothing_of_its_other_nature(amy: ApiClient) -> None:
    for data in (picture("GIF") + HTML, picture("JPEG") + b"PK\x03\x04 evil zip", picture("PNG") + SVG):
        served = ok(amy.request("GET", ok(put(amy, data)).json()["avatar"]))
        assert served.content.startswith(b"RIFF")
        for trace in (b"script", b"evil", b"svg"):
            assert trace not in served.content


def test_an_animation_becomes_its_first_frame(amy: ApiClient) -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "green", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    image = shown(amy, put(amy, out.getvalue()))
    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((9, 9))[0] > 180  # type: ignore[index]


def test_the_request_must_be_multipart_with_an_image(amy: ApiClient) -> None:
    ok(amy.put("users/me/avatar", {"image": "x"}), 415)
    ok(amy.request("PUT", "users/me/avatar", content=picture(), headers={"Content-Type": "image/png"}), 415)
    ok(amy.request("PUT", "users/me/avatar", files={"other": png()}), 400)
    ok(amy.request("PUT", "users/me/avatar", data={"image": "text"}, files={"other": png()}), 400)
    multipart = {"Content-Type": "multipart/form-data"}
    ok(amy.request("PUT", "users/me/avatar", content=b"", headers=multipart), 400)
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    ok(amy.request("PUT", "users/me/avatar", content=b"--x\r\nbroken", headers=broken), 400)


def test_nobody_sets_an_avatar_without_signing_in(nobody: ApiClient) -> None:
    ok(put(nobody, picture()), 401)
    ok(nobody.delete("users/me/avatar"), 401)


@hypothesis_settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]),
    edits=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8),
    end=st.floats(0.1, 1),
)
def test_damaged_pictures_are_taken_or_refused_never_a_bug(
    kind: str, edits: list[tuple[float, int]], end: float
) -> None:
    data = bytearray(picture(kind))
    for place, value in edits:
        data[int(place * len(data))] = value
    try:
        out = render(io.BytesIO(bytes(data[: int(len(data) * end)])))
    except (Invalid, TooLarge, UnsupportedType):
        return
    assert Image.open(io.BytesIO(out)).size == (512, 512)
