"""Friends, requests, whom one blocks, and people's cards."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.client import ApiClient, ok
from tests.pages.conftest import Windows

Friends = tuple[ApiClient, ApiClient, int]
Person = Callable[..., ApiClient]
#: Turned round, invisible, and 32 marks on one letter.
HOSTILE = ("\u202egnp.sdneirf", "\u200b\u200d\u2060", "Z" + "\u0301" * 31)


def tab(page: Page, name: str) -> None:
    """Open this tab of the dialog on top."""
    page.locator("dialog[open] [role=tab]", has_text=name).last.click()


def answer(page: Page) -> None:
    """Do what the question on top asks."""
    page.click(".question [type=submit]")
    expect(page.locator(".question")).to_have_count(0)


def more(page: Page, action: str) -> None:
    """Choose from the one friend's menu."""
    page.click("#people .friends button[title=More]")
    page.locator(".popmenu button", has_text=action).click()


def test_requests_go_both_ways_and_are_seen_at_once(windows: Windows, person: Person) -> None:
    amy, ben, cat = person("Amy"), person("Ben"), person("Cat")
    ok(cat.post("friend-requests", {"user": amy.id, "greeting": "你好，我是 Cat。"}), 201)
    hers = windows.sign_in(amy)
    expect(hers.locator("#show-people .badge")).to_have_text("1")
    ok(ben.post("friend-requests", {"user": amy.id, "greeting": "We met at the summit."}), 201)
    expect(hers.locator("#show-people .badge")).to_have_text("2")
    hers.click("#show-people")
    expect(hers.locator(".incoming")).to_contain_text("We met at the summit.")
    hers.locator(".incoming li", has_text="Cat").get_by_text("Reject").click()
    expect(hers.locator(".incoming li")).to_have_count(1)
    assert ok(cat.get("friend-requests", direction="outgoing")).json()["results"] == []
    hers.click(".incoming button:has-text('Accept')")
    expect(hers.locator("#heading")).to_contain_text("Ben")
    expect(hers.locator("#show-people .badge")).to_be_hidden()

    ok(amy.post("friend-requests", {"user": cat.id}), 201)
    hers.click("#show-people")
    tab(hers, "Requests")
    hers.click(".outgoing button:has-text('Withdraw')")
    expect(hers.locator("#people .empty")).to_be_visible()
    assert ok(cat.get("friend-requests")).json()["results"] == []


def test_a_friend_has_a_remark_is_blocked_unblocked_and_removed(windows: Windows, friends: Friends) -> None:
    amy, ben, _ = friends
    hers = windows.sign_in(amy)
    expect(hers.locator(".conversation .name")).to_have_text("Ben")
    hers.click("#show-people")
    more(hers, "remark")
    hers.fill(".question [name=remark]", "Ben from the summit")
    answer(hers)
    expect(hers.locator(".friends .who")).to_have_text("Ben from the summitBen")
    expect(hers.locator(".conversation .name")).to_have_text("Ben from the summit")
    hers.fill("#people [type=search]", "nobody like this")
    expect(hers.locator("#people .empty")).to_contain_text("No friend has this")
    hers.fill("#people [type=search]", "summit")
    expect(hers.locator(".friends li")).to_have_count(1)

    more(hers, "Block")
    answer(hers)
    expect(hers.locator(".friends")).to_contain_text("You block this person.")
    assert [row["user"]["id"] for row in ok(amy.get("blocks")).json()["results"]] == [ben.id]
    hers.click(".friends button:has-text('Unblock')")
    expect(hers.locator(".friends button:has-text('Write')")).to_be_visible()

    more(hers, "Remove")
    hers.keyboard.press("Enter")  # the safe answer has the focus
    expect(hers.locator(".question")).to_have_count(0)
    assert len(ok(amy.get("friends")).json()["results"]) == 1
    more(hers, "Remove")
    answer(hers)
    expect(hers.locator("#people .empty")).to_contain_text("No friends yet")
    assert ok(ben.get("friends")).json()["results"] == []


