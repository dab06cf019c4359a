"""Over the socket, too, a newcomer sees nothing from before their joining where the group says so."""

import asyncio

import pytest

from tests.client import ok
from tests.realtime.conftest import Two

pytestmark = pytest.mark.asyncio


async def test_changes_of_what_was_before_pass_a_newcomer_over(two: Two) -> None:
    group = two.amy.create_group(history="since_joined")
    for number in range(3):
        two.amy.send_message(group, f"secret {number}")
    async with two.at_amys() as amys, two.at_bobs() as bobs:
        await amys.hello()
        await bobs.hello()
        ok(await asyncio.to_thread(two.bob.post, f"groups/{group}/join"), 200, 201, 204)
        joined = (await bobs.next("conversation"))["conversation"]
        assert joined["id"] == group
        first = joined["first_seq"]
        assert joined["last_message"] is None or joined["last_message"]["seq"] >= first
        old = {"conversation": group, "seq": first - 1}
        await amys.request({"type": "message.edit", **old, "body": "secret changed"})
        await amys.request({"type": "reaction.add", **old, "emoji": "👍"})
        await amys.send_message(group, "for all")
        await amys.request({"type": "message.recall", **old})
        while (await bobs.next("message"))["message"]["body"] != "for all":
            pass
        refused = await bobs.request(
            {
                "type": "message.send",
                "conversation": group,
                "client_id": "5f7f3a43-8bb9-4a2c-9f63-0a1f8ab1f9a3",
                "body": "what was that?",
                "reply_to": first - 1,
            }
        )
        assert refused["error"]["code"] == "invalid"
        assert (await bobs.request({"type": "reaction.add", **old, "emoji": "👍"}))["error"][
            "code"
        ] == "not_found"
        assert all(message["seq"] >= first for message in bobs.messages(group))
        assert "secret" not in str(bobs.received)
    given: list[dict[int | str, int]] = [{group: 0}, {group: 4}, {}]
    for cursors in given:
        async with two.at_bobs() as bobs:
            await bobs.hello(cursors)
            pages = await bobs.sync(group)
            seen = [message["seq"] for message in (*bobs.messages(group), *pages)]
            assert min(seen) >= first
            assert "secret" not in str(bobs.received)
