"""Hostile files are refused, or become harmless; whatever comes, it is never our fault."""

from io import BytesIO

import httpx
import pytest
from PIL import Image

from messaging.attachments import kinds
from messaging.models import Attachment
from tests.client import ApiClient, ok
from tests.messaging import hostile_files
from tests.messaging.attachments import check_usage, files, upload
from tests.messaging.hostile_files import PAYLOAD, Sample

pytestmark = pytest.mark.django_db

SAMPLES = hostile_files.everything()
#: What a browser might run, or show with what it holds.
SCRIPTING = ("html", "xml", "svg", "script", "pdf", "flash", "text", "json", "css")


def test_there_are_enough() -> None:
    assert sum(len(samples) for samples in SAMPLES.values()) >= 200


@pytest.mark.parametrize("kind", SAMPLES)
def test_hostile_files(amy: ApiClient, kind: str) -> None:
    for sample in SAMPLES[kind]:
        before = files()
        answer = upload(amy, sample.content, sample.name, sample.declared)
        became = refused(answer, sample) or harmless(amy, answer, sample)
        assert sample.expected in ("any", became), (sample.what, became, answer.text)
        if became == "refused":
            assert files() == before, f"{sample.what} left something"
    check_usage()


def refused(answer: httpx.Response, sample: Sample) -> str:
    if answer.status_code == 201:
        return ""
    assert answer.status_code == 400, (sample.what, answer.text)
    error = answer.json()["error"]
    assert error["code"] in ("image_damaged", "image_too_large"), sample.what
    assert error["details"]["file"], sample.what
    return "refused"


def harmless(amy: ApiClient, answer: httpx.Response, sample: Sample) -> str:
    made = ok(answer, 201).json()
    got = ok(amy.get(made["url"]))
    headers = got.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Content-Type"] == made["type"]
    assert len(got.content) == made["size"]
    disposition = headers["Content-Disposition"].partition(";")[0]
    assert disposition == ("inline" if made["type"] in kinds.INLINE else "attachment"), sample.what
    if made["width"] is None:
        assert got.content == sample.content, sample.what
        assert disposition == "attachment" or made["type"].startswith(("audio/", "video/")), sample.what
        return "download" if disposition == "attachment" else "played"
    small = ok(amy.get(made["thumbnail"]["url"]))
    for content in (got.content, small.content):
        assert PAYLOAD[:8] not in content, f"{sample.what}: its payload is still there"
        with Image.open(BytesIO(content)) as picture:
            picture.load()
            left = picture.info.keys() - {
                "loop",
                "background",
                "timestamp",
                "duration",
                "jfif",
                "jfif_version",
            }
            assert left <= {"jfif_unit", "jfif_density"}, (sample.what, left)
            assert not picture.getexif(), sample.what
    return "remade"


def test_no_type_that_runs_scripts_is_ever_shown() -> None:
    assert not [type_ for type_ in kinds.INLINE if any(word in type_ for word in SCRIPTING)]


def test_what_moves_goes_on_moving(amy: ApiClient) -> None:
    for kind in ("GIF", "WEBP", "PNG"):
        made = ok(upload(amy, hostile_files.animated(kind, 7), f"a.{kind.lower()}"), 201).json()
        assert (made["type"], made["name"], made["width"]) == ("image/webp", "a.webp", 16)
        with Image.open(BytesIO(amy.get(made["url"]).content)) as picture:
            assert getattr(picture, "n_frames", 1) == 7
            picture.seek(3)
            picture.load()
            assert picture.info["duration"] == 40
            red, _green, _blue = picture.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
            assert abs(red - 3 * 97 % 256) < 20
        with Image.open(BytesIO(amy.get(made["thumbnail"]["url"]).content)) as small:
            assert getattr(small, "n_frames", 1) == 1


