"""Groups are made, shown, changed, passed on, dissolved."""

from typing import Any

from groups.models import Group, JoinRequest, Membership
from messaging.models import Conversation, Message, Participant
from tests.client import ApiClient, error_code, ok
from tests.groups.common import invite, members, participant, role_of, shown
from tests.witness import lines, revoked, told, untouched


def test_a_new_group_has_its_owner_and_a_conversation_of_the_same_id(olga: ApiClient) -> None:
    with told() as events:
        made = ok(olga.post("groups", {"name": "  周末爬山 "}), 201).json()
    assert made.pop("created_at").endswith("Z")
    group = made["id"]
    assert made == {
        "id": group,
        "conversation": group,
        "name": "周末爬山",
        "avatar": None,
        "introduction": "",
        "announcement": "",
        "join_policy": "open",
        "history": "all",
        "muted_all": False,
        "member_count": 1,
        "owner": shown(olga),
        "role": "owner",
        "requested": False,
        "waiting": 0,
    }
    conversation = Conversation.objects.get(pk=group)
    assert (conversation.kind, conversation.title) == ("group", "周末爬山")
    assert lines(events, group) == [{"event": "group.created", "name": "周末爬山", "by": olga.id}]
    assert participant(group, olga).may_moderate
    assert members(olga, group) == [(olga.id, "owner")]


WRONG_GROUPS: list[Any] = [
    None,
    [],
    {},
    {"name": ""},
    {"name": "   "},
    {"name": "x" * 65},
    {"name": "a\nb"},
    {"name": "\x00"},
    {"name": 5},
    {"name": None},
    {"name": "x", "introduction": "x" * 201},
    {"name": "x", "introduction": None},
    {"name": "x", "join_policy": "secret"},
    {"name": "x", "join_policy": None},
    {"name": "x", "join_policy": ["open"]},
    {"name": "x", "history": True},
    {"name": "x", "history": {"all": 1}},
]


def test_a_group_with_wrong_fields_is_not_made(olga: ApiClient) -> None:
    for body in WRONG_GROUPS:
        with untouched():
            answer = olga.request("POST", "groups", json=body)
        assert (answer.status_code, error_code(answer)) == (400, "invalid"), body


