"""A group's page: coming in, members and what is done about them, announcing, ending it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from accounts.models import User
from groups.models import Group, Membership, Role
from tests.accounts.pictures import picture
from tests.client import ApiClient, ok
from tests.groups.common import members
from tests.pages.conftest import Windows
from tests.pages.test_people import answer, tab
from tests.people import orm

Person = Callable[..., ApiClient]


@pytest.fixture
def three(person: Person) -> tuple[ApiClient, ApiClient, ApiClient, int]:
    """An owner, two members, and their group."""
    olga, mia, ned = person("Olga"), person("Mia"), person("Ned")
    return olga, mia, ned, olga.create_group(mia, ned, name="周末爬山")


def open_group(windows: Windows, who: ApiClient, group: int, **window: Any) -> Page:
    """A window in which the group's page is open."""
    page = windows.sign_in(who, path=f"/chat/{group}/", **window)
    page.click("#heading .about")
    expect(page.locator("#group .card-name")).to_be_visible()
    return page


def crowd(group: int, count: int) -> None:
    """So many more members."""
    users = [User(email=f"crowd{number}@example.com", nickname=f"No. {number}") for number in range(count)]
    User.objects.bulk_create(users)
    more = User.objects.filter(email__startswith="crowd")
    Membership.objects.bulk_create(Membership(group_id=group, user=user, role=Role.MEMBER) for user in more)
    Group.objects.filter(pk=group).update(member_count=Membership.objects.filter(group=group).count())


def about(page: Page, name: str, action: str) -> None:
    """Choose from a member's menu."""
    page.locator("#group .members li", has_text=name).locator("[aria-haspopup=menu]").click()
    page.locator(".popmenu button", has_text=action).click()


@pytest.mark.parametrize(
    ("button", "shows"), [(".about", "#group .card-name"), ("[title=Members]", "#group .members")]
)
def test_a_press_that_has_begun_counts_although_the_heading_changes(
    windows: Windows,
    person: Person,
    three: tuple[ApiClient, ApiClient, ApiClient, int],
    button: str,
    shows: str,
) -> None:
    olga, _mia, _ned, group = three
    page = windows.sign_in(olga, path=f"/chat/{group}/")
    expect(page.locator("#heading .line")).to_have_text("3 members")
    page.hover(f"#heading {button}")
    page.mouse.down()
    ok(person("Zoe").post(f"groups/{group}/join"))
    expect(page.locator("#heading .line")).to_have_text("4 members")
    page.mouse.up()
    expect(page.locator(shows)).to_be_visible()


def test_who_asks_is_let_in(windows: Windows, person: Person) -> None:
    olga, eve, fay = person("Olga"), person("Eve"), person("Fay")
    group = olga.create_group(name="Approved climbers", join_policy="approval")
    ok(fay.post(f"groups/{group}/join", {"message": "Me too"}), 202)
    hers, theirs = windows.sign_in(olga, path=f"/chat/{group}/"), windows.sign_in(eve)
    expect(hers.locator("#show-groups .badge")).to_have_text("1")
    theirs.click("#show-groups")
    tab(theirs, "Find")
    theirs.fill("#groups [name=search]", "climb")
    theirs.press("#groups [name=search]", "Enter")
    theirs.click(".found-groups button:has-text('Ask to join')")
    theirs.fill(".question [name=message]", "I know the way.")
    answer(theirs)
    expect(theirs.locator(".found-groups")).to_contain_text("Asked")
    expect(hers.locator("#show-groups .badge")).to_have_text("2")

    hers.click("#heading .about")
    tab(hers, "Requests")
    hers.locator("#group .waiting li", has_text="Fay").get_by_text("Reject").click()
    hers.locator("#group .waiting li", has_text="I know the way.").get_by_text("Let in").click()
    expect(hers.locator("#group .empty")).to_contain_text("Nobody asks")
    expect(hers.locator("#show-groups .badge")).to_have_count(0)
    expect(hers.locator("#group .group-head")).to_contain_text("2 members")
    expect(theirs.locator(".conversation .name")).to_have_text("Approved climbers")
    assert members(olga, group) == [(olga.id, "owner"), (eve.id, "member")]


