"""Growth of what is stored: the same requests with few messages in the tables and with many."""

import argparse
import os
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from bench.curves import Axis
from bench.databases import Read, analyse, client, create, database_url, measure, settings, use
from bench.filling import LARGE_GROUP, MINE, Filling
from bench.progress import Progress

API = "/api/v1"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SHORT = (10_000, 100_000)


def _get(client: Any, path: str, **parameters: Any) -> Any:
    answer = client.get(API + path, parameters)
    assert answer.status_code == 200, answer.content[:500]
    return answer.json()


def newest(client: Any, last: int) -> None:
    page = _get(client, f"/conversations/{LARGE_GROUP}/messages")
    assert len(page["results"]) == 50
    assert page["results"][-1]["seq"] == last


def anywhere(client: Any, last: int) -> None:
    page = _get(client, f"/conversations/{LARGE_GROUP}/messages", before=random.randint(52, last))
    assert len(page["results"]) == 50


def onwards(client: Any, last: int) -> None:
    page = _get(client, f"/conversations/{LARGE_GROUP}/messages", after=random.randint(0, last - 51))
    assert len(page["results"]) == 50


def sync(client: Any, last: int) -> None:
    after = random.randint(0, last - 201)
    page = _get(client, f"/conversations/{LARGE_GROUP}/sync", after=after, limit=200)
    assert len(page["messages"]) == 200


def conversation_list(client: Any, last: int) -> None:
    found = 0
    cursor: dict[str, str] = {}
    while found < MINE:
        page = _get(client, "/conversations", limit=100, **cursor)
        found += len(page["results"])
        assert all(one["last_message"] and one["unread"] is not None for one in page["results"])
        cursor = {"cursor": page["next"]}
    assert found == MINE


def unread(client: Any, last: int) -> None:
    why = _get(client, f"/conversations/{LARGE_GROUP}/unread")
    assert why["last_seq"] == last


def search(client: Any, last: int) -> None:
    """Two characters that one message in eight holds somewhere."""
    page = _get(client, "/messages/search", q="你好")
    assert len(page["results"]) == 50


def look_through(client: Any) -> float:
    """Seconds of a search for what nobody said, in all that the reader may see, request after request."""
    cursor: dict[str, str] = {}
    started = time.perf_counter()
    while True:
        page = _get(client, "/messages/search", q="nobody said this", **cursor)
        assert page["results"] == []
        if page["next"] is None:
            return time.perf_counter() - started
        cursor = {"cursor": page["next"]}


def send(client: Any, last: int) -> None:
    """Into one of the reader's other groups: what the large one holds stays as it is."""
    body = {"client_id": str(uuid4()), "kind": "text", "body": "x" * 100}
    answer = client.post(f"{API}/conversations/{LARGE_GROUP + 1}/messages", body, format="json")
    assert answer.status_code == 201, answer.content[:500]


def reads() -> list[Read]:
    return [
        Read("history: newest page", newest),
        Read("history: back from anywhere", anywhere),
        Read("history: on from anywhere", onwards),
        Read("sync: page of 200", sync),
        Read(f"list of {MINE} conversations", conversation_list),
        Read("unread: why the badge says so", unread),
        Read("search: a page of what is often said", search),
        Read("sending a message", send),
    ]


def _measured(options: argparse.Namespace, sizes: Sequence[int]) -> tuple[list[Read], Mapping[str, float]]:
    """The reads, and by database the seconds that it takes to look through all of it."""
    import django

    django.setup()
    names = {size: f"growth_{size}" for size in sizes}
    lasts = {}
    for size, name in names.items():
        create(name)
        lasts[name] = Filling(size).fill()
        analyse()
    kinds = reads()
    progress = Progress("stored", options.read_rounds * len(kinds))
    for _ in range(options.read_rounds):
        for read in kinds:
            for name in names.values():
                use(name)
                measure(read, name, lasts[name], options.times)
            progress.step()
    progress.done()
    through = {}
    for name in names.values():
        use(name)
        through[name] = look_through(client())
    return kinds, through


def run(options: argparse.Namespace) -> tuple[Axis, list[str]]:
    """The axis, and what takes too long or too many queries with the most."""
    sizes = options.points or (SHORT if options.short else SIZES)
    with database_url(options.buffer_pool) as url:
        os.environ |= settings(url, LOG_LEVEL="ERROR")
        kinds, through = _measured(options, sizes)
    small, *_, large = names = [f"growth_{size}" for size in sizes]
    axis = Axis(
        "stored",
        "messages stored",
        "message",
        f"medians of {options.read_rounds * options.times} requests through the REST door, in one process;"
        f" the reader is in {MINE} conversations, one of which holds a quarter of all messages;"
        f" MariaDB with a buffer pool of {options.buffer_pool}",
    )
    wrong = []
    for size, name in zip(sizes, names, strict=True):
        axis.note("search: looked through", "messages/s", size, size / through[name], "flat")
    for read in kinds:
        for size, name in zip(sizes, names, strict=True):
            axis.note(read.name, "ms", size, read.median_ms(name), "flat")
        counts = sorted(set(read.queries.values()))
        ratio = read.median_ms(large) / read.median_ms(small)
        print(f"{read.name:<32}× {ratio:.2f}   queries: {', '.join(map(str, counts))}")
        if ratio > options.bound or read.queries[large] > read.queries[small]:
            wrong.append(f"stored: {read.name} takes {ratio:.2f} times as long, queries: {read.queries}")
    return axis, wrong
