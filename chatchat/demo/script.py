"""What the demo people say, read from the texts in ``scripts/``.

A line is one of::

    = 2 09:12                 two days ago, at that time of day; what follows comes after it
    [plan] alice: Good morning     said by alice, to be called ``plan`` below
    bob >plan: A reply             \\n breaks a line
    + plan 👍 carol dave           reactions; ``last`` is the line before
    ~ plan alice: New text         an edit
    x plan alice                   a recall
    & plan summit.jpg notes.csv    pictures and files sent with it (``files`` draws them)
    unread alice 3                 the last three lines are unread by alice; others have read all
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
_SAID = re.compile(r"(?:\[(?P<label>\w+)\] )?(?P<who>\w+)(?: >(?P<reply>\w+))?: (?P<text>.+)")
#: Seconds that reading and typing takes: some, and a few more a character.
_PAUSE, _PER_CHARACTER = 14, 0.9


@dataclass
class Line:
    """Something said, when, and what became of it."""

    who: str
    text: str
    sent_at: datetime
    reply: int | None = None
    reactions: list[tuple[str, str]] = field(default_factory=list)  # (emoji, who)
    edited: str = ""
    recalled: bool = False
    files: list[str] = field(default_factory=list)


@dataclass
class Script:
    """One conversation; replies name lines by their index."""

    lines: list[Line] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)

    def end_before(self, moment: datetime) -> None:
        """Move what would be said later than ``moment``: nobody speaks in the future, however early it is."""
        for line in reversed(self.lines):
            line.sent_at = min(line.sent_at, moment)
            moment = line.sent_at - timedelta(seconds=_PAUSE)


class _Reader:
    def __init__(self, now: datetime) -> None:
        self.script = Script()
        self._now = self._clock = now
        self._labels: dict[str, int] = {}

    def read(self, line: str) -> None:
        match line.split():
            case ["=", days, time]:
                self._set_clock(int(days), time)
            case ["+", label, emoji, *people]:
                self._line(label).reactions += [(emoji, who) for who in people]
            case ["~", label, *_]:
                self._line(label).edited = line.split(": ", 1)[1].replace("\\n", "\n")
            case ["x", label, _]:
                self._line(label).recalled = True
            case ["&", label, *files]:
                self._line(label).files += files
            case ["unread", who, count]:
                self.script.unread[who] = int(count)
            case _:
                self._say(line)

    def _set_clock(self, days: int, time: str) -> None:
        hour, minute = (int(part) for part in time.split(":"))
        self._clock = (self._now - timedelta(days=days)).replace(hour=hour, minute=minute, second=0)

    def _line(self, label: str) -> Line:
        return self.script.lines[-1 if label == "last" else self._labels[label]]

    def _say(self, line: str) -> None:
        said = _SAID.fullmatch(line)
        if said is None:
            raise ValueError(f"not a line of a script: {line!r}")
        text = said["text"].replace("\\n", "\n")
        self._clock += timedelta(seconds=_PAUSE + _PER_CHARACTER * len(text))
        reply = self._labels[said["reply"]] if said["reply"] else None
        self.script.lines.append(Line(said["who"], text, self._clock, reply))
        if said["label"]:
            self._labels[said["label"]] = len(self.script.lines) - 1


def read(name: str, *, now: datetime) -> Script:
    """The script ``name``, with its times counted from ``now`` (aware, local time)."""
    reader = _Reader(now)
    for line in (SCRIPTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.strip():
            reader.read(line.strip())
    return reader.script
