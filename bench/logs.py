"""Logs of real chat: one JSON object a line; one with `room` was a group's."""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Entry:
    """A message of the log, and what became of it."""

    person: int  #: who says it: an index into the people
    text: str
    reply_to: int | None  #: an index into the entries
    client_id: str
    first_sent: float = 0.0  #: by ``time.perf_counter``
    seq: int | None = None  #: as acknowledged
    refused: bool = False


@dataclass(slots=True)
class Log:
    """A log, given to ``people`` people in turn."""

    is_group: bool
    name: str
    entries: list[Entry]
    nicknames: list[str]  #: of each person, the first of the log's names given to them


def read_log(path: Path, people: int, limit: int | None = None) -> Log:
    """The first ``limit`` messages. The log's senders are given to the people in turn, as they appear."""
    entries: list[Entry] = []
    senders: dict[str, int] = {}
    indexes: dict[int, int] = {}
    name = ""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if limit is not None and len(entries) >= limit:
                break
            row = json.loads(line)
            name = name or row.get("room", "")
            sender = senders.setdefault(row["sender"], len(senders))
            indexes[row["id"]] = len(entries)
            reply_to = indexes.get(row.get("reply_to", -1))
            entries.append(Entry(sender % people, row["text"], reply_to, str(uuid.uuid4())))
    nicknames = [*list(senders)[:people], *[""] * people][:people]
    return Log(bool(name), name, entries, nicknames)
