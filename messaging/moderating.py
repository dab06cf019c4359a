"""Messages as moderators look for them and read them: bounded searches, and one among its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware

from accounts import find
from chatchat.adminlists import number
from chatchat.landmarks import ids_before
from messaging import transcript, wire, wording
from messaging.models import Conversation, Message, Reaction

#: Messages that a search for text reads, from where it begins backwards; then one asks for more.
WINDOW = 2000
#: Messages on either side of one that is read.
AROUND = 20
#: More than a page of the list holds.
PAGE = 60
PARAMETERS = ("conversation", "sender", "text", "at", "far")


@dataclass
class Search:
    """What somebody looks for. Whatever is asked, a bounded stretch of an index is read.

    Text is not indexed: a word index takes more than the messages do, and none of the three databases
    has one that finds Chinese. It is looked for in the last 2,000 messages of a conversation, a person
    or all, or in the 2,000 before those.
    """

    conversation: int | None
    sender: int | None
    text: str
    at: datetime | None
    far: int | None
    #: Something was asked for that there is not.
    nothing: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> "Search":
        given = {name: query.get(name, "").strip().replace("\x00", "") for name in PARAMETERS}
        conversation, sender = number(given["conversation"]), find.one(given["sender"])
        return cls(
            conversation,
            sender,
            given["text"][:200],
            _moment(given["at"]),
            number(given["far"]),
            nothing=bool(
                (given["conversation"] and conversation is None) or (given["sender"] and sender is None)
            ),
        )

    @property
    def order(self) -> Sequence[str]:
        """A conversation's messages are in its own order."""
        return ("-seq",) if self.conversation is not None else ("-pk",)

    @property
    def windowed(self) -> bool:
        """Whether rows are read that do not fit."""
        return bool(self.text) or (self.conversation is not None and self.sender is not None)

    def rows(self, rows: QuerySet[Message], *, edges: Sequence[int]) -> QuerySet[Message]:
        """Those that fit; ``edges``: where the page begins or ends, if it is not the first."""
        if self.nothing:
            return rows.none()
        if self.conversation is not None:
            rows = rows.filter(conversation=self.conversation)
        if self.sender is not None:
            rows = rows.filter(sender=self.sender)
        low, high = self.bounds()
        if self.windowed:
            rows = rows.filter(body__icontains=self.text) if self.text else rows
        elif self.conversation is not None:
            # Seqs have no holes, so a page is a narrow range; see ``history.page``.
            low, high = _page(edges, high)
        key = self.order[0].removeprefix("-")
        return rows.filter(**{f"{key}__range": (low, high)}) if low or high != MAX else rows

    def bounds(self) -> tuple[int, int]:
        """From where to where messages are read, by seq or id, both included."""
        high = min(self.far or MAX, self._until())
        if self.conversation is not None:
            head = Conversation.objects.filter(pk=self.conversation).values_list("last_seq", flat=True)
            high = min(high, head.first() or 0)
            return (max(1, high - WINDOW + 1) if self.windowed else 1), high
        if not self.windowed:
            return 0, high
        if self.sender is not None:
            theirs = Message.objects.filter(sender=self.sender, pk__lte=high).order_by("-pk")
            return theirs.values_list("pk", flat=True)[WINDOW - 1 : WINDOW].first() or 1, high
        newest = Message.objects.aggregate(newest=Max("pk"))["newest"] or 0
        return max(1, min(high, newest) - WINDOW + 1), high

    def _until(self) -> int:
        """The last message before the moment that was asked for."""
        if self.at is None:
            return MAX
        if self.conversation is None:
            return ids_before(Message.objects.all(), [self.at], at="sent_at")[0]
        there = Message.objects.filter(conversation=self.conversation)
        return ids_before(there, [self.at], key="seq", at="sent_at")[0]


MAX = 2**63 - 1


def _page(edges: Sequence[int], high: int) -> tuple[int, int]:
    before, after = edges
    if after:
        return after, min(after + PAGE, high)
    top = min(before, high) if before else high
    return max(1, top - PAGE), top


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return make_aware(moment) if moment is not None and is_naive(moment) else moment


# --- one message, with what was said before and after it -------------------------------------------


def context(message: Message) -> list[dict[str, Any]]:
    """The message with the 20 on either side, as a page shows them; five queries, however many there are."""
    near = Message.objects.filter(
        conversation=message.conversation_id, seq__range=(message.seq - AROUND, message.seq + AROUND)
    )
    rows = list(near.select_related("sender", "withheld").order_by("seq"))
    names = transcript.nicknames(
        {id_ for row in rows if row.kind == Message.Kind.SYSTEM for id_ in wording.people_in(row.data)}
    )
    reactions: dict[int, list[tuple[str, int]]] = {}
    found = Reaction.objects.filter(message__in=[row.pk for row in rows]).order_by("pk")
    for pk, emoji, user in found.values_list("message_id", "emoji", "user_id"):
        reactions.setdefault(pk, []).append((emoji, user))
    return [_line(row, names, wire.reactions(reactions.get(row.pk, ())), message.pk) for row in rows]


def _line(row: Message, names: dict[int, str], reactions: list[dict[str, Any]], shown: int) -> dict[str, Any]:
    withheld = getattr(row, "withheld", None)
    data = withheld.data if withheld is not None else row.data
    system = wording.system(row.data, names) if row.kind == Message.Kind.SYSTEM else ""
    return {
        "row": row,
        "this": row.pk == shown,
        "system": system,
        "text": transcript.linked(withheld.body if withheld is not None else row.body),
        "withheld": withheld,
        "attachments": data.get("attachments", []),
        "reactions": reactions,
    }
