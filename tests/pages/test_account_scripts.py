"""What scripts add to the doors and to one's own account, in a browser on the real server."""

import io
import re
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Page, expect

from tests.accounts.mails import newest_code
from tests.accounts.pictures import picture
from tests.client import PASSWORD, ApiClient
from tests.pages.conftest import Windows

Person = Callable[..., ApiClient]


def choose(page: Page, data: bytes, name: str = "me.png") -> None:
    """As the file dialog does."""
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "image/png", "buffer": data})


def colour(page: Page, amy: ApiClient) -> tuple[int, ...]:
    """Of the middle of the picture that is kept."""
    url = amy.get("users/me").json()["avatar"]
    with Image.open(io.BytesIO(page.request.get(url).body())) as image:
        assert image.size == (512, 512)
        found = image.convert("RGB").getpixel((256, 256))
    assert isinstance(found, tuple)
    return found


def test_a_picture_is_cropped_by_dragging_and_by_keys(windows: Windows, person: Person) -> None:
    amy = person("Amy")
    page = windows.sign_in(amy, path="/account/")
    expect(page.get_by_role("button", name="Use this picture")).to_have_count(0)
    choose(page, picture(size=(600, 200)))  # the left half is red, the right half blue
    stage = page.get_by_label("The part that is shown")
    expect(stage).to_be_focused()
    box = stage.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 100, steps=4)
    page.mouse.up()
    with page.expect_navigation():
        page.get_by_role("button", name="Use this picture").click()
    expect(page.locator("img.portrait")).to_be_visible()
    red, _, blue = colour(page, amy)
    assert red > 200 > blue
    choose(page, picture(size=(600, 200)))
    expect(stage).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("+")
    assert float(page.get_by_label("Zoom").input_value()) > 1
    with page.expect_navigation():
        page.get_by_role("button", name="Use this picture").click()
    expect(page.locator("img.portrait")).to_be_visible()
    red, _, blue = colour(page, amy)
    assert blue > 200 > red
    page.get_by_role("button", name="Remove the picture").click()
    expect(page.get_by_role("status")).to_have_text("Your picture was removed.")


def test_what_is_no_picture_is_told_at_once(windows: Windows, person: Person) -> None:
    page = windows.sign_in(person("Amy"), path="/account/", width=390)
    choose(page, b"nothing of the kind", "notes.txt")
    expect(page.get_by_role("alert")).to_contain_text("cannot read that as a picture")
    choose(page, picture())
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_label("The part that is shown")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("The part that is shown")).to_be_hidden()
    expect(page.get_by_role("button", name="Choose a picture")).to_be_focused()


def test_asking_for_a_code_keeps_all_that_was_typed_and_counts_down(windows: Windows) -> None:
    page = windows.open("/register/", width=390)
    page.fill("[name=nickname]", "小新")
    page.fill("[name=password]", PASSWORD)
    page.click("[name=send_code]")  # without an address the browser says what is missing
    expect(page.locator("[name=email]")).to_be_focused()
    page.fill("[name=email]", "newcomer@example.com")
    page.click("[name=send_code]")
    expect(page.get_by_role("status").first).to_contain_text("on its way to newcomer@example.com")
    again = page.locator("[name=send_code]")
    expect(again).to_be_disabled()
    expect(again).to_have_text(re.compile(r"Again in \d+ s"))
    code = page.locator("[name=code]")
    expect(code).to_be_focused()
    expect(page.locator("[name=password]")).to_have_value(PASSWORD)
    found = newest_code("newcomer@example.com")
    code.evaluate(
        """(field, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", text);
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
        }""",
        f"Your code is {found[:3]} {found[3:]}.",
    )
    expect(code).to_have_value(found)
    code.press("Enter")
    page.wait_for_url("**/chat/")


def test_a_password_is_shown_on_request_and_a_wrong_field_has_the_cursor(
    windows: Windows, person: Person
) -> None:
    windows.expected = {401}
    amy = person("Amy")
    page = windows.open("/login/")
    page.fill("[name=email]", amy.email)
    field = page.locator("[name=password]")
    field.fill("not her password")
    page.get_by_role("button", name="Show the password").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide the password").click()
    expect(field).to_have_attribute("type", "password")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(field).to_be_focused()
    page.keyboard.type(amy.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/chat/")


def test_a_blocked_person_is_let_go_and_blocked_again_in_place(windows: Windows, person: Person) -> None:
    amy, ben = person("Amy"), person("Ben")
    amy.put(f"blocks/{ben.id}")
    page = windows.sign_in(amy, path="/account/blocked/")
    page.get_by_role("button", name="Unblock Ben").click()
    row = page.locator(".ways li")
    expect(row).to_contain_text("Not blocked any more.")
    assert amy.get("blocks").json()["results"] == []
    page.get_by_role("button", name="Block again").click()
    expect(page.get_by_role("button", name="Unblock")).to_be_visible()
    assert len(amy.get("blocks").json()["results"]) == 1


def test_a_mail_that_comes_shows_by_itself(windows: Windows, person: Person) -> None:
    amy = person("Amy")
    page = windows.open(f"/dev/mail/?to={amy.email}")
    expect(page.locator(".mails")).to_contain_text("No mail yet.")
    amy.post("auth/email-codes", {"email": amy.email, "purpose": "reset_password"})
    expect(page.locator(".mail-code code")).to_have_text(newest_code(amy.email))
    expect(page.get_by_role("button", name="Copy the code")).to_be_visible()


def test_the_account_s_pages_fit_and_speak_chinese(windows: Windows, person: Person) -> None:
    amy = person("e" + "\u0301" * 31)
    amy.put(f"blocks/{person('W' * 32).id}")
    for width in (360, 1280):
        page = windows.sign_in(amy, path="/account/", locale="zh-CN", width=width, dark=width == 360)
        for path in [link.get_attribute("href") for link in page.locator(".account-nav a").all()]:
            page.goto(str(path))
            content = page.evaluate("document.documentElement.scrollWidth")
            assert content <= width, f"{path} is {content} wide on a screen of {width}"
            expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
        page.context.close()
