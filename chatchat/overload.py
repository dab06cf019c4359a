"""Whether this process is behind with what matters, so that it refuses what is costly and can wait.

Messages come first. The writer says how long the oldest of them has waited; while that is too long,
searches, joins, uploads and exports are refused before they take the database's time.
"""

import time

from chatchat.errors import Unavailable

LAG = 1.0  # seconds that a message may wait for the writer

#: Since when the oldest message waits that is not written yet; None: none does.
_waiting_since: float | None = None


def waiting(since: float | None) -> None:
    """The oldest message that is not written waits since then, by ``time.monotonic``; None: none does."""
    global _waiting_since
    _waiting_since = since


def behind() -> bool:
    """Whether messages wait too long."""
    since = _waiting_since
    return since is not None and time.monotonic() - since > LAG


def refuse_if_behind() -> None:
    """Raise ``Unavailable`` (``busy``) while messages wait too long: for what is costly and can wait."""
    if behind():
        raise Unavailable(code="busy", retry_after=5)
