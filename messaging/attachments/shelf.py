"""Uploads on their way into messages, for the writer: one batch's, locked together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from chatchat.errors import Invalid
from chatchat.trips import Statement
from messaging import store, wire
from messaging.models import Attachment


class Shelf:
    """Each upload goes to the first message that names it.

    Two statements a batch, to lock them and to note whose they are now; none where nobody names any.
    """

    def __init__(self, ids: Iterable[int]) -> None:
        wanted = sorted(set(ids))
        self._uploads: dict[int, Attachment] = {}
        if wanted:
            rows = Attachment.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
            ready = rows.filter(message=None, state=Attachment.State.READY)
            self._uploads = {row.pk: row for row in ready}

    def refusal(self, *, user_id: int, ids: Sequence[int]) -> Invalid | None:
        """Why this person cannot send these; None if they can."""
        if not ids:
            return None
        uploads = (self._uploads.get(id_) for id_ in ids)
        if all(upload is not None and upload.owner_id == user_id for upload in uploads):
            return None
        return Invalid(details={"attachments": [_("These are not uploads of yours that can be sent.")]})

    def take(self, ids: Sequence[int]) -> dict[str, Any]:
        """``data`` of the message that gets these; nobody else does."""
        return {"attachments": [wire.attachment(self._uploads.pop(id_)) for id_ in ids]} if ids else {}

    def claiming(self, messages: Mapping[int, str]) -> list[Statement]:
        """What notes {attachment: SQL of its message's id}, once the messages are inserted."""
        return [store.update("messaging_attachment", {"message_id": messages})] if messages else []
