"""What of messaging is on the operators' start page."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from chatchat.clock import now
from chatchat.counters import last_hours
from chatchat.landmarks import ids_before
from messaging.models import Message

HOURS = 24


def glance() -> dict[str, Any]:
    """Messages in each of the last 24 hours, the present one last; readers that were too slow."""
    present = now().replace(minute=0, second=0, microsecond=0)
    hours = [present - timedelta(hours=ago) for ago in range(HOURS - 1, -1, -1)]
    # One after the newest is the end of the last hour.
    bounds = ids_before(Message.objects.all(), [*hours, now() + timedelta(hours=1)], at="sent_at")
    counts = [max(0, later - earlier) for earlier, later in pairwise(bounds)]
    return {
        "hours": [[hour.isoformat(), count] for hour, count in zip(hours, counts, strict=True)],
        "slow_readers": sum(last_hours("slow_reader")),
    }
