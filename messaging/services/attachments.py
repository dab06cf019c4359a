"""Upload a file, fetch it, take it back, and what becomes of it."""

import logging
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from chatchat.db import retried, write_transaction
from chatchat.errors import NotFound, TooLarge, Unavailable
from messaging.attachments import kinds, names, pictures, storage, studio, usage
from messaging.attachments.pictures import Made
from messaging.models import Attachment, Message, Participant

log = logging.getLogger("chatchat.messaging")


@dataclass(frozen=True)
class _Ready:
    """What is going to be kept: the file and, of a picture, its thumbnail, both still on our disk."""

    path: Path
    type: str
    thumbnail: Path | None = None
    made: Made | None = None


def upload(*, owner_id: int, file: UploadedFile[bytes]) -> Attachment:
    """Keep a file for its owner, to be sent with a message.

    Raises ``TooLarge`` (``too_large``, ``quota_exceeded``), ``Invalid`` (``image_damaged``,
    ``image_too_large``), ``Unavailable`` (the disk is full, the storage away): then nothing is left.
    """
    size = file.size or 0
    if size > settings.ATTACHMENT_MAX_BYTES:
        raise too_large()
    usage.check(user_id=owner_id, size=size)
    try:
        with tempfile.TemporaryDirectory(prefix="chatchat-upload-") as folder:
            return _keep(owner_id, file.name or "", _prepare(file, Path(folder)))
    except OSError as error:
        log.error("an upload could not be kept: %s", error)
        raise Unavailable from error


def too_large() -> TooLarge:
    """The refusal of a file that is too big."""
    text = format_lazy(_("At most {size} MiB."), size=settings.ATTACHMENT_MAX_BYTES // 2**20)
    return TooLarge(details={"file": [text]})


def _prepare(file: UploadedFile[bytes], folder: Path) -> _Ready:
    path = _on_disk(file, folder)
    with path.open("rb") as opened:
        head = opened.read(kinds.HEAD)
    if not pictures.looks_like_picture(head):
        return _Ready(path, kinds.true_type(head))
    target, thumbnail = folder / "picture", folder / "thumbnail"
    made = studio.remake(path, target, thumbnail)
    return _Ready(target, made.type, thumbnail, made)


def _on_disk(file: UploadedFile[bytes], folder: Path) -> Path:
    """Where the upload lies; a small one is in memory until now."""
    if hasattr(file, "temporary_file_path"):
        return Path(file.temporary_file_path())
    path = folder / "upload"
    with path.open("wb") as out:
        file.seek(0)
        shutil.copyfileobj(file, out)
    return path


def _keep(owner_id: int, name: str, ready: _Ready) -> Attachment:
    sizes = [path.stat().st_size for path in (ready.path, ready.thumbnail) if path is not None]
    made = ready.made
    row = Attachment(
        owner_id=owner_id,
        name=names.clean(name, type_=ready.type),
        type=ready.type,
        size=sizes[0],
        width=made.width if made else None,
        height=made.height if made else None,
        thumbnail_width=made.thumbnail_width if made else None,
        thumbnail_height=made.thumbnail_height if made else None,
        thumbnail_size=sizes[1] if made else 0,
        file=storage.new_name(),
        stored=usage.blocks(*sizes),
    )
    # First the row, then the file: whatever happens in between, the sweep knows what to look for.
    _begin(row)
    try:
        storage.put(row.file, ready.path)
        if ready.thumbnail is not None:
            storage.put(row.file + storage.THUMBNAIL, ready.thumbnail)
        Attachment.objects.filter(pk=row.pk).update(state=Attachment.State.READY)
    except BaseException:
        # What cannot be removed now either, the sweep removes when the storage is back.
        Attachment.objects.filter(pk=row.pk).update(state=Attachment.State.GONE)
        discard([row.pk])
        raise
    row.state = Attachment.State.READY
    return row


@retried
def _begin(row: Attachment) -> None:
    with write_transaction():
        usage.take(user_id=row.owner_id, stored=row.stored)
        row.save(force_insert=True)


# --- who may have it ------------------------------------------------------------------------------


def visible(*, user_id: int, attachment_id: int) -> Attachment:
    """An attachment that this person may see now; ``NotFound`` otherwise. One query.

    Not sent yet: its owner. Sent: whoever takes part in the conversation and sees the message.
    """
    present = Participant.objects.filter(
        conversation=OuterRef("message__conversation"),
        user=user_id,
        left_at=None,
        visible_from_seq__lte=OuterRef("message__seq"),
    )
    mine = Q(message=None, owner=user_id)
    told = Q(message__recalled_at=None) & Q(Exists(present))
    found = Attachment.objects.filter(pk=attachment_id, state=Attachment.State.READY).filter(mine | told)
    row = found.first()
    if row is None:
        raise NotFound
    return row


# --- and its end ----------------------------------------------------------------------------------


def take_back(*, owner_id: int, attachment_id: int) -> None:
    """Remove an upload of one's own that was not sent. Raises ``NotFound``."""
    mine = Attachment.objects.filter(
        pk=attachment_id, owner=owner_id, message=None, state=Attachment.State.READY
    )
    if not mine.update(state=Attachment.State.GONE):
        raise NotFound
    discard([attachment_id])


def forget(message: Message) -> None:
    """A message loses its attachments, in the caller's transaction; their files go when it has committed."""
    ids = list(message.attachments.values_list("pk", flat=True))
    if ids:
        Attachment.objects.filter(pk__in=ids).update(state=Attachment.State.GONE, message=None)
        transaction.on_commit(lambda: discard(ids), robust=True)


def discard(ids: Iterable[int]) -> int:
    """Remove files and then rows of what nobody gets any more; how many. The sweep gets what fails."""
    gone = []
    rows = Attachment.objects.filter(pk__in=list(ids), message=None).exclude(state=Attachment.State.READY)
    for row in rows.values_list("pk", "owner_id", "file", "thumbnail_width", "stored"):
        pk, _owner, file, thumbnail, _stored = row
        try:
            storage.remove(file)
            if thumbnail is not None:
                storage.remove(file + storage.THUMBNAIL)
        except OSError as error:
            log.warning("the file of attachment %d could not be removed yet: %s", pk, error)
        else:
            gone.append(row)
    if gone:
        _delete(gone)
    return len(gone)


@retried
def _delete(rows: list[tuple[int, int, str, int | None, int]]) -> None:
    with write_transaction():
        owed = []
        for pk, owner_id, _file, _thumbnail, stored in rows:
            # Somebody else may have been quicker: the bytes are given back once.
            if Attachment.objects.filter(pk=pk).delete()[0]:
                owed.append((owner_id, stored))
        usage.give_back(owed)
