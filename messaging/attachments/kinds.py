"""What a file is, by its content alone, and what a browser may show of it by itself."""

import filetype

OTHER = "application/octet-stream"
#: How much of a file's beginning tells.
HEAD = 8192

#: Made anew by us, or played by what cannot run scripts; everything else is a download.
INLINE = frozenset(
    {
        *("image/jpeg", "image/png", "image/webp"),
        *("audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "video/mp4", "video/webm"),
    }
)
#: The library's word → the registered one.
_SAME = {
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "application/x-rar-compressed": "application/vnd.rar",
}
_NAMED = frozenset(
    {
        *(
            "application/pdf",
            "application/zip",
            "application/gzip",
            "application/x-tar",
            "application/x-bzip2",
        ),
        *("application/x-7z-compressed", "application/x-xz", "application/vnd.rar", "application/epub+zip"),
        *("audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac", "audio/aac", "audio/midi"),
        *("video/mp4", "video/webm", "video/quicktime", "video/x-matroska", "video/x-msvideo", "video/mpeg"),
        *("image/heic", "image/avif", "image/tiff", "image/bmp", "image/vnd.adobe.photoshop"),
        *("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
    }
)


def true_type(head: bytes) -> str:
    """The type of a file that begins so, if it is one that is listed here; nothing with scripts is."""
    found = filetype.guess_mime(head)
    named = _SAME.get(found or "", found or "")
    return named if named in _NAMED else OTHER
