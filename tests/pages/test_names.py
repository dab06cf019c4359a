"""Names that would turn around what stands beside them, wherever a page shows one."""

from collections.abc import Callable

from playwright.sync_api import expect

from accounts.services.deletion import erase_person
from tests.client import ApiClient, ok
from tests.pages.conftest import Windows
from tests.people import orm

Person = Callable[..., ApiClient]
#: Whether anything on the page, or its title, still holds an override or an embedding.
TURNED = "() => [document.title, document.body.textContent].filter(text => /[\\u202a-\\u202e]/.test(text))"


def test_a_name_turns_nothing_around_in_the_list_the_heading_the_title_and_the_answer(
    windows: Windows, person: Person
) -> None:
    amy, ben = person("Amy"), person("\u202egnp.neB")
    group = amy.create_group(ben, name="\u202epuorg")
    ben.send_message(group, "hello")
    page = windows.sign_in(amy, path=f"/chat/{group}/")
    expect(page.locator("#heading .title")).to_have_text("puorg")
    expect(page).to_have_title("puorg · chatchat")
    expect(page.locator(".conversation .name")).to_have_text("puorg")
    expect(page.locator(".conversation .last")).to_have_text("gnp.neB: hello")
    page.locator("#stream article").last.press("r")
    expect(page.locator("#composer-mode strong")).to_have_text("Reply to gnp.neB")
    page.locator("#composer textarea").press_sequentially("@g")
    expect(page.locator("#options bdi").first).to_have_text("gnp.neB")
    assert page.evaluate(TURNED) == []


def test_a_name_from_the_right_leaves_the_line_from_the_left(windows: Windows, person: Person) -> None:
    amy, ben = person("Amy"), person("שלום")
    group = amy.create_group(ben)
    ben.send_message(group, "hello")
    page = windows.sign_in(amy)
    last = page.locator(".conversation .last")
    expect(last).to_have_text("שלום: hello")
    assert last.evaluate("one => getComputedStyle(one).direction") == "ltr"


def test_an_invitation_s_names_turn_nothing_around(windows: Windows, person: Person) -> None:
    ben = person("\u202egnp.neB")
    group = ben.create_group(name="\u202epuorg")
    token = ok(ben.post(f"groups/{group}/invitations", {}), 201).json()["token"]
    page = windows.open(f"/invite/{token}/")
    expect(page.locator("h1")).to_have_text("puorg")
    expect(page.locator(".invite-picture")).to_have_text("P")
    assert page.evaluate(TURNED) == []


def test_a_group_that_gets_another_name_has_it_in_the_window_s_title_too(
    windows: Windows, person: Person
) -> None:
    amy, ben = person("Amy"), person("Ben")
    group = amy.create_group(ben, name="Before")
    page = windows.sign_in(ben, path=f"/chat/{group}/")
    expect(page).to_have_title("Before · chatchat")
    ok(amy.patch(f"groups/{group}", {"name": "After"}))
    expect(page.locator("#heading .title")).to_have_text("After")
    expect(page).to_have_title("After · chatchat")


def test_who_has_deleted_their_account_is_called_so_in_the_reader_s_language(
    windows: Windows, person: Person
) -> None:
    windows.expected = {404}  # nobody can be asked about who is gone
    amy, ben = person("Amy"), person("Ben")
    group = amy.create_group(ben)
    ben.send_message(group, "hello")
    orm(lambda: erase_person(user_id=ben.id))
    for locale, name in (("en-US", "Deleted account"), ("zh-CN", "已注销账号")):
        page = windows.sign_in(amy, path=f"/chat/{group}/", locale=locale)
        expect(page.locator("#stream article").get_by_role("button", name=name).last).to_be_visible()
        page.goto(f"/plain/{group}/")
        expect(page.locator("strong bdi").first).to_have_text(name)