def test_photos_are_upright_and_do_not_say_where_they_were_taken(amy: ApiClient) -> None:
    for orientation in range(1, 9):
        given = Image.Exif()
        given[0x0112] = orientation
        given.get_ifd(0x8825).update({1: "N", 2: (31.0, 13.0, 49.0)})
        wide = Image.new("RGB", (40, 20), "red")
        wide.paste("blue", (20, 0, 40, 20))
        out = BytesIO()
        wide.save(out, "JPEG", exif=given, quality=95, subsampling=0)
        made = ok(upload(amy, out.getvalue(), "IMG_1.jpg"), 201).json()
        turned = orientation >= 5
        assert (made["width"], made["height"]) == ((20, 40) if turned else (40, 20))
        with Image.open(BytesIO(amy.get(made["url"]).content)) as picture:
            assert picture.size == (made["width"], made["height"])
            assert not picture.getexif()
            red, _green, blue = picture.convert("RGB").getpixel((3, 3))  # type: ignore[misc]
            assert (red > blue) == (orientation in (1, 4, 5, 6)), orientation


def test_colours_of_a_profile_become_those_of_the_web(amy: ApiClient) -> None:
    from PIL import ImageCms

    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = BytesIO()
    Image.new("RGB", (20, 20), (200, 100, 50)).save(out, "PNG", icc_profile=lab)
    made = ok(upload(amy, out.getvalue(), "a.png"), 201).json()
    with Image.open(BytesIO(amy.get(made["url"]).content)) as picture:
        assert "icc_profile" not in picture.info
        assert picture.getpixel((5, 5)) == (200, 100, 50)


def test_transparency_stays(amy: ApiClient) -> None:
    for kind in ("PNG", "WEBP", "GIF"):
        out = BytesIO()
        Image.new("RGBA", (30, 30), (255, 0, 0, 0)).save(out, kind)
        made = ok(upload(amy, out.getvalue(), "a"), 201).json()
        for url in (made["url"], made["thumbnail"]["url"]):
            with Image.open(BytesIO(amy.get(url).content)) as picture:
                assert picture.convert("RGBA").getpixel((5, 5))[3] == 0, kind  # type: ignore[index]


NAMES: list[tuple[str, str]] = [
    ("../../../etc/passwd", "passwd"),
    ("..\\..\\windows\\win.ini", "win.ini"),
    ("/etc/shadow", "shadow"),
    ("C:\\boot.ini", "boot.ini"),
    ("\\\\server\\share\\x.txt", "x.txt"),
    ("a/../b.txt", "b.txt"),
    ("CON", "_CON"),
    ("nul.txt", "_nul.txt"),
    ("com1.tar.gz", "_com1.tar.gz"),
    ("photo\u202egpj.exe", "photogpj.exe"),
    ("a\u2066b\u2069.txt", "ab.txt"),
    ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
    ("new\u2028line.txt", "newline.txt"),
    ("  spaces .txt ", "spaces.txt"),
    (".htaccess", "htaccess"),
    ("trailing...", "trailing"),
    ("x" * 300 + ".txt", "x" * 251 + ".txt"),
    ("报" * 300 + ".pdf", "报" * 83 + ".pdf"),
    ("👩👧 照片.txt", "👩👧 照片.txt"),
    ("e\u0301.txt", "é.txt"),
    ("two  blanks.txt", "two blanks.txt"),
    ("a;b=c.txt", "a;b=c.txt"),
    ("%2e%2e%2fx.txt", "%2e%2e%2fx.txt"),
    ("-rf.txt", "-rf.txt"),
    ("file.txt:stream", "file.txt:stream"),
    ("a" + "." + "b" * 100, "a." + "b" * 100),
]


def test_names_are_no_paths_and_hide_nothing(amy: ApiClient) -> None:
    for given, shown in NAMES:
        made = ok(upload(amy, b"text", given), 201).json()
        assert made["name"] == shown, given
        assert len(made["name"].encode()) <= 255
        kept = Attachment.objects.get(pk=made["id"]).file
        assert all(part.isalnum() for part in kept.split("/")), "nothing of the name is in the path"
        disposition = ok(amy.get(made["url"])).headers["Content-Disposition"]
        assert disposition.isascii()
        assert disposition.startswith("attachment; filename")


def form(*parts: bytes, boundary: bytes = b"x") -> bytes:
    return (
        b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"
    )


