"""Servers that break a promise, each in one way: what the checker has to find.

A server process that has this app among its INSTALLED_APPS (`tests.faults.server_settings`) and whose
environment names a MUTANT puts it in place of the product's own code. The product knows nothing of this.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.apps import AppConfig
from django.db import transaction

from chatchat.trips import Statement

Install = Callable[[], None]
MUTANTS: dict[str, Install] = {}


class Mutants(AppConfig):
    name = "tests.faults.mutants"

    def ready(self) -> None:
        if named := os.environ.get("MUTANT"):
            MUTANTS[named]()


def mutant(install: Install) -> Install:
    MUTANTS[install.__name__] = install
    return install


@mutant
def acknowledged_before_the_commit() -> None:
    """A batch is committed when the next one comes."""
    from messaging import writer

    begun: list[transaction.Atomic] = []

    write_together = writer._write_together

    def write_later(
        items: Sequence[writer.Item], tell: writer.Tell, *, retries: bool = False
    ) -> list[writer.Outcome]:
        if begun:
            begun.pop().__exit__(None, None, None)
        begun.append(transaction.atomic())
        begun[0].__enter__()
        return write_together(items, tell, retries=retries)

    writer._write_together = write_later


@mutant
def no_unique_client_id() -> None:
    """A retry is written again; the row's own column is left empty, since the database would refuse it."""
    from messaging import store, writer

    appending = store.appending

    def append_again(drafts: Sequence[store.Draft], heads: dict[int, store.Head]) -> list[Statement]:
        ids = [draft.client_id for draft in drafts]
        taken = store.sent_before([(draft.sender_id or 0, draft.client_id or "") for draft in drafts])
        for draft in drafts:
            if (draft.sender_id, draft.client_id) in taken:
                draft.client_id = None
        statements = appending(drafts, heads)
        for draft, client_id in zip(drafts, ids, strict=True):
            draft.client_id = client_id
        return statements

    store.appending = append_again
    writer._known = lambda sends: {}


@mutant
def ordered_by_timestamp() -> None:
    """The backlog comes by the time at which each message was sent."""
    from messaging import history

    backlogs = history.backlogs

    def by_time(missed: Sequence[history.Missed]) -> list[history.Backlog]:
        found = backlogs(missed)
        for backlog in found:
            backlog.changes.sort(key=lambda change: str(json.loads(change.frame)["message"]["sent_at"]))
        return found

    history.backlogs = by_time


@mutant
def live_before_the_backlog() -> None:
    """The live stream begins before the backlog has been written."""
    from messaging.connection import Connection

    write_backlog = Connection._write_backlog

    async def late(self: Connection, backlog: Any) -> None:
        self._open(backlog.conversation, backlog.first_seq, backlog.version)
        await asyncio.sleep(0.5)
        await write_backlog(self, backlog)

    Connection._write_backlog = late  # type: ignore[method-assign]


@mutant
def no_fill_after_a_jump() -> None:
    """What did not come is not asked for."""
    from chatchat.realtime.events import Change
    from chatchat.realtime.ordering import Ordering

    def take(self: Ordering, event: Change) -> None:
        watch = self._watches.get(event.conversation)
        if watch is not None and event.version > watch.version >= 0:
            self._next(watch, event)

    Ordering.take = take  # type: ignore[method-assign]


@mutant
def markers_go_back() -> None:
    """A marker stands where it was last put."""
    from messaging import store, writer

    update = store.update

    def mark(self: writer._Batch, mark: writer.Mark, me: store.Place | None) -> None:
        assert me is not None
        markers = self._markers_of(me)
        markers.delivered = markers.read = mark.seq
        markers.ordinal = writer._ordinal(me.conversation_id, mark.seq)
        markers.moved = True
        self.outcomes[id(mark)] = writer.Marked(
            me.user_id,
            me.conversation_id,
            me.kind,
            mark.seq,
            mark.seq,
            moved=True,
            read_moved=True,
            tell=True,
        )

    def update_anyway(
        table: str, columns: Mapping[str, Mapping[int, int | str]], *, never_back: bool = False
    ) -> Statement:
        return update(table, columns)

    writer._Batch._mark = mark  # type: ignore[method-assign]
    store.update = update_anyway


@mutant
def own_messages_are_unread() -> None:
    """Sending does not move one's own marker."""
    from messaging import writer

    append = writer._Batch._append

    def without_markers(self: writer._Batch, *arguments: Any) -> None:
        self._markers_of = writer._Markers  # type: ignore[method-assign]
        append(self, *arguments)
        del self._markers_of

    writer._Batch._append = without_markers  # type: ignore[method-assign, assignment]


@mutant
def an_unbounded_queue() -> None:
    """Whatever a reader does not take is kept for it."""
    from messaging.connection import Connection

    Connection.behind = lambda self: None  # type: ignore[method-assign]
    Connection.look = lambda self, moment, max_stall: None  # type: ignore[method-assign]


@mutant
def deliveries_after_a_kick() -> None:
    """A socket that is open goes on getting what its person has been removed from."""
    from messaging.connection import Connection

    Connection._participation = lambda self, conversation, reason: None  # type: ignore[method-assign]


@mutant
def a_retry_changes_the_body() -> None:
    """The last one to use a client_id has its way."""
    from messaging import writer
    from messaging.models import Message

    again = writer._again

    def changing(send: writer.Send, content_hash: str, first: writer.Accepted) -> writer.Outcome:
        Message.objects.filter(sender_id=send.user_id, client_id=send.client_id).update(body=send.body)
        return again(send, send.content_hash, first)

    writer._again = changing
