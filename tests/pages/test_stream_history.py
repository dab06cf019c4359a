"""The message view and a long history: a window of it, a place in it, and ways to elsewhere."""

import re

from playwright.sync_api import expect

from tests.client import ApiClient
from tests.pages.conftest import Windows
from tests.pages.streams import expect_at_end, on_screen, past, scroll
from tests.pages.test_chat import cut_off, write

Friends = tuple[ApiClient, ApiClient, int]


def test_scrolling_back_is_bounded_and_steady(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    last = past(conversation, [amy, ben], 900, read_by=[amy, ben])
    his = windows.sign_in(ben, path=f"/chat/{conversation}/")
    expect_at_end(his, "message 899")
    seq = float(last)
    while seq > 300:
        seq = scroll(his, -2500)["seq"]
    # What is far away was let go of; what comes is counted, and moves nothing.
    expect(his.locator(f"[data-seq='{last}']")).to_have_count(0)
    before = on_screen(his)
    amy.send_message(conversation, "here is a later word")
    amy.put(f"conversations/{conversation}/messages/{int(seq) - 3}/reactions/🎉")
    expect(his.locator(".to-newest")).to_have_text("1 new message")
    expect(his.locator(".reaction")).to_have_text("🎉 1")
    after = on_screen(his)
    assert after["seq"] == before["seq"]
    assert abs(after["offset"] - before["offset"]) <= 1
    # And forward again, to the end.
    while seq < last - 200:
        seq = scroll(his, 2500)["seq"]
    his.click(".to-newest")
    expect_at_end(his, "here is a later word")
    write(his, "read it")
    expect_at_end(his, "read it")


def test_many_unread_messages_open_at_the_first(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    past(conversation, [amy, ben], 200, read_by=[amy, ben])
    last = past(conversation, [amy], 250, read_by=[amy])
    his = windows.sign_in(ben, path=f"/chat/{conversation}/")
    expect(his.locator(".new")).to_be_in_viewport()
    expect(his.locator(".to-newest")).to_have_text(re.compile(r"2\d\d new messages"))
    assert his.locator(".new + article").get_attribute("data-seq") == str(last - 250 + 1)
    # Read is what was on the screen, not all of it.
    expect(his.locator(".to-newest")).not_to_have_text("250 new messages")
    read = ben.get(f"conversations/{conversation}").json()["read_seq"]
    assert last - 250 < read < last - 200
    his.click(".to-newest")
    expect_at_end(his, "message 249")
    expect(his.locator(".conversation .badge")).to_have_count(0)


def test_what_comes_while_one_looks_elsewhere_is_not_read(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    last = past(conversation, [amy, ben], 40, read_by=[amy, ben])
    his = windows.sign_in(ben, path=f"/chat/{conversation}/")
    expect_at_end(his, "message 39")
    his.evaluate("document.hasFocus = () => false")
    for number in range(30):
        amy.send_message(conversation, f"meanwhile {number}")
    expect_at_end(his, "meanwhile 29")
    expect(his.locator(".conversation .badge")).to_have_text("30")
    assert his.locator(".new + article").get_attribute("data-seq") == str(last + 1)
    his.click(".to-unread")
    expect(his.locator(".new")).to_be_in_viewport()
    his.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))")
    expect(his.locator(".to-unread")).to_be_hidden()
    expect(his.locator(".conversation .badge")).not_to_have_text("30")
    his.click(".to-newest")
    expect(his.locator(".conversation .badge")).to_have_count(0)


def test_a_quote_leads_to_its_message_wherever_it_is(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    last = past(conversation, [amy, ben], 400, read_by=[amy, ben], replies={398: 20, 399: 22})
    his = windows.sign_in(ben, path=f"/chat/{conversation}/")
    quotes = his.locator(".quote")
    expect(quotes).to_have_text([re.compile("Ben ?message 19"), re.compile("Ben ?message 21")])
    quotes.last.click()
    expect(his.locator("[data-seq='22']")).to_be_in_viewport()
    expect(his.locator("[data-seq='22']")).to_have_class(re.compile("shown"))
    expect(his.locator("[data-seq='22']")).to_be_focused()
    expect(his.locator(f"[data-seq='{last}']")).to_have_count(0)
    expect(his.locator(".start")).to_be_attached()
    # What is quoted changes with what was said, also when that is far away.
    his.click(".to-newest")
    expect_at_end(his, "message 399")
    expect(quotes).to_have_count(2)
    ben.patch(f"conversations/{conversation}/messages/20", {"body": "said otherwise"})
    expect(quotes.first).to_have_text(re.compile("said otherwise"))
    ben.delete(f"conversations/{conversation}/messages/{last}")
    expect(his.locator(".recalled .text")).to_have_text("You recalled a message")
    expect(quotes).to_have_count(1)


def test_nothing_is_lost_offline_while_one_reads_further_up(windows: Windows, friends: Friends) -> None:
    amy, ben, conversation = friends
    last = past(conversation, [amy, ben], 400, read_by=[amy, ben])
    his = windows.sign_in(ben, path=f"/chat/{conversation}/")
    expect_at_end(his, "message 399")
    scroll(his, -1500)
    place = scroll(his, -1500)
    windows.listening = False  # a browser complains about each attempt to reach a server that is away
    # More than a resume sends unasked; then so much that the window is read again instead.
    for count, emoji in ((230, "🎉"), (1100, "👍")):
        before = on_screen(his)
        cut_off(his)
        expect(his.locator("#offline")).to_be_visible()
        amy.put(f"conversations/{conversation}/messages/{int(place['seq'])}/reactions/{emoji}")
        past(conversation, [amy], count)
        his.context.set_offline(False)
        expect(his.locator("#offline")).to_be_hidden()
        expect(his.locator(f"[data-seq='{int(place['seq'])}'] .reaction").last).to_have_text(f"{emoji} 1")
        after = on_screen(his)
        assert (after["seq"], round(after["offset"])) == (before["seq"], round(before["offset"]))
    expect(his.locator(".to-newest")).to_have_text(re.compile("^1,?330 new messages"))
    amy.send_message(conversation, "live again")
    expect(his.locator(".to-newest")).to_have_text(re.compile("^1,?331 new messages"))
    # They are met on the way down, in order and without a hole.
    met: list[int] = []
    while last + 300 not in met:
        scroll(his, 700)
        met += [seq for seq in his.evaluate(SEQS) if not met or seq > met[-1]]
    assert met == list(range(met[0], met[-1] + 1))
    assert met[0] < last
    his.click(".to-newest")
    expect_at_end(his, "live again")


SEQS = "[...document.querySelectorAll('#stream [data-seq]')].map((node) => Number(node.dataset.seq))"
