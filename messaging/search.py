"""Finding messages by what they say, the newest first.

There is no index of words: each message would pay for it when it is sent, and none that SQLite, MariaDB and
MySQL have alike finds a Chinese word of one or two characters. The database looks through the texts instead,
from the newest back, a stretch of the history a query. What was said lately, or is said often, is found at
once; a request that has looked for ``SECONDS`` answers with what it has, and with where to go on.
"""

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Collate
from django.utils.translation import gettext_lazy as _

from chatchat import landmarks
from chatchat.api import MAX_ID
from chatchat.db import on_mariadb, on_mysql
from chatchat.errors import Invalid
from chatchat.text import check_encodable, is_seen
from messaging import history
from messaging.access import participation
from messaging.models import Message, Participant

LONGEST = 100  # characters to look for
MOST_WORDS = 10
SECONDS = 0.2  # that a request goes on looking
STRETCH = 20_000  # messages that one query looks through
FEW = 50_000  # messages of a person's conversations that are looked through at once
AT_ONCE = 900  # ids in one list: MariaDB makes a table of one of a thousand
EXCERPT, BEFORE = 160, 30  # characters that are shown of a message, and how many of them before a word
SKEW = timedelta(minutes=1)  # that the clocks of processes may be apart

_REST_OF_WORD = re.compile(r"^\S{0,12}\s+")
_PARTS = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True)
class Wanted:
    """What to look for: every one of ``words``, and if they are given the place, the sender and the time."""

    words: Sequence[str]
    conversation: int | None = None
    sender: int | None = None
    #: ``after`` ≤ sent at < ``before``.
    before: datetime | None = None
    after: datetime | None = None


def words_of(text: str) -> list[str]:
    """The words of what somebody typed; what stands in double quotes is one. Raises ``Invalid``."""
    check_encodable(text, field="q")
    words = [part for parts in _PARTS.findall(text) for part in parts if is_seen(part)]
    if not words:
        raise Invalid(details={"q": [_("Say what to look for.")]})
    if len(text) > LONGEST or len(words) > MOST_WORDS:
        most = _("At most %(length)d characters and %(words)d words.")
        raise Invalid(details={"q": [most % {"length": LONGEST, "words": MOST_WORDS}]})
    return list(dict.fromkeys(words))


def page(
    *, user_id: int, wanted: Wanted, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """``{conversation, message}``, the newest first, and the cursor from which to go on, None at the end.

    What somebody may not see is not looked through: ``NotFound`` for a conversation that is not theirs.
    Where the time was up first there may be fewer than ``limit`` of them, or none, and yet a cursor.
    """
    before = _parsed(cursor)
    if wanted.conversation is None:
        ground = _everywhere(user_id, wanted)
    else:
        ground = _in_one(user_id, wanted, wanted.conversation)
    found, following = _look(ground, before, limit)
    shapes = history.by_ids(found)
    rows = [shapes[id_] for id_ in found if id_ in shapes]
    # One may have been recalled in between.
    results = [{"conversation": place, "message": shape} for place, shape in rows if shape["body"]]
    return results, None if following is None else str(following)


def excerpt(body: str, words: Iterable[str]) -> str:
    """The part of a message in which the first of ``words`` stands, on one line."""
    places = (body.lower().find(word.lower()) for word in words)
    start = max(0, min((place for place in places if place >= 0), default=0) - BEFORE)
    part = body[start : start + EXCERPT]
    if start > 0:
        part = f"…{_REST_OF_WORD.sub('', part)}"
    return f"{' '.join(part.split())}{'…' * (len(body) > start + EXCERPT)}"


def _parsed(cursor: str | None) -> int:
    """The place before which to look."""
    if cursor is None:
        return MAX_ID
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20 and int(cursor) <= MAX_ID):
        raise Invalid(details={"cursor": [_("That cursor is not one of ours.")]})
    return int(cursor)


# --- where to look ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Ground:
    """The messages to look through: those of ``rows`` whose ``key``, which grows with time, is from
    ``first`` to ``last``; ``stretch``: so many a query."""

    rows: QuerySet[Message]
    key: str
    first: int
    last: int
    stretch: int


