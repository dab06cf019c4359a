"""Markers on their way to others: gathered, so that reading never costs more than writing.

The others of a conversation get one ``receipts`` frame a second at most (at once in direct
conversations, none in groups of more than 200); one's own devices are told to look at its state.
"""

from collections.abc import Iterable

from django.db.models import Count

from chatchat.realtime import Event, Receipt, Restate, Signal, receipts_frame
from chatchat.realtime.hub import Hub
from chatchat.threads import run
from messaging.models import Participant
from messaging.states import RECEIPTS_LIMIT
from messaging.writer import Marked

EVERY = 1.0  # seconds


def told(marked: Iterable[Marked]) -> list[Event]:
    """The events by which markers that moved are told: one query where there are groups."""
    moved = [mark for mark in marked if mark.moved]
    return [
        *_receipts([mark for mark in moved if mark.tell]),
        *(Restate(mark.conversation_id, mark.user_id) for mark in moved if mark.read_moved),
    ]


def _receipts(moved: list[Marked]) -> list[Event]:
    by_conversation: dict[int, dict[int, Marked]] = {}
    for mark in moved:
        by_conversation.setdefault(mark.conversation_id, {})[mark.user_id] = mark
    groups = {mark.conversation_id for mark in moved if mark.kind == "group"}
    crowded = _crowded(groups)
    events: list[Event] = []
    for conversation, marks in by_conversation.items():
        if conversation not in crowded:
            receipts = tuple(
                Receipt(mark.user_id, mark.delivered_seq, mark.read_seq) for mark in marks.values()
            )
            alone = next(iter(marks)) if len(marks) == 1 else None
            events.append(Signal(conversation, receipts_frame(conversation, receipts), alone, receipts))
    return events


def _crowded(groups: set[int]) -> set[int]:
    if not groups:
        return set()
    present = Participant.objects.filter(conversation__in=groups, left_at=None)
    sizes = present.values("conversation_id").annotate(size=Count("pk")).filter(size__gt=RECEIPTS_LIMIT)
    return set(sizes.values_list("conversation_id", flat=True))


class News:
    """A server process's markers that moved and have not been told yet."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: dict[tuple[int, int], Marked] = {}
        self._timed = False
        self._due: list[Marked] = []
        self._telling = False

    def add(self, marked: Marked) -> None:
        """Tell it: at once in a direct conversation, else with what moves within the second."""
        if not marked.moved:
            return
        if marked.kind == "direct":
            self._tell([marked])
            return
        key = (marked.conversation_id, marked.user_id)
        before = self._waiting.get(key)
        if before is not None and before.read_moved and not marked.read_moved:
            marked = Marked(
                marked.user_id, marked.conversation_id, marked.kind, marked.delivered_seq, marked.read_seq,
                moved=True, read_moved=True, tell=marked.tell,
            )  # fmt: skip
        self._waiting[key] = marked
        if not self._timed:
            self._timed = True
            self._hub.loop.call_later(EVERY, self._flush)

    def _flush(self) -> None:
        self._timed = False
        waiting, self._waiting = self._waiting, {}
        self._tell(waiting.values())

    def _tell(self, marked: Iterable[Marked]) -> None:
        self._due += marked
        if not self._telling:
            self._telling = True
            self._hub.spawn(self._tell_all())

    async def _tell_all(self) -> None:
        """What moves while something is being told is told together, after it: nothing goes back."""
        try:
            while self._due:
                marked, self._due = self._due, []
                self._hub.publish(await run(told, marked))
        finally:
            self._telling = False