def test_an_invitation_is_made_shared_and_taken_back(windows: Windows, person: Person) -> None:
    olga, eve = person("Olga"), person("Eve")
    group = olga.create_group(name="Secret", join_policy="invite")
    hers = open_group(windows, olga, group)
    tab(hers, "Invitations")
    hers.select_option("[name=max_uses]", "1")
    hers.click(".invite-form button")
    expect(hers.locator(".invitation")).to_contain_text("1 use left")
    expect(hers.locator(".qr")).to_have_js_property("complete", True)
    assert hers.locator(".qr").evaluate("image => image.naturalWidth > 0")
    url = hers.input_value(".invitation .url")

    theirs = windows.sign_in(eve)
    theirs.click("#show-groups")
    tab(theirs, "Find")
    theirs.fill("[name=link]", "nonsense!")
    theirs.press("[name=link]", "Enter")
    expect(theirs.locator("#groups .problem")).to_have_text("That is no invitation.")
    theirs.fill("[name=link]", f" {url} ")
    theirs.press("[name=link]", "Enter")
    expect(theirs.locator(".question")).to_contain_text("Olga invites you.")
    answer(theirs)
    expect(theirs.locator("#heading")).to_contain_text("Secret")

    made = ok(olga.post(f"groups/{group}/invitations", {}), 201).json()
    tab(hers, "About")
    tab(hers, "Invitations")
    expect(hers.locator(".invitation.over")).to_contain_text("Used up")
    hers.locator(".invitation:not(.over)").get_by_text("Take back").click()
    answer(hers)
    expect(hers.locator(".invitation:not(.over)")).to_have_count(0)
    assert olga.get(f"invitations/{made['token']}").status_code == 404


def said(who: ApiClient, conversation: int) -> list[str]:
    """What people wrote there."""
    return [message["body"] for message in who.history(conversation) if message["sender"]]


def test_friends_are_invited_while_a_group_is_founded(windows: Windows, person: Person) -> None:
    olga, ben, cat, dan = (person(name) for name in ("Olga", "Ben", "Cat", "Dan"))
    _, not_asked, _ = [olga.befriend(one) for one in (ben, cat, dan)]
    ok(olga.patch(f"friends/{ben.id}", {"remark": "Benny"}), 200)
    ok(olga.put(f"blocks/{dan.id}"), 204)
    hers, his = windows.sign_in(olga), windows.sign_in(ben)
    hers.click("#show-groups")
    tab(hers, "New")
    hers.fill("#groups [name=name]", "Climbers")
    expect(hers.locator(".choosing .name")).to_have_text(["Benny", "Cat"])
    hers.locator(".choosing label", has_text="Benny").click()
    hers.get_by_text("Create the group").click()
    expect(hers.locator("#heading")).to_contain_text("Climbers")
    expect(hers.locator(".toast")).to_have_text("1 friend is sent an invitation.")
    group = int(hers.url.rstrip("/").rsplit("/", 1)[1])
    assert members(olga, group) == [(olga.id, "owner")], "nobody is in a group who has not said so"

    his.click(".conversation")
    link = his.locator(".bubble a", has_text="/invite/")
    expect(his.locator(".bubble").last).to_contain_text("Come into the group “Climbers”")
    assert said(cat, not_asked) == []
    his.goto(link.get_attribute("href") or "")
    his.get_by_role("button", name="Join").click()
    expect(his.locator("#heading")).to_contain_text("Climbers")
    assert (ben.id, "member") in members(olga, group)


