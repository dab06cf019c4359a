"""A file's name as it is shown and offered for download; it is never a path on our disk."""

import re
import unicodedata
from pathlib import PurePosixPath

MAX_BYTES = 255  # of UTF-8: what file systems take
#: Windows reads these as devices, whatever the extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE)
EXTENSIONS = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/webp": (".webp",),
}


def clean(name: str, *, type_: str) -> str:
    """``name`` without folders, control and direction characters, at most 255 bytes; never empty.

    A picture that was made anew gets the extension of what it is now.
    """
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    # Cc control, Cf format (direction among them), Cs surrogates, Co private use, Zl and Zp line breaks.
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    name = re.sub(r"\s+", " ", name).strip(" .")
    if _DEVICES.fullmatch(name):
        name = f"_{name}"
    stem, extension = _parts(name)
    if type_ in EXTENSIONS and extension.lower() not in EXTENSIONS[type_]:
        known = extension.lower() in (".jpg", ".jpeg", ".png", ".gif", ".webp", ".apng")
        stem = stem if known else stem + extension
        extension = EXTENSIONS[type_][0]
    return _cut(stem or "file", MAX_BYTES - len(extension.encode())) + extension


def _parts(name: str) -> tuple[str, str]:
    extension = PurePosixPath(name).suffix
    if len(extension.encode()) > 32:
        extension = ""
    return name.removesuffix(extension) if extension else name, extension


def _cut(text: str, size: int) -> str:
    """At most ``size`` bytes, without half a character at the end."""
    return text.encode()[:size].decode(errors="ignore").rstrip() or "file"
