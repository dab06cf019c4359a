"""What people's attachments take of their quota; counted in the transactions in which rows come and go."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import F, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from chatchat.db import write_transaction
from chatchat.errors import TooLarge
from messaging.models import Attachment, AttachmentUsage

#: Every file takes whole blocks, as it does on a disk: a million tiny ones are not for nothing.
BLOCK = 4096


class QuotaExceeded(TooLarge):
    """413: everything that one person may store is stored."""

    code = "quota_exceeded"


def blocks(*sizes: int) -> int:
    """What files of these sizes take."""
    return sum(max(1, -(-size // BLOCK)) * BLOCK for size in sizes)


def check(*, user_id: int, size: int) -> None:
    """Whether ``size`` bytes would fit now: refuses early what ``take`` would refuse. ``QuotaExceeded``."""
    quota = settings.ATTACHMENT_QUOTA_BYTES
    used = AttachmentUsage.objects.filter(pk=user_id).values_list("stored", flat=True).first() or 0
    if quota and used + size > quota:
        raise _exceeded()


def take(*, user_id: int, stored: int) -> None:
    """Count ``stored`` bytes more, if they fit. Raises ``QuotaExceeded``."""
    quota = settings.ATTACHMENT_QUOTA_BYTES
    AttachmentUsage.objects.get_or_create(pk=user_id)
    row = AttachmentUsage.objects.filter(pk=user_id)
    if quota:
        # One statement compares and counts: of two uploads at once both see the other.
        row = row.filter(stored__lte=quota - stored)
    if not row.update(stored=F("stored") + stored):
        raise _exceeded()


def give_back(pairs: Iterable[tuple[int, int]]) -> None:
    """Count (person, bytes) less."""
    sums: dict[int, int] = {}
    for user_id, stored in pairs:
        sums[user_id] = sums.get(user_id, 0) + stored
    for user_id, stored in sorted(sums.items()):
        AttachmentUsage.objects.filter(pk=user_id).update(stored=F("stored") - stored)


def recount() -> int:
    """Count anew from the rows; how many people's counts were wrong."""
    wrong = 0
    # Whoever has a row was counted once: there is no owner without.
    for user_id in AttachmentUsage.objects.order_by("pk").values_list("pk", flat=True):
        with write_transaction():
            counted = AttachmentUsage.objects.select_for_update().get(pk=user_id)
            total = Attachment.objects.filter(owner=user_id).aggregate(total=Sum("stored"))["total"] or 0
            if counted.stored != total:
                counted.stored = total
                counted.save(update_fields=["stored"])
                wrong += 1
    return wrong


def _exceeded() -> QuotaExceeded:
    text = _("Your {quota} of storage are used up.")
    return QuotaExceeded(format_lazy(text, quota=filesizeformat(settings.ATTACHMENT_QUOTA_BYTES)))