def test_an_invitation_is_sent_to_friends(windows: Windows, person: Person) -> None:
    olga, ben, cat = person("Olga"), person("Ben"), person("Cat")
    chats = [olga.befriend(one) for one in (ben, cat)]
    for number in range(6):
        olga.befriend(person(f"Zoe {number}"))
    hers = open_group(windows, olga, olga.create_group(name="Secret", join_policy="invite"))
    tab(hers, "Invitations")
    hers.select_option("[name=max_uses]", "1")
    hers.click(".invite-form button")
    url = hers.input_value(".invitation .url")
    hers.click(".invitation button:has-text('Send to friends')")
    hers.click(".question [type=submit]")
    expect(hers.locator(".question .problem")).to_have_text("Choose somebody.")
    hers.locator(".question label", has_text="Ben").click()
    hers.fill(".question [type=search]", "CA")
    expect(hers.locator(".question .choosing li:visible")).to_contain_text(["Ben", "Cat"])
    hers.locator(".question label", has_text="Cat").click()
    hers.click(".question [type=submit]")
    expect(hers.locator(".question .problem")).to_have_text("It lets in only 1 more person.")
    hers.locator(".question label", has_text="Cat").click()
    answer(hers)
    expect(hers.locator(".invitation button", has_text="Sent")).to_be_focused()
    assert said(ben, chats[0]) == [f"Come into the group “Secret”: {url}"]
    assert said(cat, chats[1]) == []


def test_a_link_leads_through_registration_s_door_into_the_group_without_javascript(
    windows: Windows, person: Person
) -> None:
    windows.expected = {404}
    olga, eve = person("Olga"), person("Eve")
    group = olga.create_group(name="Secret <b>", join_policy="invite", introduction="Every Saturday")
    url = ok(olga.post(f"groups/{group}/invitations", {}), 201).json()["url"]
    page = windows.open(url, javascript=False)
    expect(page.locator("main")).to_contain_text("Secret <b>")
    expect(page.locator("main")).to_contain_text("Every Saturday")
    page.click("main a:has-text('Sign in')")
    page.fill("[name=email]", eve.email)
    page.fill("[name=password]", eve.password)
    page.click("main button[type=submit]")
    page.wait_for_url(url)
    page.click("main button:has-text('Join the group')")
    # The chat's page sends who runs no scripts on to the plain one.
    page.wait_for_url(f"**/plain/{group}/**")
    assert members(olga, group) == [(olga.id, "owner"), (eve.id, "member")]
    page.goto(url)
    expect(page.locator("main a.button")).to_have_text("Open the chat")
    page.goto("/invite/abc/")
    expect(page.locator("main")).to_contain_text("does not hold")


def test_members_are_muted_promoted_and_removed(
    windows: Windows, three: tuple[ApiClient, ApiClient, ApiClient, int]
) -> None:
    olga, mia, _, group = three
    hers = open_group(windows, olga, group)
    theirs = windows.sign_in(mia, path=f"/chat/{group}/")
    expect(theirs.locator("#composer textarea")).to_be_visible()
    tab(hers, "Members")
    expect(hers.locator(".members li")).to_have_count(3)
    expect(hers.locator(".members li", has_text="Olga").locator("[aria-haspopup=menu]")).to_have_count(0)
    about(hers, "Mia", "Mute for an hour")
    expect(hers.locator(".members li", has_text="Mia")).to_contain_text("Muted until")
    expect(theirs.locator("#composer textarea")).to_be_hidden()
    about(hers, "Mia", "Let write again")
    expect(theirs.locator("#composer textarea")).to_be_visible()
    about(hers, "Mia", "Make an admin")
    expect(hers.locator(".members li", has_text="Mia")).to_contain_text("admin")

    # An admin sees what admins may do, also on a page that was open before.
    theirs.click("#heading .about")
    tab(theirs, "Members")
    expect(theirs.locator(".members [aria-haspopup=menu]")).to_have_count(1)
    about(theirs, "Ned", "Remove from the group")
    answer(theirs)
    expect(hers.locator(".members li")).to_have_count(2)  # told at once
    expect(theirs.locator(".members li")).to_have_count(2)
    assert members(olga, group) == [(olga.id, "owner"), (mia.id, "admin")]
    hers.fill(".member-search", "mi")
    expect(hers.locator(".members li")).to_have_count(1)


