#!/usr/bin/env python3
"""A group with a long history in a real browser: how soon it is there, and does going back stay bounded?

    bench/browser.py [LOG] [--messages 72000] [--back 5000]

starts a server of the embedded stack, writes the log's messages (or as many made ones) into a group, and
opens it in Chromium: the time from navigation until the newest message is painted; then back by so many
messages: how far what is on the screen moves by itself, how many rows there are, and the page's heap; then
a burst of new messages: how long frames take. Exit code 1: something is past its bound.
"""

import argparse
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.past import Said, write_past
from bench.progress import Progress
from bench.servers import stack

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
PASSWORD = "correct horse battery"  # noqa: S105  # of people who do not exist
PEOPLE = 100
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)

NEWEST_SECONDS = 1.0
ROWS = 300
DRIFT = 1.0  # pixels
HEAP_GROWTH = 8.0  # MiB

#: Resolves to the milliseconds from the navigation until the newest message has been painted.
PAINTED = """(seq) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`message ${seq} did not come`)), 60_000);
  const look = () => {
    const found = document.querySelector(`#stream [data-seq="${seq}"]`);
    if (!found) return false;
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    return true;
  };
  if (!look()) {
    const observer = new MutationObserver(() => look() && observer.disconnect());
    observer.observe(document, {subtree: true, childList: true});
  }
})"""

#: Goes up by a screen and waits until what was loaded has come; tells how it was.
BACK = """async () => {
  const stream = document.getElementById("stream");
  const top = stream.getBoundingClientRect().top;
  const offset = (node) => node.getBoundingClientRect().top - top;
  const frame = () => new Promise(requestAnimationFrame);
  stream.scrollBy({top: -stream.clientHeight, behavior: "instant"});
  await frame();
  const {seq} = [...stream.querySelectorAll("[data-seq]")].find((one) => offset(one) >= 0).dataset;
  const place = () => offset(stream.querySelector(`[data-seq="${seq}"]`));
  const there = place();
  let drift = 0;
  for (let quiet = 0, first = null; quiet < 4; ) {
    await frame();
    drift = Math.max(drift, Math.abs(place() - there));
    const now = stream.querySelector("[data-seq]");
    const near = stream.scrollTop < 2 * stream.clientHeight;  // more may be on its way
    quiet = now === first ? quiet + (near ? 0.2 : 1) : 0;
    first = now;
  }
  const count = (what) => document.querySelectorAll(what).length;
  return {seq: Number(seq), drift, rows: count("article"), nodes: count("*")};
}"""

#: Notes how long frames take, until `end` says what they took.
FRAMES = """() => {
  const frames = [];
  let last = performance.now(), going = true;
  const note = (now) => { frames.push(now - last); last = now; if (going) requestAnimationFrame(note); };
  requestAnimationFrame(note);
  window.endOfFrames = () => { going = false; return frames.slice(1); };
}"""