def test_a_member_sees_the_group_whole_and_a_stranger_its_card(
    group: int, olga: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    whole = ok(mia.get(f"groups/{group}")).json()
    assert (whole["role"], whole["owner"], whole["member_count"]) == ("member", shown(olga), 3)
    card = ok(eve.get(f"groups/{group}")).json()
    hidden = dict.fromkeys(("role", "owner", "conversation", "announcement", "muted_all"))
    assert card == whole | hidden


def test_a_group_by_invitation_is_not_there_for_strangers(
    group: int, olga: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    ok(olga.patch(f"groups/{group}", {"join_policy": "invite"}))
    assert eve.get(f"groups/{group}").json() == eve.get(f"groups/{2**62}").json()
    ok(mia.get(f"groups/{group}"))


def test_a_direct_conversation_is_no_group(olga: ApiClient, mia: ApiClient) -> None:
    conversation = olga.befriend(mia)
    with untouched():
        assert olga.get(f"groups/{conversation}").status_code == 404
        assert olga.patch(f"groups/{conversation}", {"name": "x"}).status_code == 404
        assert olga.delete(f"groups/{conversation}").status_code == 404
        assert olga.post(f"groups/{conversation}/join").status_code == 404
        assert olga.post(f"groups/{conversation}/leave").status_code == 404


def test_admins_rename_and_everybody_reads_of_it(group: int, adam: ApiClient, mia: ApiClient) -> None:
    with told() as events:
        changed = ok(adam.patch(f"groups/{group}", {"name": "新名字", "introduction": "hi"})).json()
    assert (changed["name"], changed["introduction"]) == ("新名字", "hi")
    assert lines(events, group) == [
        {"event": "group.renamed", "name": "新名字", "by": adam.id},
        {"event": "group.changed", "fields": ["introduction"], "by": adam.id},
    ]
    assert Conversation.objects.get(pk=group).title == "新名字"
    assert [row["id"] for row in ok(mia.get("groups", search="新名")).json()["results"]] == [group]


def test_a_change_that_changes_nothing_tells_nobody(group: int, olga: ApiClient) -> None:
    now = {"name": "周末爬山 Hikers", "introduction": "", "join_policy": "open", "muted_all": False}
    with untouched():
        ok(olga.patch(f"groups/{group}", now))
        ok(olga.patch(f"groups/{group}", {}))


WRONG_CHANGES: list[Any] = [
    [],
    {"name": ""},
    {"name": None},
    {"muted_all": "true"},
    {"muted_all": 1},
    {"muted_all": None},
    {"muted_all": []},
    {"join_policy": ""},
    {"history": 1},
    {"introduction": "x" * 201},
]


def test_wrong_changes_are_refused(group: int, olga: ApiClient) -> None:
    for body in WRONG_CHANGES:
        with untouched():
            assert olga.request("PATCH", f"groups/{group}", json=body).status_code == 400, body


def test_muting_all_silences_members_alone_and_newcomers_too(
    group: int, olga: ApiClient, adam: ApiClient, mia: ApiClient, eve: ApiClient
) -> None:
    with told() as events:
        ok(adam.patch(f"groups/{group}", {"muted_all": True}))
    assert lines(events, group) == [{"event": "group.muted_all", "by": adam.id}]
    ok(eve.post(f"groups/{group}/join"))
    rights = [participant(group, client).may_send for client in (olga, adam, mia, eve)]
    assert rights == [True, True, False, False]
    with told() as events:
        ok(olga.patch(f"groups/{group}", {"muted_all": False}))
    assert lines(events, group) == [{"event": "group.unmuted_all", "by": olga.id}]
    assert all(participant(group, client).may_send for client in (olga, adam, mia, eve))


def test_roles_change_what_muting_all_means_for_somebody(group: int, olga: ApiClient, mia: ApiClient) -> None:
    ok(olga.patch(f"groups/{group}", {"muted_all": True}))
    ok(olga.patch(f"groups/{group}/members/{mia.id}", {"role": "admin"}))
    assert participant(group, mia).may_send
    ok(olga.patch(f"groups/{group}/members/{mia.id}", {"role": "member"}))
    assert not participant(group, mia).may_send


def test_the_owner_passes_the_group_on_and_stays_as_an_admin(
    group: int, olga: ApiClient, mia: ApiClient
) -> None:
    with told() as events:
        passed = ok(olga.post(f"groups/{group}/transfer", {"user": mia.id})).json()
    assert (passed["owner"], passed["role"]) == (shown(mia), "admin")
    assert lines(events, group) == [{"event": "group.transferred", "user": mia.id, "by": olga.id}]
    assert (role_of(group, olga), role_of(group, mia)) == ("admin", "owner")
    assert participant(group, mia).may_moderate
    assert participant(group, olga).may_moderate
    ok(olga.post(f"groups/{group}/leave"), 204)


def test_a_group_passes_only_to_one_of_its_members(group: int, olga: ApiClient, eve: ApiClient) -> None:
    with untouched():
        assert olga.post(f"groups/{group}/transfer", {"user": eve.id}).status_code == 404
        assert olga.post(f"groups/{group}/transfer", {"user": 2**62}).status_code == 404
        assert olga.post(f"groups/{group}/transfer", {"user": olga.id}).status_code == 400
        assert olga.post(f"groups/{group}/transfer", {}).status_code == 400
        assert olga.post(f"groups/{group}/transfer", {"user": "x"}).status_code == 400


def test_dissolving_ends_everybody_s_access_and_keeps_the_messages(
    group: int, olga: ApiClient, adam: ApiClient, mia: ApiClient
) -> None:
    invite(olga, group)
    before = Message.objects.filter(conversation=group).count()
    with told() as events:
        ok(olga.delete(f"groups/{group}"), 204)
    assert lines(events, group) == [{"event": "group.dissolved", "by": olga.id}]
    assert sorted(revoked(events)) == sorted((client.id, "dissolved") for client in (olga, adam, mia))
    assert not Participant.objects.filter(conversation=group, left_at=None).exists()
    assert Message.objects.filter(conversation=group).count() == before + 1
    for model in (Group, Membership, JoinRequest):
        assert not model._default_manager.exists()
    for client in (olga, adam, mia):
        assert client.get(f"groups/{group}").status_code == 404
        assert client.post(f"groups/{group}/join").status_code == 404
        assert ok(client.get("groups")).json()["results"] == []
