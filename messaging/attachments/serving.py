"""Handing a file out: ranges (RFC 9110, 14), conditions (13), and headers that keep it harmless."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags
from django.utils.translation import gettext_lazy as _

from chatchat.errors import ChatError, NotFound, Unavailable
from messaging.attachments import kinds, storage
from messaging.attachments.storage import Piece

#: Reading waits for disks and buckets, beside the event loop.
_readers = ThreadPoolExecutor(8, thread_name_prefix="attachments")
_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.IGNORECASE)


class Unsatisfiable(ChatError):
    """416: the file has no such part."""

    status = 416
    code = "range_not_satisfiable"
    message = _("The file has no such part.")


class Streamed(StreamingHttpResponse):
    """A piece of a file, a chunk at a time, on ASGI and on WSGI servers."""

    def __init__(self, piece: Piece, *, status: int, headers: dict[str, str]) -> None:
        super().__init__(_chunks(piece), status=status, headers=headers)
        self._piece = piece
        self._resource_closers.append(piece.close)  # type: ignore[attr-defined]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        while chunk := await loop.run_in_executor(_readers, self._piece.read, storage.CHUNK):
            yield chunk


def _chunks(piece: Piece) -> Iterator[bytes]:
    while chunk := piece.read(storage.CHUNK):
        yield chunk


def serve(request: HttpRequest, *, file: str, size: int, type_: str, name: str) -> HttpResponseBase:
    """The file, the part of it that was asked for, 304 or 416. Raises ``NotFound``, ``Unavailable``.

    Who may have it was decided before; each use asks again (``no-cache``), so that what was recalled is
    not shown from a cache.
    """
    etag = f'"{hashlib.sha256(file.encode()).hexdigest()[:24]}"'
    headers = _headers(etag, type_, name)
    if _known(request.headers.get("If-None-Match", ""), etag):
        del headers["Content-Type"]
        return HttpResponse(status=304, headers=headers)
    try:
        part = _part(request, etag, size)
    except Unsatisfiable as error:
        return JsonResponse(
            error.envelope(), status=error.status, headers={"Content-Range": f"bytes */{size}"}
        )
    start, length = part or (0, size)
    headers["Content-Length"] = str(length)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    status = 200 if part is None else 206
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    try:
        piece = storage.read(file, start=start, length=length)
    except FileNotFoundError:
        raise NotFound from None
    except OSError as error:
        raise Unavailable from error
    return Streamed(piece, status=status, headers=headers)


def _known(header: str, etag: str) -> bool:
    """Whether ``If-None-Match`` names it; weak ones compare by what they say."""
    return any(given in ("*", etag, f"W/{etag}") for given in parse_etags(header))


def _headers(etag: str, type_: str, name: str) -> dict[str, str]:
    inline = type_ in kinds.INLINE
    return {
        "Content-Type": type_,
        "Content-Disposition": content_disposition_header(not inline, name) or "inline",
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def _part(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """(start, length) of the one range that was asked for; None: all of it.

    Several ranges, other units and what is malformed may be ignored, and are.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or match.groups() == ("", ""):
        return None
    if request.headers.get("If-Range", etag) != etag:  # also a date: there is none to compare it with
        return None
    first, last = match.groups()
    if first == "":
        length = min(int(last), size)
        start, end = size - length, size - 1
    else:
        start, end = int(first), min(int(last or size), size - 1)
        if last and int(last) < start:
            return None
    if start >= size or end < start:
        raise Unsatisfiable
    return start, end - start + 1