def test_a_newcomer_is_led_to_people_and_groups(windows: Windows, person: Person) -> None:
    page = windows.sign_in(person("Amy"))
    expect(page.locator("#conversations")).to_contain_text("No conversations yet.")
    expect(page.locator("#nothing")).to_be_hidden()
    page.click(".newcomer button:has-text('Find people')")
    expect(page.locator("#people input[name=search]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".newcomer button").first).to_be_focused()
    page.click(".newcomer button:has-text('Groups')")
    expect(page.locator("#groups")).to_be_visible()


def test_a_card_says_how_one_stands_and_what_one_can_do(windows: Windows, person: Person) -> None:
    windows.expected = {404}
    amy, ben, cat, dan = (person(name) for name in ("Amy", "Ben", "Cat", "Dan"))
    ok(ben.patch("users/me", {"introduction": "I climb."}))
    group = amy.create_group(ben, cat, dan)
    ok(cat.put(f"blocks/{amy.id}"), 204)
    hers = windows.sign_in(amy, path=f"/chat/{group}/")
    hers.click("#heading button[title=Members]")
    card = hers.locator("#person")

    def open_card(name: str) -> None:
        hers.locator("#group .members .opens", has_text=name).click()
        expect(card.locator(".card-name")).to_have_text(name)

    open_card("Amy")
    expect(card).to_contain_text("This is you.")
    hers.keyboard.press("Escape")
    open_card("Cat")
    expect(card).to_contain_text("This account is not available")
    expect(card.locator(".card-does button")).to_have_text(["Block"])
    hers.keyboard.press("Escape")
    open_card("Ben")
    expect(card).to_contain_text("I climb.")
    expect(card).to_contain_text("once you are friends")
    card.locator("button", has_text="Add").click()
    answer(hers)
    expect(card).to_contain_text("You have asked")
    request = ok(ben.get("friend-requests")).json()["results"][0]
    assert request["greeting"] == "Hello, I am Amy."
    ok(ben.post(f"friend-requests/{request['id']}/accept"))
    expect(card).to_contain_text("You are friends.")  # it is told at once
    card.locator("button", has_text="Write").click()
    expect(hers.locator("#heading")).to_contain_text("Ben")
    expect(hers.locator("dialog[open]")).to_have_count(0)


def test_who_cannot_be_asked_for_keeps_the_name_that_the_list_of_members_gave(
    windows: Windows, person: Person
) -> None:
    windows.expected = {404}
    amy, ben, cat = (person(name) for name in ("Amy", "Ben", "Cat"))
    group = amy.create_group(ben, cat)
    ok(cat.put(f"blocks/{amy.id}"), 204)
    hers = windows.sign_in(amy, path="/account/")
    held: list[Route] = []
    hers.route(f"**/users/{cat.id}", lambda route: held.append(route), times=1)
    with hers.expect_request(f"**/users/{cat.id}"):  # somebody was added: the stream asks for their name
        hers.goto(f"/chat/{group}/")
    hers.click("#heading button[title=Members]")
    row = hers.locator("#group .members .opens", has_text="Cat")
    expect(row).to_be_visible()
    with hers.expect_response(f"**/users/{cat.id}"):
        held[0].continue_()
    row.click()
    expect(hers.locator("#person .card-name")).to_have_text("Cat")


def test_everything_is_reached_by_keyboard_and_the_focus_comes_back(
    windows: Windows, friends: Friends
) -> None:
    amy, _, _ = friends
    hers = windows.sign_in(amy)
    hers.focus("#show-people")
    hers.keyboard.press("Enter")
    expect(hers.locator("#people")).to_be_visible()
    expect(hers.locator("#people .friends li")).to_have_count(1)
    hers.focus("#people [aria-selected=true]")
    hers.keyboard.press("ArrowRight")
    expect(hers.locator("#people [role=tab]:focus")).to_have_text("Requests")
    hers.keyboard.press("Home")
    hers.focus("#people .friends .opens")
    hers.keyboard.press("Enter")
    expect(hers.locator("#person")).to_be_visible()
    hers.focus("#person .danger >> nth=0")
    hers.keyboard.press("Enter")
    expect(hers.locator(".question button:focus")).to_have_text("Cancel")
    hers.keyboard.press("Escape")
    expect(hers.locator("#person button:focus")).to_have_text("Remove friend")
    hers.keyboard.press("Escape")
    expect(hers.locator("#people .opens:focus")).to_be_visible()
    hers.focus("#people button[title=More]")
    hers.keyboard.press("Enter")
    expect(hers.locator(".popmenu button:focus")).to_have_text("Edit remark")
    hers.keyboard.press("ArrowUp")
    expect(hers.locator(".popmenu button:focus")).to_have_text("Block")
    hers.keyboard.press("Escape")
    expect(hers.locator("#people button[title=More]:focus")).to_be_visible()
    hers.keyboard.press("Escape")
    expect(hers.locator("#show-people:focus")).to_be_visible()


def test_who_is_quicker_than_a_dialog_that_closes_keeps_the_focus(windows: Windows, friends: Friends) -> None:
    hers = windows.sign_in(friends[0])
    hers.click("#show-people")
    hers.click("#people .friends .opens")
    expect(hers.locator("#person .card-name")).to_have_text("Ben")
    hers.evaluate(
        """async () => {
          document.getElementById("person").close();  // of which the browser tells with its next frame
          document.querySelector("#people button[title=More]").focus();
          for (const frame of [1, 2]) await new Promise(requestAnimationFrame);
        }"""
    )
    expect(hers.locator("#people button[title=More]:focus")).to_be_visible(timeout=1000)


def test_hostile_names_break_no_dialog(windows: Windows, person: Person) -> None:
    amy = person("Amy")
    for name in (*HOSTILE, "W" * 32):
        amy.befriend(person(name))
    hers = windows.sign_in(amy, width=360)
    hers.click("#show-people")
    rows = hers.locator("#people .friends li")
    expect(rows).to_have_count(4)
    for row in rows.all():
        shown = row.locator(".name")
        assert shown.evaluate("name => name.textContent.trim().length > 0")
        assert row.evaluate("row => row.scrollWidth <= row.clientWidth")
        assert shown.evaluate("name => name.clientHeight < 40")
        row.locator(".opens").click()
        sheet = hers.locator("#person .sheet")
        assert sheet.evaluate("sheet => sheet.scrollWidth <= sheet.clientWidth")
        hers.keyboard.press("Escape")


def test_a_conversation_is_pinned_and_made_quiet_from_its_heading(windows: Windows, friends: Friends) -> None:
    amy, _, conversation = friends
    group = amy.create_group(name="Louder")
    hers = windows.sign_in(amy, path=f"/chat/{conversation}/")
    expect(hers.locator(".conversation .name").first).to_have_text("Louder")

    def choose(option: str) -> None:
        hers.click("#heading [aria-haspopup=menu]")
        hers.locator(".popmenu button", has_text=option).click()

    choose("Pin to the top")
    expect(hers.locator(".conversation .name").first).to_have_text("Ben")
    choose("Notify of nothing")
    expect(hers.locator(".conversation").first.locator("[title='Notifications are off']")).to_be_visible()
    state = ok(amy.get(f"conversations/{conversation}")).json()
    assert (state["pinned"], state["notifications"]) == (True, "none")
    choose("Unpin")
    expect(hers.locator(".conversation .name").first).to_have_text("Louder")
    assert not ok(amy.get(f"conversations/{group}")).json()["pinned"]
