"""Pictures and files that go with a message: by button, paste and drop; none is lost, none goes twice."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.client import ApiClient
from tests.pages.conftest import Windows
from tests.pages.test_chat import Friends, cut_off, open_first, write

Person = Callable[..., ApiClient]
UPLOADS = "**/api/v1/attachments"


def picture(name: str = "a.png", width: int = 40, height: int = 30) -> FilePayload:
    content = BytesIO()
    Image.new("RGB", (width, height), "teal").save(content, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": content.getvalue()}


def text(name: str = "notes.txt", content: bytes = b"hello") -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def add(page: Page, *files: FilePayload) -> None:
    page.set_input_files("#composer input[type=file]", list(files))


def tray(page: Page, state: str = "") -> Any:
    return page.locator(f".tray .enclosed{f'[data-state={state}]' if state else ''}")


def hand_over(page: Page, event: str, name: str, size: int = 5, type: str = "text/plain") -> None:
    """Paste a file into the textarea, or drop it on the messages."""
    page.evaluate(
        """([event, name, size, type]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(size).fill(65)], name, { type }));
            const options = { bubbles: true, cancelable: true };
            if (event === "paste") {
                const paste = new ClipboardEvent("paste", { ...options, clipboardData: transfer });
                document.querySelector("textarea").dispatchEvent(paste);
            } else {
                const place = document.querySelector("#stream");
                const drag = name => new DragEvent(name, { ...options, dataTransfer: transfer });
                place.dispatchEvent(drag("dragenter"));
                if (event === "drop") place.dispatchEvent(drag("drop"));
            }
        }""",
        [event, name, size, type],
    )


def names(message: dict[str, Any]) -> list[str]:
    return [attachment["name"] for attachment in message["data"]["attachments"]]


def test_files_go_with_a_message_by_button_paste_and_drop(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    hers = windows.sign_in(amy)
    open_first(hers)
    expect(hers.locator(".send")).to_be_disabled()
    add(hers, picture())
    hand_over(hers, "paste", "pasted.txt")
    hand_over(hers, "drag", "dropped.txt")
    expect(hers.locator(".drop")).to_be_visible()
    hand_over(hers, "drop", "dropped.txt")
    expect(hers.locator(".drop")).to_be_hidden()
    expect(tray(hers).locator(".name")).to_have_text(["a.png", "pasted.txt", "dropped.txt"])
    expect(tray(hers, "done")).to_have_count(3)
    expect(tray(hers).locator("img")).to_have_count(1)
    hers.press("textarea", "Enter")
    expect(tray(hers)).to_have_count(0)
    expect(hers.locator("article:not(.sending) .file")).to_have_count(2)
    [message] = ben.history(conversation)
    assert names(message) == ["a.png", "pasted.txt", "dropped.txt"]
    assert message["body"] == ""


def test_a_message_waits_for_its_files_and_is_overtaken_by_others(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    hers = windows.sign_in(amy)
    open_first(hers)
    held: list[Route] = []
    hers.route(UPLOADS, lambda route: held.append(route))
    add(hers, *(picture(f"{number}.png") for number in range(5)))
    expect(tray(hers, "uploading")).to_have_count(5)
    tray(hers).nth(1).locator(".remove").click()  # while it is on its way
    expect(tray(hers)).to_have_count(4)
    write(hers, "these four")
    write(hers, "and this")
    expect(hers.locator("article:not(.sending) .text")).to_have_text("and this")
    expect(hers.locator("article.sending")).to_contain_text("these four")
    assert len(held) <= 4  # three at once, and the one after that which was cancelled
    hers.route(UPLOADS, lambda route: route.continue_())  # before the one above
    for route in held:
        if not route.request.failure:
            route.continue_()
    expect(hers.locator("article:not(.sending)")).to_have_count(2)
    overtaking, message = ben.history(conversation)
    assert overtaking["body"] == "and this"
    assert names(message) == ["0.png", "2.png", "3.png", "4.png"]


def test_what_was_cut_off_goes_on_by_itself_and_from_another_tab(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    hers = windows.sign_in(amy)
    open_first(hers)
    windows.listening = False
    cut_off(hers)
    add(hers, picture("first.png"))
    expect(tray(hers, "failed")).to_contain_text("connection was lost")
    hers.context.set_offline(False)
    expect(tray(hers, "done")).to_have_count(1)
    hers.press("textarea", "Enter")
    expect(hers.locator("article:not(.sending)")).to_have_count(1)
    cut_off(hers)
    add(hers, picture("second.png"), text())
    write(hers, "sent before the tab was closed")
    add(hers, picture("third.png"))
    expect(hers.locator("article.sending")).to_have_count(1)
    context = hers.context
    hers.close()
    context.set_offline(False)
    windows.listening = True
    again = context.new_page()
    again.goto(f"/chat/{conversation}/")
    expect(again.locator("article:not(.sending)")).to_have_count(2)
    expect(tray(again, "done").locator(".name")).to_have_text(["third.png"])
    again.reload()
    expect(tray(again, "done").locator(".name")).to_have_text(["third.png"])
    assert [names(message) for message in ben.history(conversation)] == [
        ["first.png"],
        ["second.png", "notes.txt"],
    ]


def test_what_cannot_go_says_why(windows: Windows, friends: Friends) -> None:
    amy, _, conversation = friends
    windows.expected = {400}
    hers = windows.sign_in(amy)
    open_first(hers)
    hand_over(hers, "drop", "film.mov", 25 * 1024 * 1024 + 1)
    expect(hers.locator(".note")).to_contain_text("“film.mov” is larger than 25 MB.")
    hand_over(hers, "drop", "nothing.txt", 0)
    expect(hers.locator(".note")).to_contain_text("“nothing.txt” is empty.")
    expect(tray(hers)).to_have_count(0)
    damaged: FilePayload = {**picture("damaged.png"), "buffer": b"\x89PNG\r\n\x1a\nnothing"}
    add(hers, damaged)
    expect(tray(hers, "failed")).to_contain_text("damaged")
    hers.press("textarea", "Enter")
    expect(hers.locator(".note")).to_contain_text("Remove what could not be uploaded")
    expect(tray(hers).locator("button[title='Try again']")).to_be_visible()
    tray(hers).locator(".remove").click()
    expect(hers.locator("textarea")).to_be_focused()

    with hers.expect_response(lambda answer: answer.request.method == "POST") as uploaded:
        add(hers, text())
    address = uploaded.value.json()["url"].removeprefix("/api/v1/")
    expect(tray(hers, "done")).to_have_count(1)
    with hers.expect_response(lambda answer: answer.request.method == "DELETE"):
        tray(hers).locator(".remove").click()
    assert amy.get(address).status_code == 404

    add(hers, *(text(f"{number}.txt") for number in range(11)))
    expect(tray(hers, "done")).to_have_count(10)
    expect(hers.locator(".note")).to_contain_text("At most 10 files")
    assert amy.history(conversation) == []


def test_what_is_too_long_for_a_message_goes_as_a_file(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    hers = windows.sign_in(amy)
    open_first(hers)
    hers.fill("textarea", "很长 " * 2000)
    hers.click(".note button")
    expect(tray(hers, "done")).to_contain_text("Message.txt")
    expect(hers.locator("textarea")).to_have_value("")
    write(hers, "the whole story")
    expect(hers.locator("article:not(.sending)")).to_have_count(1)
    [message] = ben.history(conversation)
    [attachment] = message["data"]["attachments"]
    assert ben.request("GET", attachment["url"]).text == ("很长 " * 2000).rstrip()
