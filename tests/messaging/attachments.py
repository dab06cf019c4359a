"""What the tests of attachments say again and again."""

from typing import Any

import httpx

from messaging.attachments import storage
from messaging.models import Attachment, AttachmentUsage
from tests.accounts.pictures import picture
from tests.client import ApiClient, ok


def upload(
    client: ApiClient, content: bytes, name: str = "notes.txt", type_: str = "text/plain"
) -> httpx.Response:
    """Upload this, whatever comes of it."""
    return client.request("POST", "attachments", files={"file": (name, content, type_)})


def uploaded(client: ApiClient, content: bytes = b"hello", name: str = "notes.txt") -> dict[str, Any]:
    """An upload that went well, as answered."""
    found: dict[str, Any] = ok(upload(client, content, name), 201).json()
    return found


def photo(client: ApiClient, size: tuple[int, int] = (60, 40), name: str = "me.png") -> dict[str, Any]:
    """A picture, uploaded."""
    return uploaded(client, picture(size=size), name)


def files() -> set[str]:
    """The names of all files that are kept."""
    return {name for name, _ in storage.names()}


def check_usage() -> None:
    """What is counted is what the rows say; each file has a row, and each row its files."""
    sums: dict[int, int] = {}
    expected = set()
    for row in Attachment.objects.all():
        sums[row.owner_id] = sums.get(row.owner_id, 0) + row.stored
        if row.state == Attachment.State.READY:
            expected |= {row.file} | ({row.file + storage.THUMBNAIL} if row.thumbnail_width else set())
    counted = {row.pk: row.stored for row in AttachmentUsage.objects.all() if row.stored}
    assert counted == sums
    assert files() == expected