@dataclass
class Found:
    """What was measured."""

    newest_ms: list[float] = field(default_factory=list)
    unread_ms: float = 0
    back: int = 0
    back_seconds: float = 0
    drift: float = 0
    rows: int = 0
    nodes: int = 0
    heap: list[float] = field(default_factory=list)  #: MiB: on opening, then each thousand messages back
    frames_ms: list[float] = field(default_factory=list)
    burst: int = 0
    busy_ms: float = 0  #: the page's main thread, for one message of the burst

    def good(self) -> bool:
        return (
            statistics.median(self.newest_ms) <= NEWEST_SECONDS * 1000
            and self.drift <= DRIFT
            and self.rows <= ROWS
            and self.heap[-1] - self.heap[0] <= HEAP_GROWTH
        )

    def lines(self) -> Iterator[str]:
        newest = ", ".join(f"{ms:.0f}" for ms in self.newest_ms)
        yield f"newest page on the screen    {newest} ms after navigation (the first without a cache)"
        yield f"first of all unread          {self.unread_ms:.0f} ms"
        yield f"back by {self.back:,} messages     {self.back_seconds:.0f} s"
        yield f"  moved by itself, at most   {self.drift:.2f} px"
        yield f"  rows, elements, at most    {self.rows}, {self.nodes:,}"
        yield f"  heap                       {', '.join(f'{mib:.1f}' for mib in self.heap)} MiB"
        frames = sorted(self.frames_ms)
        if frames:
            p50, p95 = frames[len(frames) // 2], frames[len(frames) * 95 // 100]
            took = f"p50 {p50:.0f}, p95 {p95:.0f}, longest {frames[-1]:.0f} ms"
            yield f"burst of {self.burst} messages      {self.busy_ms:.1f} ms each; frames {took}"


# ------------------------------------------------------------------ what is there


def said(log: Path | None, count: int, people: list[int]) -> Iterator[Said]:
    """The log's messages, or made ones of the same lengths."""
    if log is None:
        for number in range(count):
            answers = number - number % 37 if number % 4 == 1 and number > 40 else None
            yield Said(
                people[number * 7 % len(people)], f"message {number}" + " words" * (number * 5 % 19), answers
            )
        return
    whose: dict[str, int] = {}
    seqs: dict[int, int] = {}
    for seq, line in enumerate(log.read_text(encoding="utf-8").splitlines()[:count], 1):
        row = json.loads(line)
        sender = whose.setdefault(row["sender"], people[len(whose) % len(people)])
        seqs[row["id"]] = seq
        yield Said(sender, row["text"], seqs.get(row.get("reply_to") or 0))


def fill(env: dict[str, str], log: Path | None, messages: int) -> tuple[int, int]:
    """(the group, its last seq): the first person has read it all, the second nothing."""
    os.environ |= env
    import django

    django.setup()
    from accounts.models import User
    from chatchat.db import write_transaction
    from messaging.services import conversations

    users = [
        User.objects.create_user(f"person{n}@example.com", PASSWORD, nickname=f"Person {n}") for n in (1, 2)
    ]
    users += [
        User.objects.create_user(f"person{n}@example.com", None, nickname=f"Person {n}")
        for n in range(3, PEOPLE)
    ]
    with write_transaction():
        group = conversations.create_group(title="A busy group")
        for user in users:
            conversations.join(group, user_id=user.pk, history_from_now=False)
    last = write_past(
        group.pk,
        said(log, messages, [user.pk for user in users]),
        began=BEGAN,
        step=timedelta(minutes=1),
        read_by=[users[0].pk],
    )
    return group.pk, last


# ------------------------------------------------------------------ what is measured


def sign_in(browser: Browser, url: str, person: int) -> Page:
    page = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800}).new_page()
    page.goto("/login/")
    page.fill("[name=email]", f"person{person}@example.com")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/chat/**")
    return page


def open_group(page: Page, group: int, seq: int) -> float:
    """Navigate to the group; milliseconds until the message ``seq`` has been painted."""
    page.goto("about:blank")
    page.goto(f"/chat/{group}/", wait_until="commit")
    return float(page.evaluate(PAINTED, seq))


def heap(page: Page) -> float:
    """MiB, after the garbage was collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"] / 2**20
    session.detach()
    return float(used)


def busy_seconds(session: CDPSession) -> float:
    """How long the page's main thread has been at work so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def go_back(page: Page, last: int, back: int, found: Found) -> None:
    progress = Progress("messages back", back)
    found.heap = [heap(page)]
    started, seq = time.monotonic(), last
    while last - seq < back:
        step = page.evaluate(BACK)
        seq = step["seq"]
        found.drift = max(found.drift, step["drift"])
        found.rows = max(found.rows, step["rows"])
        found.nodes = max(found.nodes, step["nodes"])
        if last - seq >= len(found.heap) * back // 5:
            found.heap.append(heap(page))
        progress.set(last - seq)
    progress.done()
    found.back, found.back_seconds = last - seq, time.monotonic() - started


def burst(page: Page, url: str, group: int, found: Found, rate: int, seconds: int) -> None:
    """So many new messages a second, while the end is on the screen."""
    with httpx.Client(base_url=f"{url}/api/v1/") as http:
        login = {"email": "person2@example.com", "password": PASSWORD}
        http.headers["Authorization"] = f"Bearer {http.post('auth/token', json=login).json()['access']}"
        sender = threading.Thread(target=_send, args=(http, group, rate, rate * seconds))
        page.evaluate(FRAMES)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        busy = busy_seconds(session)
        sender.start()
        page.locator("article .text").last.filter(has_text=f"burst {rate * seconds - 1} ").wait_for(
            timeout=120_000
        )
        found.busy_ms = (busy_seconds(session) - busy) * 1000 / (rate * seconds)
        found.frames_ms, found.burst = page.evaluate("endOfFrames()"), rate * seconds
        sender.join()


def _send(http: httpx.Client, group: int, rate: int, count: int) -> None:
    from uuid import uuid4

    started = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, started + number / rate - time.monotonic()))
        body: dict[str, Any] = {"client_id": str(uuid4()), "kind": "text", "body": f"burst {number} of many"}
        http.post(f"conversations/{group}/messages", json=body).raise_for_status()


def measure(browser: Browser, url: str, group: int, last: int, options: argparse.Namespace) -> Found:
    found = Found()
    page = sign_in(browser, url, 1)
    for _ in range(options.times):
        found.newest_ms.append(open_group(page, group, last))
    found.unread_ms = open_group(sign_in(browser, url, 2), group, 1)
    go_back(page, last, min(options.back, last - 100), found)
    open_group(page, group, last)
    burst(page, url, group, found, options.rate, options.seconds)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log", nargs="?", type=Path, help="a group's log, as bench/replay.py takes it")
    parser.add_argument("--messages", type=int, default=72_000)
    parser.add_argument("--back", type=int, default=5000, metavar="MESSAGES")
    parser.add_argument("--times", type=int, default=5, help="how often it is opened")
    parser.add_argument("--rate", type=int, default=50, help="messages a second in the burst")
    parser.add_argument("--seconds", type=int, default=10, help="of the burst")
    options = parser.parse_args()
    with stack("embedded", pages=True) as running:
        group, last = fill(running.env, options.log, options.messages)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
            found = measure(browser, running.urls[0], group, last, options)
            browser.close()
    print(f"{last:,} messages in the group")
    for line in found.lines():
        print(line)
    return 0 if found.good() else 1


if __name__ == "__main__":
    sys.exit(main())