def part(headers: bytes, content: bytes = b"hello") -> bytes:
    return b"Content-Disposition: form-data; " + headers + b"\r\n\r\n" + content


FILE = part(b'name="file"; filename="a.txt"')
MULTIPART = "multipart/form-data; boundary=x"
FORMS: dict[str, tuple[str, bytes]] = {
    "nothing": (MULTIPART, b""),
    "no part": (MULTIPART, form()),
    "another field": (MULTIPART, form(part(b'name="image"; filename="a.txt"'))),
    "text instead": (MULTIPART, form(part(b'name="file"'))),
    "two files": (MULTIPART, form(FILE, FILE)),
    "a file more": (MULTIPART, form(FILE, part(b'name="other"; filename="b.txt"'))),
    "a name of dots": (MULTIPART, form(part(b'name="file"; filename=".."'))),
    "an empty name": (MULTIPART, form(part(b'name="file"; filename=""'))),
    "a name that is no UTF-8": (MULTIPART, form(part(b'name="file"; filename="\xff\xfe.txt"'))),
    "only control characters": (MULTIPART, form(part(b'name="file"; filename="\x01\x02"'))),
    "another boundary": ("multipart/form-data; boundary=y", form(FILE)),
    "no boundary": ("multipart/form-data", form(FILE)),
    "an empty boundary": ("multipart/form-data; boundary=", form(FILE)),
    "a boundary too long": (f"multipart/form-data; boundary={'x' * 300}", form(FILE)),
    "no end": (MULTIPART, form(FILE)[:20]),
    "no headers": (MULTIPART, form(b"\r\n\r\nhello")),
    "base64 that is none": (
        MULTIPART,
        form(b"Content-Transfer-Encoding: base64\r\n" + part(b'name="file"; filename="a"', b"\xff!")),
    ),
    "huge headers": (MULTIPART, form(part(b'name="file"; filename="' + b"x" * 20_000 + b'"'))),
    "a hundred files": (MULTIPART, form(*[FILE] * 101)),
    "two thousand fields": (MULTIPART, form(*[part(b'name="a"')] * 2000)),
    "JSON": ("application/json", b'{"file": "hello"}'),
    "JSON in a form's clothes": (MULTIPART, b'{"file": "hello"}'),
    "the bytes themselves": ("application/octet-stream", b"hello"),
    "a picture itself": ("image/png", hostile_files.encoded("PNG")),
    "no type": ("", b"hello"),
    "urlencoded": ("application/x-www-form-urlencoded", b"file=hello"),
}


def test_broken_forms_are_refused(amy: ApiClient) -> None:
    for what, (type_, body) in FORMS.items():
        headers = {"Content-Type": type_} if type_ else {}
        answer = amy.request("POST", "attachments", content=body, headers=headers)
        assert answer.status_code in (400, 415), (what, answer.text)
        assert set(answer.json()["error"]) == {"code", "message", "details"}, what
    assert not Attachment.objects.exists()
    assert files() == set()


def test_strange_forms_are_taken(amy: ApiClient) -> None:
    for body in (
        form(FILE, part(b'name="note"', b"beside it")),
        form(part(b"name=file; filename*=UTF-8''%E6%8A%A5%00.txt")),
        form(part(b'name="file"; filename="a\x00b.txt"')),
        form(part(b'name="file"; filename="a\\"b.txt"')),
        form(b"Content-Type: text/html\r\nX-Other: \x01\r\n" + FILE),
    ):
        answer = amy.request("POST", "attachments", content=body, headers={"Content-Type": MULTIPART})
        assert answer.status_code == 201, body
        name = ok(answer, 201).json()["name"]
        assert name.isprintable(), name
        assert "\x00" not in name


def test_too_big_is_413(amy: ApiClient, settings: object) -> None:
    settings.ATTACHMENT_MAX_BYTES = 100_000  # type: ignore[attr-defined]
    ok(upload(amy, bytes(100_000)), 201)
    for size in (100_001, 150_000, 300_000):
        refused = ok(upload(amy, bytes(size)), 413).json()["error"]
        assert refused["code"] == "too_large"
    assert Attachment.objects.count() == 1
