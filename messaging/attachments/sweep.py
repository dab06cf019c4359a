"""What is left over goes: uploads that nobody sent, files whose removal failed, files without a row."""

import itertools
import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from chatchat.clock import now
from messaging.attachments import storage
from messaging.models import Attachment
from messaging.services.attachments import discard

log = logging.getLogger("chatchat.messaging")

BATCH = 500
#: A file without a row is left alone for so long, should a row that was lost come back from a backup.
ORPHANED_AFTER = timedelta(days=1)


def sweep() -> int:
    """Remove what nobody sent in time, and what is on its way out already; how many. Cheap, by an index."""
    removed = 0
    while True:
        unsent = Attachment.objects.filter(message=None)
        over = Q(state=Attachment.State.GONE) | Q(created_at__lt=now() - settings.ATTACHMENT_UNCLAIMED)
        ids = list(unsent.filter(over).order_by("created_at").values_list("pk", flat=True)[:BATCH])
        # Who sends one of them at this moment is first, or finds it gone.
        unsent.filter(pk__in=ids).update(state=Attachment.State.GONE)
        done = discard(ids)
        removed += done
        if done < BATCH:
            return removed


def remove_orphans() -> int:
    """Remove files that no row knows; how many. Lists the whole storage."""
    removed = 0
    latest = time.time() - ORPHANED_AFTER.total_seconds()
    names = (name for name, written in storage.names() if written < latest)
    while batch := list(itertools.islice(names, BATCH)):
        wanted = {name.removesuffix(storage.THUMBNAIL) for name in batch}
        known = set(Attachment.objects.filter(file__in=wanted).values_list("file", flat=True))
        for name in batch:
            if name.removesuffix(storage.THUMBNAIL) not in known:
                storage.remove(name)
                removed += 1
    return removed


def missing() -> list[int]:
    """The ids of attachments that are not where they should be; asks the storage for each."""
    rows = Attachment.objects.filter(state=Attachment.State.READY).order_by("pk")
    return [pk for pk, file in rows.values_list("pk", "file").iterator() if not storage.exists(file)]
