"""What groups decide about writing and reading, seen at messaging's door."""

import uuid
from datetime import timedelta

import httpx

from chatchat.clock import now, rfc3339
from groups.models import Membership
from messaging.models import Participant
from tests.client import ApiClient, ok
from tests.groups.common import promote
from tests.witness import untouched


def say(client: ApiClient, conversation: int) -> httpx.Response:
    body = {"client_id": str(uuid.uuid4()), "kind": "text", "body": "hello"}
    return client.post(f"conversations/{conversation}/messages", body)


def test_members_write_until_they_are_muted(group: int, adam: ApiClient, mia: ApiClient) -> None:
    ok(say(mia, group), 201)
    ok(adam.patch(f"groups/{group}/members/{mia.id}", {"muted_until": rfc3339(now() + timedelta(hours=1))}))
    with untouched():
        assert say(mia, group).status_code == 403
    ok(adam.patch(f"groups/{group}/members/{mia.id}", {"muted_until": None}))
    ok(say(mia, group), 201)


def test_a_mute_ends_by_itself(group: int, adam: ApiClient, mia: ApiClient) -> None:
    ok(adam.patch(f"groups/{group}/members/{mia.id}", {"muted_until": rfc3339(now() + timedelta(hours=1))}))
    past = now() - timedelta(seconds=1)
    Membership.objects.filter(user=mia.id).update(muted_until=past)
    Participant.objects.filter(user=mia.id).update(muted_until=past)
    ok(say(mia, group), 201)


def test_when_all_are_muted_owner_and_admins_write(
    group: int, olga: ApiClient, adam: ApiClient, mia: ApiClient
) -> None:
    ok(olga.patch(f"groups/{group}", {"muted_all": True}))
    with untouched():
        assert say(mia, group).status_code == 403
    ok(say(adam, group), 201)
    ok(say(olga, group), 201)
    promote(olga, group, mia)
    ok(say(mia, group), 201)


def test_who_left_or_was_removed_neither_reads_nor_writes(
    group: int, olga: ApiClient, adam: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    ok(mia.post(f"groups/{group}/leave"), 204)
    ok(olga.delete(f"groups/{group}/members/{adam.id}"), 204)
    for client in (mia, adam, eve):
        with untouched():
            assert say(client, group).status_code == 404
            assert client.get(f"conversations/{group}").status_code == 404
            assert client.get(f"conversations/{group}/messages").status_code == 404
    ok(mia.post(f"groups/{group}/join"))
    ok(say(mia, group), 201)


def test_a_newcomer_reads_what_the_history_setting_says(
    group: int, olga: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    ok(say(mia, group), 201)
    ok(olga.patch(f"groups/{group}", {"history": "since_joined"}))
    ok(eve.post(f"groups/{group}/join"))
    assert [message["data"] for message in eve.history(group)] == [{"event": "member.joined", "user": eve.id}]
    ok(olga.patch(f"groups/{group}", {"history": "all"}))
    ok(eve.post(f"groups/{group}/leave"), 204)
    ok(eve.post(f"groups/{group}/join"))
    texts = [message["body"] for message in eve.history(group) if message["kind"] == "text"]
    assert texts == ["hello"]


def test_what_changes_the_group_is_nobody_s_unread(group: int, olga: ApiClient, mia: ApiClient) -> None:
    ok(olga.patch(f"groups/{group}", {"name": "New", "muted_all": True}))
    shape = ok(mia.get(f"conversations/{group}")).json()
    assert (shape["title"], shape["unread"], shape["may_send"]) == ("New", 0, False)


def test_the_dissolved_group_is_gone(group: int, olga: ApiClient, mia: ApiClient) -> None:
    ok(olga.delete(f"groups/{group}"), 204)
    for client in (olga, mia):
        assert client.get(f"conversations/{group}").status_code == 404
        assert say(client, group).status_code == 404
