"""After the play: does everybody read the same again, from the history and from sync?"""

import itertools
from collections.abc import AsyncIterator

import msgspec

from bench.clients import Message, SyncPage
from bench.people import Member
from bench.play import Book, Faults, Player, Stage

PAGE = 100
SYNC_PAGE = 200


class HistoryPage(msgspec.Struct):
    results: list[Message]
    has_more: bool


_decoder = msgspec.json.Decoder(HistoryPage)


def check_live(stage: Stage, faults: Faults) -> None:
    """Whatever was acknowledged and did not come is lost."""
    for entry in stage.entries:
        if entry.seq is None and not entry.refused:
            faults.add("unacknowledged", f"{entry}")
    for player in stage.players:
        for track in player.tracks.values():
            missing = [
                entry.seq
                for entry in track.book.expected.values()
                if entry.seq is not None and not (entry.seq < len(track.have) and track.have[entry.seq])
            ]
            if missing:
                example = f"person {player.index} did not get {track.book.conversation}/{missing[:20]}"
                faults.add("lost", example, len(missing))


async def check_history(stage: Stage, member: Member, player: Player, faults: Faults) -> None:
    """Page through everything: half of the people onwards, half of them back from the end."""
    for track in player.tracks.values():
        pages = _onwards if player.index % 2 else _backwards
        seqs = []
        async for page in pages(member, track.book.conversation):
            seqs += [message.seq for message in page]
            _judge(stage, track.book, page, faults)
        what = f"history of person {player.index}"
        _complete(track.book, [seqs] if player.index % 2 else [sorted(seqs)], what, faults)


async def _onwards(member: Member, conversation: int) -> AsyncIterator[list[Message]]:
    after, more = 0, True
    while more:
        page = await _page(member, conversation, after=after)
        yield page.results
        more = page.has_more
        after = page.results[-1].seq if page.results else after


async def _backwards(member: Member, conversation: int) -> AsyncIterator[list[Message]]:
    page = await _page(member, conversation)
    yield page.results
    while page.has_more:
        page = await _page(member, conversation, before=page.results[0].seq)
        yield page.results


async def _page(member: Member, conversation: int, **where: int) -> HistoryPage:
    path = f"conversations/{conversation}/messages"
    return _decoder.decode(await member.fetch("GET", path, limit=PAGE, **where))


async def check_sync(stage: Stage, player: Player, faults: Faults) -> None:
    """Everything from version 0 on, over the socket."""
    for track in player.tracks.values():
        conversation, after, complete = track.book.conversation, 0, False
        versions: list[int] = []
        seqs: list[int] = []
        while not complete:
            page = await player.request(type="sync", conversation=conversation, after=after, limit=SYNC_PAGE)
            if not isinstance(page, SyncPage):
                faults.add("refused", f"sync of person {player.index}: {page}")
                return
            _judge(stage, track.book, page.messages, faults)
            versions += [message.version for message in page.messages]
            seqs += [message.seq for message in page.messages]
            after, complete = page.next, page.complete
        what = f"sync of person {player.index}"
        _complete(track.book, [seqs, versions], what, faults)


def _judge(stage: Stage, book: Book, messages: list[Message], faults: Faults) -> None:
    for message in messages:
        book.agrees(message, stage.entries, faults)


def _complete(book: Book, orders: list[list[int]], what: str, faults: Faults) -> None:
    """Nothing is missing, nothing is there twice, and each of ``orders`` rises. The first is of seqs."""
    seqs = orders[0]
    have = set(seqs)
    if len(have) != len(seqs):
        faults.add("duplicated", f"{what}: {book.conversation}", len(seqs) - len(have))
    for order in orders:
        falls = [pair for pair in itertools.pairwise(order) if pair[0] > pair[1]]
        if falls:
            faults.add("out_of_order", f"{what}: {book.conversation}: {falls[:5]}", len(falls))
    missing = [entry.seq for entry in book.expected.values() if entry.seq and entry.seq not in have]
    if missing:
        faults.add("lost", f"{what}: {book.conversation}/{missing[:20]}", len(missing))
    if have and len(have) != max(have):
        faults.add("lost", f"{what}: {book.conversation} has holes", max(have) - len(have))