def test_the_owner_passes_the_group_on_and_leaves(
    windows: Windows, three: tuple[ApiClient, ApiClient, ApiClient, int]
) -> None:
    olga, mia, ned, group = three
    hers = open_group(windows, olga, group)
    expect(hers.locator("#group")).to_contain_text("to leave, first make somebody else the owner")
    tab(hers, "Members")
    about(hers, "Mia", "Make the owner")
    answer(hers)
    expect(hers.locator(".members li", has_text="Mia")).to_contain_text("owner")
    tab(hers, "Settings")
    expect(hers.locator("#group")).to_contain_text("Only the owner can")
    tab(hers, "About")
    hers.click("#group .leave")
    answer(hers)
    expect(hers.locator("dialog[open]")).to_have_count(0)
    expect(hers.locator(".conversation")).to_have_count(0)
    assert members(mia, group) == [(mia.id, "owner"), (ned.id, "member")]


def test_an_announcement_is_seen_until_it_was_read(
    windows: Windows, three: tuple[ApiClient, ApiClient, ApiClient, int]
) -> None:
    olga, mia, _, group = three
    hers, theirs = open_group(windows, olga, group), windows.sign_in(mia, path=f"/chat/{group}/")
    expect(theirs.locator("#heading")).to_contain_text("3 members")
    hers.click("#group button:has-text('Write an announcement')")
    hers.fill(".question textarea", "周六八点\nBring <b>water</b>.")
    answer(hers)
    expect(hers.locator(".announced")).to_have_text("周六八点\nBring <b>water</b>.", use_inner_text=True)
    expect(hers.locator(".announcement")).to_be_hidden()  # she has read it herself
    expect(theirs.locator(".announcement")).to_contain_text("Bring <b>water</b>.")
    expect(theirs.locator(".system").last).to_have_text("Olga changed the announcement")
    theirs.click(".announcement .text")
    expect(theirs.locator(".announced")).to_be_visible()
    expect(theirs.locator("#group button:has-text('Edit the announcement')")).to_have_count(0)
    theirs.keyboard.press("Escape")
    theirs.reload()
    expect(theirs.locator("#heading")).to_contain_text("3 members")
    expect(theirs.locator(".announcement")).to_be_hidden()


def test_settings_are_changed_and_the_group_is_dissolved(
    windows: Windows, three: tuple[ApiClient, ApiClient, ApiClient, int]
) -> None:
    olga, mia, _, group = three
    hers, theirs = open_group(windows, olga, group), windows.sign_in(mia, path=f"/chat/{group}/")
    tab(hers, "Settings")
    with hers.expect_file_chooser() as chooser:
        hers.click("#group button:has-text('Choose a picture')")
    chooser.value.set_files(FilePayload(name="x.png", mimeType="image/png", buffer=picture()))
    answer(hers)
    expect(hers.locator("#group .group-head img")).to_be_visible()
    expect(theirs.locator("#heading img")).to_be_visible()
    hers.fill("#group [name=name]", "Hikers")
    hers.select_option("#group [name=join_policy]", "approval")
    hers.click(".settings [type=submit]")
    expect(hers.locator(".saved")).to_be_visible()
    expect(theirs.locator("#heading")).to_contain_text("Hikers")
    hers.click("#group button:has-text('Mute everybody')")
    expect(theirs.locator("#composer textarea")).to_be_hidden()
    assert ok(mia.get(f"groups/{group}")).json()["join_policy"] == "approval"

    hers.click("#group button:has-text('Dissolve the group')")
    expect(hers.locator(".question [type=submit]")).to_be_disabled()
    hers.fill(".question [name=typed]", "Hikers")
    answer(hers)
    for page in (hers, theirs):
        expect(page.locator(".conversation")).to_have_count(0)
    ok(olga.get(f"groups/{group}"), 404)


def test_a_large_group_s_members_come_as_one_scrolls(
    windows: Windows, three: tuple[ApiClient, ApiClient, ApiClient, int]
) -> None:
    olga, _, _, group = three
    orm(lambda: crowd(group, 118))
    hers = open_group(windows, olga, group, width=390)
    tab(hers, "Members")
    expect(hers.locator(".members li")).to_have_count(100)
    hers.locator(".members li").last.scroll_into_view_if_needed()
    expect(hers.locator(".members li")).to_have_count(121)
