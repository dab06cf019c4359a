"""The replay tool: what it plays arrives, and what is wrong it finds."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bench.clients import to_the_end
from bench.play import Stage
from bench.session import Options, run
from messaging.models import Message
from tests.stack.server import Server

LINES = ["hello", "**you|[`_` there", "在吗?", "\x1b[31m red \x07", "<b>&amp;</b>", "👍🏽", "e\u0301 é"]


def write_log(path: Path, count: int, **fields: Any) -> Path:
    rows: list[dict[str, Any]] = [
        {"id": number, "sender": f"s{number % 7}", "text": f"{LINES[number % len(LINES)]} {number}"} | fields
        for number in range(1, count + 1)
    ]
    if "room" in fields:
        for row in rows[5::3]:
            row["reply_to"] = row["id"] - 4
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_a_group_log_reaches_everybody(server: Server, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", 60, room="#test")

    report = to_the_end(run(Options(log=log, urls=[server.url], people=3)))

    assert report.good, report.as_text()
    assert (report.kind, report.messages, report.deliveries) == ("group", 60, 180)
    assert Message.objects.filter(kind="text").count() == 60
    assert report.cpu_seconds


def test_a_direct_log_is_played_by_pairs(server: Server, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", 40)

    report = to_the_end(run(Options(log=log, urls=[server.url], people=4)))

    assert report.good, report.as_text()
    assert (report.kind, report.messages, report.deliveries) == ("pairs", 40, 80)


def test_logins_that_were_kept_are_used_again(server: Server, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", 10)
    kept = tmp_path / "logins"
    to_the_end(run(Options(log=log, urls=[server.url], people=2, save_logins=kept)))
    logins = [tuple(json.loads(line).values()) for line in kept.read_text().splitlines()]

    report = to_the_end(run(Options(log=log, urls=[server.url], people=2, logins=logins)))

    assert report.good, report.as_text()
    assert Message.objects.filter(kind="text").count() == 20


@pytest.mark.parametrize("how", ["altered", "lost"])
def test_what_is_wrong_in_the_history_is_found(server: Server, tmp_path: Path, how: str) -> None:
    log = write_log(tmp_path / "log", 20, room="#test")

    def spoil() -> None:
        message = Message.objects.get(body__startswith=LINES[1], body__endswith=" 8")
        if how == "lost":
            message.delete()
        else:
            Message.objects.filter(pk=message.pk).update(body="hullo")

    async def when_all_is_said(stage: Stage) -> None:
        while not stage.finished:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.to_thread(spoil)

    report = to_the_end(run(Options(log=log, urls=[server.url], people=2, meanwhile=when_all_is_said)))

    assert not report.good
    assert not report.faults["live"].counts.total()
    assert report.faults["history"].counts[how] == (2 if how == "altered" else 4)
    assert report.faults["sync"].counts[how]


def test_a_server_that_is_killed_meanwhile_is_no_excuse(start_server: Any, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", 400, room="#test")
    server: Server = start_server()

    async def kill(stage: Stage) -> None:
        for count in (100, 250):
            while stage.acknowledged < count:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
            await asyncio.to_thread(server.restart, kill=True)

    report = to_the_end(run(Options(log=log, urls=[server.url], people=4, meanwhile=kill)))

    assert report.good, report.as_text()
    assert report.cuts >= 8
    assert Message.objects.filter(kind="text").count() == 400
