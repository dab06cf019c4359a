"""Where the files are: Django's storage ``attachments``, a folder or a bucket.

Whatever goes wrong there is an ``OSError`` here; a file that is not there is a ``FileNotFoundError``.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages

CHUNK = 128 * 1024
#: The small picture lies beside the file.
THUMBNAIL = ".thumbnail"


class Piece(Protocol):
    """A part of a file that is being read."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""

    def close(self) -> None:
        """Nothing more will be read."""


def new_name() -> str:
    """A name that nobody can guess, in one of 65,536 folders."""
    token = secrets.token_hex(20)
    return f"{token[:2]}/{token[2:4]}/{token[4:]}"


def put(name: str, path: Path) -> None:
    """Keep the file at ``path`` under ``name``, whole or not at all. Raises ``OSError``."""
    with path.open("rb") as file:
        _storage().save(name, File(file))


def remove(name: str) -> None:
    """Remove a file; if it is not there, nothing happens. Raises ``OSError``."""
    _storage().delete(name)


def read(name: str, *, start: int, length: int) -> Piece:
    """``length`` bytes from ``start`` on, as they are kept. Raises ``OSError``."""
    storage = _storage()
    if hasattr(storage, "read_range"):
        piece: Piece = storage.read_range(name, start, length)
        return piece
    file: Any = storage.open(name)
    file.seek(start)
    return _Limited(file, length)


def exists(name: str) -> bool:
    """Whether the file is there. Raises ``OSError``."""
    return _storage().exists(name)


def names() -> Iterator[tuple[str, float]]:
    """(name, when it was written, in seconds since 1970) of everything that is kept."""
    return _storage().names()  # type: ignore[attr-defined,no-any-return]


def _storage() -> Storage:
    return storages["attachments"]


class _Limited:
    """A file that ends early."""

    def __init__(self, file: IO[bytes], left: int) -> None:
        self._file, self._left = file, left

    def read(self, size: int, /) -> bytes:
        got = self._file.read(min(size, self._left))
        self._left -= len(got)
        return got

    def close(self) -> None:
        self._file.close()


class FolderStorage(FileSystemStorage):
    """A folder. A file is written beside its place, and moved there when it is on the disk."""

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        try:
            with partial.open("xb") as file:
                for chunk in content.chunks(1024 * 1024):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(target)
            _sync_folder(target.parent)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        return name

    def delete(self, name: str) -> None:
        """Without its folder a file is not there either."""
        with contextlib.suppress(NotADirectoryError):
            super().delete(name)

    def names(self) -> Iterator[tuple[str, float]]:
        """Of everything in the folder, what was left half written included."""
        root = Path(self.location)
        for path in root.glob("??/??/*"):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                yield path.relative_to(root).as_posix(), path.stat().st_mtime


def _sync_folder(folder: Path) -> None:
    """So that the new name outlives a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
