"""What the tests of the message view share: a past, and looking at where one is in it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, expect

from bench.past import Said, write_past
from tests.client import ApiClient
from tests.people import orm

#: The first message that is on the screen whole: its seq and its distance from the top of the stream.
ON_SCREEN = """() => {
  const stream = document.getElementById("stream");
  const top = stream.getBoundingClientRect().top;
  for (const node of stream.querySelectorAll("[data-seq]")) {
    const offset = node.getBoundingClientRect().top - top;
    if (offset >= 0) return {seq: Number(node.dataset.seq), offset};
  }
}"""

#: Scroll by so many pixels, then watch for a while that what is on the screen stays where it is.
SCROLL = f"""async (pixels) => {{
  const stream = document.getElementById("stream");
  const look = {ON_SCREEN};
  const frame = () => new Promise(requestAnimationFrame);
  stream.scrollBy({{top: pixels, behavior: "instant"}});
  await frame();
  const {{seq, offset}} = look();
  const rows = stream.querySelector(".rows");
  let drift = 0, most = 0, quiet = 0, edges = "";
  for (let frames = 0; quiet < 12 && frames < 2000; frames += 1) {{
    await frame();
    const node = stream.querySelector(`[data-seq="${{seq}}"]`);
    const now = node ? node.getBoundingClientRect().top - stream.getBoundingClientRect().top : Infinity;
    drift = Math.max(drift, Math.abs(now - offset));
    most = Math.max(most, stream.querySelectorAll("article").length);
    const seen = `${{rows.firstElementChild.dataset.key}} ${{rows.lastElementChild.dataset.key}}`;
    quiet = seen === edges ? quiet + 1 : 0;
    edges = seen;
  }}
  return {{seq, drift, most, height: stream.scrollHeight}};
}}"""


def past(
    conversation: int,
    people: Sequence[ApiClient],
    count: int,
    *,
    read_by: Sequence[ApiClient] = (),
    **fields: Any,
) -> int:
    """``count`` messages of these people in turn, the last a minute ago; the last one's seq.

    ``replies``: {number of the message, from 0: seq that it answers}.
    """
    replies = fields.get("replies", {})
    step = timedelta(seconds=20)
    said = [
        Said(
            people[number % len(people)].id,
            f"message {number}" + " and more" * (number * 7 % 23),
            replies.get(number),
        )
        for number in range(count)
    ]
    began = timezone.now() - step * count
    return orm(
        lambda: write_past(conversation, said, began=began, step=step, read_by=[one.id for one in read_by])
    )


def on_screen(page: Page) -> dict[str, float]:
    found: dict[str, float] = page.evaluate(ON_SCREEN)
    return found


def scroll(page: Page, pixels: int) -> dict[str, float]:
    """Scroll, and see that nothing moves by itself afterwards, whatever is loaded."""
    found: dict[str, float] = page.evaluate(SCROLL, pixels)
    assert found["drift"] <= 1, found
    assert found["most"] <= 300, found
    return found


def expect_at_end(page: Page, text: str) -> None:
    """The newest message says this and is on the screen."""
    expect(page.locator("article .text").last).to_contain_text(text)
    expect(page.locator("article").last).to_be_in_viewport()
    expect(page.locator(".to-newest")).to_be_hidden()
