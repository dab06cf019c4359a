"""Files that attack, made by code: refused, kept as mere downloads, or made anew without their payload.

A sample says what is to become of it: ``refused``, ``download`` (the bytes as they are, never shown by a
browser), ``remade`` (a picture of which nothing but pixels is left) or ``played`` (sound or film, which run
no scripts). ``any`` of them where it depends on the decoder.
"""

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, PngImagePlugin

#: What must not be found in anything that a browser shows.
PAYLOAD = b"<script>alert('payload')</script>"
HTML = b"<!DOCTYPE html><html><body>" + PAYLOAD + b"</body></html>"


@dataclass(frozen=True)
class Sample:
    """A file to be uploaded, and what is to become of it."""

    what: str
    content: bytes
    expected: str
    name: str = "file.bin"
    declared: str = "application/octet-stream"


# --- pictures that are sound, to build upon ---------------------------------------------------------


def encoded(kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: object) -> bytes:
    """A picture of some colours."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.paste("teal", (0, 0, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    image.convert(mode).save(out, kind, **options)
    return out.getvalue()


def animated(kind: str, frames: int, size: tuple[int, int] = (16, 16)) -> bytes:
    """A picture that moves."""
    images = [Image.new("RGB", size, (n * 97 % 256, n * 61 % 256, n * 31 % 256)) for n in range(frames)]
    out = io.BytesIO()
    images[0].save(out, kind, save_all=True, append_images=images[1:], duration=40, loop=0)
    return out.getvalue()


def gif_of(frames: int) -> bytes:
    """A GIF with this many tiny frames; quicker than by an encoder."""
    frame = b"\x21\xf9\x04\x00\x01\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00"
    return b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00" + frame * frames + b";"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2, data: bytes = b"") -> bytes:
    """A PNG with this header, whatever follows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    end = chunk(b"IDAT", data or zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + end


def after_header(sound: bytes, *chunks: bytes) -> bytes:
    """A sound PNG with more chunks behind its header."""
    return sound[:33] + b"".join(chunks) + sound[33:]


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP of these chunks."""
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def vp8x(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    """The header of an extended WebP."""
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(
        3, "little"
    )


def jpeg_segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def with_segment(sound: bytes, marker: int, data: bytes) -> bytes:
    """A sound JPEG with one more segment at its beginning."""
    return sound[:2] + jpeg_segment(marker, data) + sound[2:]


def jpeg_of_size(width: int, height: int) -> bytes:
    """A sound JPEG whose header says another size."""
    sound = encoded("JPEG")
    at = sound.index(b"\xff\xc0") + 5
    return sound[:at] + struct.pack(">HH", height, width) + sound[at + 4 :]


def zipped(**members: bytes) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


# --- documents with scripts -------------------------------------------------------------------------

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + PAYLOAD + b"</svg>"
XXE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;' + PAYLOAD + b"</a>"
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><l>&j;</l>"
)
MHTML = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n\r\n" + HTML


def documents() -> Iterator[Sample]:
    """What a browser would run, were it shown."""
    yield Sample("HTML", HTML, "download", "page.html", "text/html")
    yield Sample("HTML called a picture", HTML, "download", "page.png", "image/png")
    yield Sample("HTML after blanks", b" \n\t" * 300 + HTML, "download", "page.htm", "text/html")
    yield Sample("HTML in UTF-16", HTML.decode().encode("utf-16"), "download", "page.html")
    yield Sample("HTML in UTF-7", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "download", "page.html")
    yield Sample("HTML with a mark", b"\xef\xbb\xbf" + HTML, "download", "page.html")
    yield Sample(
        "XHTML", b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">' + PAYLOAD, "download"
    )
    yield Sample("SVG", SVG, "download", "logo.svg", "image/svg+xml")
    yield Sample("SVG called JPEG", SVG, "download", "logo.jpg", "image/jpeg")
    yield Sample("SVG with an entity", XXE.replace(b"<a>", SVG), "download", "logo.svg", "image/svg+xml")
    yield Sample("SVG, packed", gzip.compress(SVG, mtime=0), "download", "logo.svgz", "image/svg+xml")
    yield Sample("XML with an external entity", XXE, "download", "data.xml", "application/xml")
    yield Sample("a billion laughs", LAUGHS, "download", "data.xml", "text/xml")
    yield Sample("XSLT", b'<?xml-stylesheet href="#x"?><x>' + PAYLOAD + b"</x>", "download", "style.xsl")
    yield Sample("MHTML", MHTML, "download", "page.mht", "multipart/related")
    yield Sample(
        "a mail", b"From: a@example.com\r\nContent-Type: text/html\r\n\r\n" + HTML, "download", "mail.eml"
    )
    yield Sample("JavaScript", b"alert('payload')", "download", "code.js", "text/javascript")
    yield Sample("a style", b"*{background:url(javascript:alert(1))}", "download", "style.css", "text/css")
    yield Sample("PHP", b"<?php system($_GET['c']); ?>", "download", "shell.php", "application/x-httpd-php")
    yield Sample("a shell script", b"#!/bin/sh\nrm -rf /\n", "download", "run.sh", "text/x-shellscript")
    yield Sample("a batch file", b"@echo off\r\ndel *.*", "download", "run.bat")
    yield Sample("an HTA", b"<hta:application>" + PAYLOAD, "download", "app.hta", "application/hta")
    yield Sample("a Windows program", b"MZ" + bytes(200), "download", "photo.jpg.exe", "image/jpeg")
    yield Sample("an ELF program", b"\x7fELF\x02\x01\x01" + bytes(100), "download", "program")
    yield Sample("WebAssembly", b"\0asm\x01\0\0\0", "download", "code.wasm", "application/wasm")
    yield Sample("Flash", b"FWS\x09" + bytes(100), "download", "film.swf", "application/x-shockwave-flash")
    yield Sample("a shortcut", b"[InternetShortcut]\r\nURL=javascript:alert(1)", "download", "link.url")
    yield Sample("server settings", b"AddType text/html .jpg", "download", ".htaccess")
    yield Sample(
        "PDF with a script", b"%PDF-1.7\n1 0 obj<</S/JavaScript/JS(app.alert(1))>>", "download", "a.pdf"
    )
    yield Sample("PostScript", b"%!PS-Adobe-3.0\n(" + PAYLOAD + b") print", "download", "a.ps")
    yield Sample("RTF", rb"{\rtf1{\object\objdata 00}}", "download", "letter.rtf", "application/rtf")
    yield Sample("nothing", b"", "download", "empty.png", "image/png")
    yield Sample("one zero", b"\0", "download", "zero.jpg", "image/jpeg")


# --- one file, two meanings -------------------------------------------------------------------------


def polyglots() -> Iterator[Sample]:
    """Pictures, films and archives that are something else, too."""
    jpeg, gif, plain, small = (encoded(kind) for kind in ("JPEG", "GIF", "PNG", "WEBP"))
    yield Sample("GIF and JavaScript", b"GIF89a/*" + bytes(40) + b"*/=1;" + PAYLOAD, "any", "a.gif")
    yield Sample("GIF, then HTML", gif + HTML, "remade", "a.html", "text/html")
    comment = b"\x21\xfe" + bytes([len(PAYLOAD)]) + PAYLOAD + b"\0"
    yield Sample("GIF with a comment", gif[:-1] + comment + b";", "remade", "a.gif")
    application = b"\x21\xff\x0bXMP DataXMP" + bytes([len(PAYLOAD)]) + PAYLOAD + b"\0"
    yield Sample("GIF with XMP", gif[:-1] + application + b";", "remade", "a.gif")
    yield Sample("GIF and JAR", gif + zipped(a=HTML), "remade", "a.jar", "application/java-archive")
    yield Sample("JPEG with a comment", with_segment(jpeg, 0xFE, HTML), "remade", "a.jpg")
    yield Sample(
        "JPEG with PHP in EXIF", encoded("JPEG", exif=exif(PAYLOAD)), "remade", "a.php", "text/x-php"
    )
    yield Sample("JPEG with a segment of ours", with_segment(jpeg, 0xEC, HTML), "remade", "a.jpg")
    yield Sample(
        "JPEG with XMP", with_segment(jpeg, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + HTML), "remade"
    )
    yield Sample("JPEG, then HTML", jpeg + HTML, "remade", "a.html", "text/html")
    yield Sample("JPEG, then ZIP", jpeg + zipped(a=HTML), "remade", "a.zip", "application/zip")
    table = jpeg.index(b"\xff\xdb") + 5
    yield Sample(
        "JPEG with a payload in its tables",
        jpeg[:table] + PAYLOAD + jpeg[table + len(PAYLOAD) :],
        "any",
        "a.jpg",
    )
    yield Sample("PNG and ZIP", plain + zipped(a=HTML), "remade", "a.zip", "application/zip")
    yield Sample("PNG, then HTML", plain + HTML, "remade", "a.html", "text/html")
    yield Sample("PNG with text", after_header(plain, chunk(b"tEXt", b"Comment\0" + HTML)), "remade", "a.png")
    packed = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(HTML, 0))
    yield Sample("PNG with packed text", after_header(plain, packed), "remade", "a.png")
    unicode_text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + HTML)
    yield Sample("PNG with XMP", after_header(plain, unicode_text), "remade", "a.png")
    yield Sample("PNG with EXIF", after_header(plain, chunk(b"eXIf", exif(PAYLOAD)[6:])), "remade", "a.png")
    yield Sample("PNG with a chunk of ours", after_header(plain, chunk(b"scRt", HTML)), "remade", "a.png")
    palette = (PAYLOAD * 24)[:768]
    rows = zlib.compress(b"".join(b"\0" + bytes(range(64)) for _ in range(48)))
    with_palette = png(64, 48, chunk(b"PLTE", palette), colour=3, data=rows)
    yield Sample("PNG with a payload as its palette", with_palette, "remade", "a.png")
    yield Sample("WebP, then HTML", small + HTML, "remade", "a.html", "text/html")
    yield Sample("WebP with XMP", encoded("WEBP", xmp=HTML), "remade", "a.webp")
    yield Sample("WebP with EXIF", encoded("WEBP", exif=exif(PAYLOAD)), "remade", "a.webp")
    yield Sample("PDF and HTML", b"%PDF-1.4\n%" + HTML + b"\n%%EOF", "download", "a.html", "text/html")
    yield Sample("HTML and PDF", HTML + b"\n%PDF-1.4\n%%EOF", "download", "a.pdf", "application/pdf")
    yield Sample("ZIP and HTML", HTML + zipped(a=HTML), "download", "a.zip", "application/zip")
    yield Sample("a JAR", zipped(**{"META-INF/MANIFEST.MF": b"Main-Class: A"}), "download", "a.jar")
    yield Sample("a document with macros", zipped(**{"word/vbaProject.bin": HTML}), "download", "a.docm")
    yield Sample(
        "BMP and JavaScript", b"BM=1/*" + bytes(60) + b"*/;" + PAYLOAD, "download", "a.bmp", "image/bmp"
    )
    yield Sample("TIFF and HTML", b"II*\0\x08\0\0\0" + HTML, "download", "a.tif", "image/tiff")
    yield Sample("an icon and HTML", b"\0\0\x01\0\x01\0" + HTML, "download", "a.ico", "image/x-icon")
    film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + struct.pack(">I", len(HTML) + 8) + b"free" + HTML
    yield Sample("MP4 and HTML", film, "played", "a.html", "text/html")
    webm = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04"
    yield Sample("WebM and HTML", webm + HTML, "played", "a.html", "text/html")
    yield Sample("Ogg and HTML", b"OggS\0\x02" + bytes(22) + b"\x01\x1e\x01vorbis" + HTML, "played", "a.html")
    yield Sample("MP3 and HTML", b"ID3\x03\0\0\0\0\x0f\x76" + HTML, "played", "a.html", "text/html")
    yield Sample("WAV and HTML", b"RIFF\xff\0\0\0WAVEfmt " + HTML, "played", "a.html", "text/html")
    yield Sample("AVI and HTML", b"RIFF\xff\0\0\0AVI LIST" + HTML, "download", "a.avi", "video/x-msvideo")
    yield Sample(
        "HEIC and HTML", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + HTML, "download", "a.heic", "image/heic"
    )


def exif(text: bytes) -> bytes:
    """EXIF with a description, and a place on the earth."""
    made = Image.Exif()
    made[0x010E] = text.decode()
    made.get_ifd(0x8825).update({1: "N", 2: (31.0, 13.0, 49.0), 3: "E", 4: (121.0, 28.0, 25.0)})
    return made.tobytes()


# --- bombs ------------------------------------------------------------------------------------------


def bombs() -> Iterator[Sample]:
    """Small files that would be big."""
    yield Sample("PNG of 65,535 pixels a side", png(65535, 65535), "refused", "a.png")
    yield Sample("PNG of two billion a side", png(2**31 - 1, 2**31 - 1), "refused", "a.png")
    yield Sample("PNG, one row of a billion", png(10**9, 1), "refused", "a.png")
    yield Sample("PNG, no pixels", png(0, 0), "refused", "a.png")
    yield Sample("PNG, no row", png(10, 0), "refused", "a.png")
    zeros = zlib.compress(bytes((8001 // 8 + 2) * 8001), 9)
    yield Sample(
        "PNG, 64 million pixels of one bit", png(8001, 8001, depth=1, colour=0, data=zeros), "refused"
    )
    yield Sample("PNG of 16 bits that is too big", png(9000, 9000, depth=16), "refused", "a.png")
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(20_000_000), 9))
    yield Sample("PNG with 20 MB of packed text", after_header(encoded("PNG"), text), "any", "a.png")
    profile = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(20_000_000), 9))
    yield Sample("PNG with a profile of 20 MB", after_header(encoded("PNG"), profile), "any", "a.png")
    packed = chunk(b"IDAT", zlib.compress(bytes(20_000_000), 9))
    yield Sample("PNG with more rows than it says", png(4, 4, packed), "any", "a.png")
    control = chunk(b"acTL", struct.pack(">II", 2**32 - 1, 0))
    yield Sample("PNG of four billion frames", after_header(encoded("PNG"), control), "any", "a.png")
    for side in (65535, 20000):
        size = struct.pack("<HH", side, side)
        header = b"GIF89a" + size + b"\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0" + size
        yield Sample(f"GIF of {side} pixels a side", header + b"\0\x02\x02D\x01\0;", "refused", "a.gif")
    grows = b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;"
    yield Sample("GIF whose frame is bigger than itself", grows, "refused", "a.gif")
    yield Sample("GIF of 10,000 frames", gif_of(10_000), "refused", "a.gif")
    yield Sample("GIF of 300,000 frames", gif_of(300_000), "refused", "a.gif")
    yield Sample(
        "WebP of 16,384 pixels a side", webp(vp8x(16384, 16384), (b"VP8 ", bytes(30))), "refused", "a.webp"
    )
    yield Sample(
        "WebP of 16 million pixels a side", webp(vp8x(2**24, 2**24), (b"VP8 ", bytes(30))), "refused"
    )
    lossless = b"\x2f" + struct.pack("<I", 16383 | 16383 << 14) + bytes(30)
    yield Sample("WebP without loss, 16,384 a side", webp((b"VP8L", lossless)), "refused", "a.webp")
    lossy = b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", 16383, 16383) + bytes(30)
    yield Sample("WebP with loss, 16,383 a side", webp((b"VP8 ", lossy)), "refused", "a.webp")
    yield Sample("WebP of 1,200 frames", animated("WEBP", 1200, (2, 2)), "refused", "a.webp")
    yield Sample("JPEG of 65,535 pixels a side", jpeg_of_size(65535, 65535), "refused", "a.jpg")
    yield Sample("JPEG of 60 million pixels", jpeg_of_size(10000, 6000), "refused", "a.jpg")
    yield Sample("JPEG without rows", jpeg_of_size(100, 0), "refused", "a.jpg")
    scans = encoded("JPEG", (512, 512), progressive=True)
    at = scans.rindex(b"\xff\xda")
    yield Sample("JPEG of a thousand scans", scans[:at] + scans[at:-2] * 1000 + b"\xff\xd9", "any", "a.jpg")
    yield Sample("a ZIP of zeros", zipped(a=bytes(30_000_000)), "download", "a.zip", "application/zip")
    yield Sample("gzip of zeros", gzip.compress(bytes(30_000_000), mtime=0), "download", "a.gz")


# --- strange, but sound -----------------------------------------------------------------------------


def oddities() -> Iterator[Sample]:
    """What decoders and encoders trip over."""
    yield Sample("JPEG in CMYK", encoded("JPEG", mode="CMYK"), "remade", "a.jpg")
    yield Sample("JPEG in grey", encoded("JPEG", mode="L"), "remade", "a.jpg")
    yield Sample("PNG of 16 bits", encoded("PNG", mode="I;16"), "remade", "a.png")
    yield Sample("PNG of one bit", encoded("PNG", mode="1"), "remade", "a.png")
    yield Sample("PNG, grey with alpha", encoded("PNG", mode="LA"), "remade", "a.png")
    yield Sample("PNG, palette", encoded("PNG", mode="P"), "remade", "a.png")
    yield Sample("PNG, one by 30,000", encoded("PNG", (1, 30_000)), "remade", "a.png")
    yield Sample("JPEG, 30,000 by one", encoded("JPEG", (30_000, 1)), "remade", "a.jpg")
    yield Sample("one pixel", encoded("GIF", (1, 1)), "remade", "a.gif")
    yield Sample("JPEG with a broken profile", encoded("JPEG", icc_profile=PAYLOAD * 100), "remade", "a.jpg")
    yield Sample(
        "JPEG with a profile of 2 MB", encoded("JPEG", icc_profile=PAYLOAD * 60_000), "remade", "a.jpg"
    )
    yield Sample("JPEG with EXIF of 60 KB", encoded("JPEG", exif=exif(PAYLOAD * 1700)), "remade", "a.jpg")
    broken = b"Exif\0\0MM\0*\xff\xff\xff\xff" + PAYLOAD
    yield Sample("JPEG with broken EXIF", with_segment(encoded("JPEG"), 0xE1, broken), "any", "a.jpg")
    info = PngImagePlugin.PngInfo()
    for number in range(200):
        info.add_itxt(f"k{number}", PAYLOAD.decode() * 20)
    yield Sample("PNG with 200 texts", encoded("PNG", pnginfo=info), "remade", "a.png")
    yield Sample("GIF that moves", animated("GIF", 5), "remade", "a.gif")
    yield Sample("WebP that moves", animated("WEBP", 5), "remade", "a.webp")
    yield Sample("PNG that moves", animated("PNG", 5), "remade", "a.png")
    yield Sample("JPEG with its end only", b"\xff\xd8\xff\xd9", "refused", "a.jpg")
    yield Sample("JPEG without an end", encoded("JPEG")[:-2], "any", "a.jpg")
    yield Sample("JPEG, twice", encoded("JPEG") * 2, "remade", "a.jpg")
    wrong = bytearray(encoded("PNG"))
    wrong[29] ^= 255
    yield Sample("PNG with a wrong checksum", bytes(wrong), "any", "a.png")
    yield Sample("PNG of noise", b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(5000), "refused", "a.png")
    yield Sample("GIF of noise", b"GIF89a" + random.Random(2).randbytes(500), "any", "a.gif")
    yield Sample(
        "WebP of noise", b"RIFF\xff\xff\0\0WEBP" + random.Random(3).randbytes(5000), "refused", "a.webp"
    )
    yield Sample("JPEG of noise", b"\xff\xd8\xff" + random.Random(4).randbytes(5000), "refused", "a.jpg")


KINDS = ("JPEG", "PNG", "WEBP", "GIF")


def truncated() -> Iterator[Sample]:
    """Pictures that were cut off, here and there."""
    for kind in KINDS:
        whole = encoded(kind)
        for place in (12, 20, 30, len(whole) // 3, len(whole) // 2, len(whole) * 3 // 4, len(whole) - 1):
            yield Sample(f"{kind}, {place} bytes of {len(whole)}", whole[:place], "any", f"a.{kind.lower()}")
        moving = animated(kind, 6) if kind != "JPEG" else encoded(kind, progressive=True)
        for part in (3, 2):
            yield Sample(f"{kind}, a part of what moves", moving[: len(moving) * (part - 1) // part], "any")


def damaged() -> Iterator[Sample]:
    """Pictures in which some bytes are others."""
    chance = random.Random(20261123)
    for kind in KINDS:
        for number in range(8):
            wrong = bytearray(encoded(kind))
            for _ in range(1 + number):
                wrong[chance.randrange(8, len(wrong))] = chance.randrange(256)
            yield Sample(f"{kind}, damaged, {number}", bytes(wrong), "any", f"a.{kind.lower()}")


def declared_wrongly() -> Iterator[Sample]:
    """Sound files of which something else is said."""
    jpeg, sound = encoded("JPEG"), encoded("PNG")
    for name, declared in (
        ("a.html", "text/html"),
        ("a.svg", "image/svg+xml"),
        ("a.php", "application/x-httpd-php"),
        ("a.js", "text/javascript"),
        ("a.exe", "application/x-msdownload"),
        ("a", "multipart/form-data; boundary=x"),
        ("a.jpg.html", "text/html; charset=utf-7"),
        ("a.png", "nonsense"),
    ):
        yield Sample(f"JPEG as {name}, {declared}", jpeg, "remade", name, declared)
        yield Sample(f"PNG as {name}, {declared}", sound, "remade", name, declared)


def everything() -> dict[str, list[Sample]]:
    """All of it, by kind."""
    kinds = (documents, polyglots, bombs, oddities, truncated, damaged, declared_wrongly)
    return {kind.__name__: list(kind()) for kind in kinds}