def _look(ground: _Ground, before: int, limit: int) -> tuple[list[int], int | None]:
    """The ids of the newest that match, and the key before which to go on."""
    found: list[tuple[int, int]] = []
    until = time.monotonic() + SECONDS
    last = min(before - 1, ground.last)
    while last >= ground.first:
        # Both its ends are named: with one open the database may read everything, not counting on the limit.
        first = max(last - ground.stretch + 1, ground.first)
        rows = ground.rows.filter(**{f"{ground.key}__range": (first, last)}).order_by(f"-{ground.key}")
        found += rows.values_list("pk", ground.key)[: limit + 1 - len(found)]
        if len(found) > limit:
            return [id_ for id_, _key in found[:limit]], found[limit - 1][1]
        last = first - 1
        if time.monotonic() > until and last >= ground.first:
            return [id_ for id_, _key in found], first
    return [id_ for id_, _key in found], None


def _in_one(user_id: int, wanted: Wanted, conversation: int) -> _Ground:
    me = participation(user_id=user_id, conversation_id=conversation)
    there = Message.objects.filter(conversation_id=conversation)
    first, last = _between(there, wanted, "seq")
    first, last = max(first, me.visible_from_seq), min(last, me.conversation.last_seq)
    return _Ground(_matching(there, wanted), "seq", first, last, STRETCH)


def _everywhere(user_id: int, wanted: Wanted) -> _Ground:
    """Over all conversations ids are the order. Who has few messages has them looked through at once, by
    their conversations; for others everybody's are walked, by the primary key, and those of others passed by.
    """
    mine = Participant.objects.filter(user_id=user_id, left_at=None)
    places = list(mine.values_list("conversation_id", "visible_from_seq", "conversation__last_seq"))
    first, last = _between(Message.objects.all(), wanted, "pk")
    last = min(last, Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)
    # An expression has no index: which one is taken is not left to the database, which does not know that
    # a page is all that is wanted.
    unindexed = Message.objects.annotate(place=F("conversation_id") + 0, number=F("pk") + 0)
    rows = _matching(unindexed, wanted)
    if sum(last_seq - first_seq + 1 for _id, first_seq, last_seq in places) <= FEW:
        return _Ground(rows.filter(_within(places, "conversation_id")), "number", first, last, MAX_ID)
    return _Ground(rows.filter(_within(places, "place")), "pk", first, last, STRETCH)


def _within(places: Iterable[tuple[int, int, int]], column: str) -> Q:
    """In these (conversation, from which seq on, …)."""
    within, whole = Q(pk__in=()), []
    for id_, first_seq, _last in places:
        if first_seq <= 1:
            whole.append(id_)
        else:
            within |= Q(**{column: id_, "seq__gte": first_seq})
    for start in range(0, len(whole), AT_ONCE):
        within |= Q(**{f"{column}__in": whole[start : start + AT_ONCE]})
    return within


def _between(rows: QuerySet[Message], wanted: Wanted, key: str) -> tuple[int, int]:
    """From which ``key`` to which is all that was sent in the wanted time, and little else."""
    first, last = 1, MAX_ID
    if wanted.after is not None:
        first = landmarks.brackets(rows, [wanted.after - SKEW], key=key, at="sent_at")[0][0]
    if wanted.before is not None:
        last = landmarks.brackets(rows, [wanted.before + SKEW], key=key, at="sent_at")[0][1]
    return first, last


# --- what to look for ---------------------------------------------------------------------------------


def _matching(rows: QuerySet[Message], wanted: Wanted) -> QuerySet[Message]:
    """What people said, is not recalled, and holds each of the words."""
    rows = rows.filter(sender_id__isnull=False, recalled_at=None)
    if wanted.sender is not None:
        rows = rows.filter(sender_id=wanted.sender)
    if wanted.after is not None:
        rows = rows.filter(sent_at__gte=wanted.after)
    if wanted.before is not None:
        rows = rows.filter(sent_at__lt=wanted.before)
    if on_mysql():
        # Neither case nor accents make a difference, but two emoji do: by the default they are the same.
        collation = "utf8mb4_uca1400_ai_ci" if on_mariadb() else "utf8mb4_0900_ai_ci"
        rows = rows.annotate(text=Collate("body", collation))
        for word in wanted.words:
            rows = rows.filter(text__icontains=word)
        return rows
    for word in wanted.words:
        rows = rows.filter(_holding(word))
    return rows


def _holding(word: str) -> Q:
    """SQLite knows the cases of ASCII's letters alone: of others the usual ones are looked for."""
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.title()}
    holding = Q(pk__in=())
    for spelling in sorted(spellings):
        holding |= Q(body__icontains=spelling)
    return holding
