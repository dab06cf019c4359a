"""Time on the wire: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache


def now() -> datetime:
    """The present, in UTC, in whole milliseconds, as it will be read back from every database."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


# The same moment is told many times: of a batch's messages, and of those that are read again.
@lru_cache(1024)
def rfc3339(moment: datetime) -> str:
    """``moment`` (aware) as the wire has it: ``2026-01-02T03:04:05.678Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
