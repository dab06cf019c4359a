"""When was the row with this id written? Ids grow with time, so a few probes of the primary key say it.

No table as large as the messages' is given an index on time for what moderators ask now and then: each
message that is sent would pay for it. A search with many probes a round takes a fixed number of queries,
however many rows there are.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max, Min, QuerySet

#: Rounds of a search, and how many probes a round there are for all moments together: the interval in
#: which a moment lies becomes a sixty-fifth of itself (one moment), or a twentieth (24 of them).
ROUNDS = 4
PROBES = 480
MOST = 64  # for one moment


def ids_before(rows: QuerySet[Any], moments: Sequence[datetime], *, key: str = "pk", at: str) -> list[int]:
    """For each moment a value of ``key`` before which every row is older: ``at`` < moment.

    Where the search ends before it has found the last such row, it names one a little before it, so who
    filters by the time as well misses nothing. ``rows`` have ``key`` indexed, and it grows with ``at``.
    """
    return [low for low, _high in brackets(rows, moments, key=key, at=at)]


def brackets(
    rows: QuerySet[Any], moments: Sequence[datetime], *, key: str = "pk", at: str
) -> list[tuple[int, int]]:
    """For each moment (low, high): every row up to ``low`` is older, none from ``high`` on is."""
    ends = rows.order_by().aggregate(low=Min(key), high=Max(key))
    if ends["low"] is None:
        return [(0, 1) for _moment in moments]
    between = [(ends["low"] - 1, ends["high"] + 1) for _moment in moments]
    probes = min(MOST, PROBES // max(1, len(moments)))
    for _round in range(ROUNDS):
        asked = [_spread(low, high, probes) for low, high in between]
        wanted = {value for values in asked for value in values}
        found = dict(rows.filter(**{f"{key}__in": wanted}).order_by().values_list(key, at))
        between = [
            _narrowed(bracket, [(value, found[value]) for value in values if value in found], moment)
            for bracket, values, moment in zip(between, asked, moments, strict=True)
        ]
    return between


def _spread(low: int, high: int, number: int) -> list[int]:
    """At most ``number`` values strictly between, evenly apart."""
    width = high - low - 1
    if width <= number:
        return list(range(low + 1, high))
    return sorted({low + (high - low) * step // (number + 1) for step in range(1, number + 1)} - {low})


def _narrowed(
    bracket: tuple[int, int], known: Sequence[tuple[int, datetime]], moment: datetime
) -> tuple[int, int]:
    low, high = bracket
    older = [value for value, at in known if at < moment]
    newer = [value for value, at in known if at >= moment]
    low = max([low, *older])
    return low, min([high, *(value for value in newer if value > low)])
