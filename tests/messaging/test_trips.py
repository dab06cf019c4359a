"""A transaction in two round trips: all of it or nothing, and the connection stays good."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import User
from chatchat.trips import execute_together, two_trips
from tests.people import new_user

pytestmark = pytest.mark.django_db(transaction=True)

NICKNAMES = "SELECT nickname FROM accounts_user ORDER BY id", ()


def renaming(user: User, nickname: str) -> tuple[str, list[object]]:
    return "UPDATE accounts_user SET nickname = %s WHERE id = %s", [nickname, user.pk]


@pytest.fixture
def amy() -> User:
    return new_user("Amy")


def test_each_statement_has_its_own_rows(amy: User) -> None:
    bob = new_user("Bob")
    answers = execute_together(NICKNAMES, renaming(bob, "Rob"), ("SELECT %s, 2", ["100 % ;"]), NICKNAMES)
    assert [list(rows) for rows in answers] == [
        [("Amy",), ("Bob",)],
        [],
        [("100 % ;", 2)],
        [("Amy",), ("Rob",)],
    ]


def test_what_is_written_is_there_after_the_block(amy: User) -> None:
    with two_trips() as trips:
        assert [list(rows) for rows in trips.read(NICKNAMES)] == [[("Amy",)]]
        trips.write(renaming(amy, "Ann"))
    connection.rollback()
    amy.refresh_from_db()
    assert amy.nickname == "Ann"


def test_after_a_statement_that_fails_nothing_was_written_and_the_connection_goes_on(amy: User) -> None:
    bob = new_user("Bob")
    clash = "UPDATE accounts_user SET email = %s WHERE id = %s", [amy.email, bob.pk]
    with pytest.raises(IntegrityError), two_trips() as trips:  # noqa: PT012 - the block is the transaction
        trips.read(NICKNAMES)
        trips.write(renaming(amy, "Ann"), clash, renaming(bob, "Rob"))
    assert [rows[0] for rows in execute_together(NICKNAMES)[0]] == ["Amy", "Bob"]
    with two_trips() as trips:
        trips.read(NICKNAMES)
        trips.write(renaming(bob, "Rob"))
    assert [rows[0] for rows in execute_together(NICKNAMES)[0]] == ["Amy", "Rob"]


def test_what_goes_wrong_in_between_leaves_no_transaction_open(amy: User) -> None:
    with pytest.raises(ZeroDivisionError), two_trips() as trips:  # noqa: PT012 - as above
        trips.read((NICKNAMES[0] + (" FOR UPDATE" if connection.vendor == "mysql" else ""), ()))
        1 / 0  # noqa: B018
    with transaction.atomic():
        User.objects.select_for_update().get(pk=amy.pk)
    amy.nickname = "Ann"
    amy.save()
    connection.close()
    amy.refresh_from_db()
    assert amy.nickname == "Ann"


@pytest.mark.production
def test_a_connection_that_is_lost_on_the_way_is_replaced(amy: User) -> None:
    with pytest.raises(DatabaseError), two_trips() as trips:  # noqa: PT012 - as above
        trips.read(("SELECT CONNECTION_ID()", ()))
        execute_together((f"KILL {connection.connection.thread_id()}", ()))
    assert User.objects.get().nickname == "Amy"


def test_within_a_transaction_it_is_a_part_of_it(amy: User) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 - as above
        with two_trips() as trips:
            trips.read(NICKNAMES)
            trips.write(renaming(amy, "Ann"))
        1 / 0  # noqa: B018
    amy.refresh_from_db()
    assert amy.nickname == "Amy"
