"""Lists: pages by cursor, newest first, and a number of queries that does not grow."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chatchat.db import write_transaction
from messaging.services import conversations
from social.models import Block, FriendRequest, Friendship, pair_key
from tests.client import ApiClient, ok
from tests.people import new_user


def make_friends(amy: ApiClient, count: int) -> None:
    for _ in range(count):
        friend = new_user()
        with write_transaction():
            opened = conversations.open_direct(user_ids=(amy.id, friend.pk))
        for user, other in ((amy.id, friend.pk), (friend.pk, amy.id)):
            Friendship.objects.create(user_id=user, friend_id=other, conversation=opened)


def make_requests(amy: ApiClient, count: int) -> None:
    for _ in range(count):
        sender = new_user()
        FriendRequest.objects.create(sender=sender, recipient_id=amy.id, pair=pair_key(sender.pk, amy.id))


def make_blocks(amy: ApiClient, count: int) -> None:
    for _ in range(count):
        Block.objects.create(blocker_id=amy.id, blocked=new_user())


LISTS: list[tuple[str, Callable[[ApiClient, int], None]]] = [
    ("friends", make_friends),
    ("friend-requests", make_requests),
    ("blocks", make_blocks),
]


@pytest.mark.parametrize(("path", "make"), LISTS)
def test_pages_hold_everything_once_newest_first(
    amy: ApiClient, path: str, make: Callable[[ApiClient, int], None]
) -> None:
    make(amy, 7)
    whole = ok(amy.get(path)).json()
    assert whole["next"] is None
    assert len(whole["results"]) == 7
    seen: list[object] = []
    cursor: dict[str, str] = {}
    while True:
        page = ok(amy.get(path, limit=3, **cursor)).json()
        seen += page["results"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == whole["results"]


@pytest.mark.parametrize(("path", "make"), LISTS)
def test_a_longer_list_takes_no_more_queries(
    amy: ApiClient, path: str, make: Callable[[ApiClient, int], None]
) -> None:
    make(amy, 2)
    ok(amy.get(path))  # what is looked up once a process or session
    with CaptureQueriesContext(
        connection,
    ) as few:
        ok(amy.get(path))
    make(amy, 20)
    with CaptureQueriesContext(connection) as many:
        assert len(ok(amy.get(path)).json()["results"]) == 22
    assert len(many) == len(few)


@pytest.mark.parametrize("path", ["friends", "friend-requests", "blocks"])
@pytest.mark.parametrize("cursor", ["x", "%00", "cD0x", "////", "cD1hYmM=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_foreign_cursor_is_a_400(amy: ApiClient, path: str, cursor: str) -> None:
    assert amy.get(path, cursor=cursor).status_code in {200, 400}
    assert amy.get(path, limit="x").status_code in {200, 400}


@pytest.mark.parametrize("path", ["friends", "friend-requests", "blocks"])
def test_lists_are_for_who_is_signed_in(api: Callable[..., ApiClient], path: str) -> None:
    assert api().get(path).status_code == 401
