"""What of accounts is on the operators' start page."""

from datetime import timedelta
from typing import Any

from accounts.audit import Action, AuditEvent
from chatchat.clock import now
from chatchat.counters import last_hours
from chatchat.landmarks import ids_before
from chatchat.realtime import process

#: Beyond, "more than".
MOST = 10_000


def glance() -> dict[str, Any]:
    """People online; registrations and failed logins of the last 24 hours."""
    since = now() - timedelta(days=1)
    [before] = ids_before(AuditEvent.objects.all(), [since], at="at")
    registered = AuditEvent.objects.filter(action=Action.REGISTERED, pk__gt=before, at__gte=since)
    return {
        "online": process.people_online(),
        "registrations": registered[: MOST + 1].count(),
        "failed_logins": sum(last_hours("login_failed")),
    }
