"""Where pictures are made anew: in processes of their own, few at a time, each within bounds.

Decoding strangers' pictures is what may take seconds, gigabytes, or crash. Here none of it takes the
server along: a painter that is not done in time is ended, and the picture refused.
"""

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chatchat.errors import Invalid, Unavailable
from messaging.attachments.pictures import Made

PAINTERS = 2
WAITING = 32  # pictures that wait for a painter; beyond, new ones are refused
PATIENCE = 20.0  # seconds for which one waits
#: Pictures after which a painter makes room for a fresh one: nothing that one did to it lasts.
EACH = 100


class _Painter:
    """One process; started when it is needed, and again after it had to be ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._done = 0

    def remake(self, paths: list[str], bounds: list[int]) -> dict[str, object]:
        """Its answer; ``{"refused": …}`` also where it crashed or took too long."""
        process = self._running()
        self._done += 1
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(settings.ATTACHMENT_IMAGE_SECONDS, end)
        timer.start()
        try:
            print(json.dumps({"paths": paths, "bounds": bounds}), file=process.stdin, flush=True)
            line = process.stdout.readline() if process.stdout else ""
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if line and not late.is_set():
            with contextlib.suppress(ValueError):
                answer: dict[str, object] = json.loads(line)
                return answer
        self.end()
        return {"refused": "too_slow" if late.is_set() else "damaged"}

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None or self._done >= EACH:
            self.end()
            self._done = 0
            self._process = subprocess.Popen(
                [sys.executable, "-m", "messaging.attachments.painter"],
                cwd=settings.BASE_DIR,
                # Nothing of ours: no key, no address of a database.
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._process

    def end(self) -> None:
        """Stop it, if it runs."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


class _Studio:
    """The painters, and who waits for one."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(PAINTERS)
        self._lock = threading.Lock()
        self._idle = [_Painter() for _ in range(PAINTERS)]
        self._waiting = 0

    def remake(self, paths: list[str], bounds: list[int]) -> dict[str, object]:
        """The answer of the next painter. Raises ``Unavailable`` (``busy``)."""
        with self._lock:
            if self._waiting >= WAITING:
                raise Unavailable(code="busy")
            self._waiting += 1
        try:
            if not self._turns.acquire(timeout=PATIENCE):
                raise Unavailable(code="busy")
        finally:
            with self._lock:
                self._waiting -= 1
        painter = self._idle.pop()
        try:
            return painter.remake(paths, bounds)
        finally:
            self._idle.append(painter)
            self._turns.release()

    def end(self) -> None:
        """Stop those who have nothing to do."""
        for painter in self._idle:
            painter.end()


_studio = _Studio()
atexit.register(_studio.end)


def remake(source: Path, target: Path, thumbnail: Path) -> Made:
    """See ``pictures.remake``.

    Raises ``Invalid`` (``image_damaged``, ``image_too_large``), ``Unavailable`` (``busy``).
    """
    bounds = [
        settings.ATTACHMENT_MAX_PIXELS,
        settings.ATTACHMENT_MAX_FRAMES,
        settings.ATTACHMENT_MAX_ANIMATED_PIXELS,
    ]
    answer = _studio.remake([str(source), str(target), str(thumbnail)], bounds)
    match answer:
        case {"made": [str(type_), int(width), int(height), int(small_width), int(small_height)]}:
            return Made(type_, width, height, small_width, small_height)
        case _:
            raise _refusal(str(answer.get("refused")))


def _refusal(reason: str) -> Invalid | Unavailable:
    match reason:
        case "not_written":
            return Unavailable()
        case "too_many_pixels":
            return _invalid("image_too_large", _("This picture has too many pixels."))
        case "too_many_frames":
            return _invalid("image_too_large", _("This animation is too long or too big."))
        case "too_slow":
            return _invalid("image_too_large", _("This picture takes too long to process."))
    return _invalid("image_damaged", _("This picture is damaged."))


def _invalid(code: str, text: str | Promise) -> Invalid:
    return Invalid(text, code=code, details={"file": [text]})
