"""Who is there shows in the list and in the heading."""

from playwright.sync_api import expect

from tests.client import ApiClient
from tests.pages.conftest import Windows


def test_a_friend_who_comes_and_goes_is_seen_to(
    windows: Windows, friends: tuple[ApiClient, ApiClient, int]
) -> None:
    amy, ben, conversation = friends
    hers = windows.sign_in(amy, path=f"/chat/{conversation}/")
    expect(hers.locator("#heading .title")).to_have_text("Ben")
    expect(hers.locator("#heading .line")).to_have_text("")
    his = windows.sign_in(ben)
    expect(hers.locator("#heading .line")).to_have_text("online")
    expect(hers.locator(".conversation .dot")).to_have_count(1)
    expect(his.locator(".conversation .dot")).to_have_count(1)
    his.context.close()
    expect(hers.locator("#heading .line")).to_have_text("")
    expect(hers.locator(".conversation .dot")).to_have_count(0)


def test_who_has_no_connection_claims_to_know_of_nobody(
    windows: Windows, friends: tuple[ApiClient, ApiClient, int]
) -> None:
    amy, ben, conversation = friends
    windows.sign_in(ben)
    hers = windows.sign_in(amy, path=f"/chat/{conversation}/")
    expect(hers.locator("#heading .line")).to_have_text("online")
    windows.listening = False  # a browser complains about each attempt to reach a server that is away
    hers.context.set_offline(True)
    expect(hers.locator("#offline")).to_be_visible()
    expect(hers.locator("#heading .line")).to_have_text("")
    expect(hers.locator(".conversation .dot")).to_have_count(0)
    hers.context.set_offline(False)
    expect(hers.locator("#offline")).to_be_hidden()
    windows.listening = True
    expect(hers.locator("#heading .line")).to_have_text("online")
