#!/usr/bin/env python3
"""Does the moderators' door stay quick? Every list, search, page and action with little and with much.

    bench/moderation.py

fills two databases of a throw-away MariaDB server (or of the server that DATABASE_URL names, whose
databases `growth_small` and `growth_large` are made anew) with people, sessions, groups, messages and a
record, and measures in turns, in this process, as a moderator's browser asks; the start page with nothing
cached. Exit code 1: something took more than 1.5 times as long with much, or more queries.
"""

import argparse
import html
import os
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.databases import BOUND, LARGE, SMALL, Read, analyse, create, database_url, settings, use
from bench.filling import LARGE_GROUP, MINE, READER, Filling
from bench.progress import Progress

#: Of twenty people, one is banned and one may not write; each has a session and some lines on the record.
SHARE = 20
EXTRAS = (
    "INSERT INTO accounts_session (user_id, refresh_jti, device, ip, created_at, last_seen_at) "
    "SELECT id, CONCAT('j', id), 'Firefox', CONCAT('10.', id MOD 200, '.', id DIV 200 MOD 250, '.1'), "
    "created_at, created_at FROM accounts_user",
    *(
        "INSERT INTO accounts_auditevent (at, action, security, actor_id, subject_id, reason, details, ip) "  # noqa: S608
        f"SELECT '2026-01-0{day} 00:00:00', 'security.login', 1, id, id, '', '{{}}', '10.0.0.1' "
        "FROM accounts_user"
        for day in (1, 2, 3)
    ),
    "INSERT INTO accounts_auditevent (at, action, security, actor_id, subject_id, reason, details) "  # noqa: S608
    f"SELECT '2026-01-04 00:00:00', 'person.banned', 0, 1, id, 'spam', '{{}}' FROM accounts_user "
    f"WHERE id MOD {SHARE} = 7",
    f"UPDATE accounts_user SET banned_at = created_at, ban_reason = 'spam' WHERE id MOD {SHARE} = 7",  # noqa: S608
    f"UPDATE accounts_user SET silenced_until = '2099-01-01' WHERE id MOD {SHARE} = 8",  # noqa: S608
    "INSERT INTO groups_group (conversation_id, name, search_key, introduction, announcement, join_policy, "
    "history, muted_all, owner_id, member_count, created_at) "
    "SELECT c.id, c.title, LOWER(c.title), '', '', 'open', 'all', 0, "
    "(SELECT MIN(p.user_id) FROM messaging_participant p WHERE p.conversation_id = c.id), 2, c.created_at "
    "FROM messaging_conversation c WHERE c.kind = 'group'",
    "INSERT INTO groups_membership (group_id, user_id, role, joined_at) "
    "SELECT p.conversation_id, p.user_id, IF(p.user_id = g.owner_id, 0, 2), g.created_at "
    "FROM messaging_participant p JOIN groups_group g ON g.conversation_id = p.conversation_id",
)


class Moderator:
    """A browser in the admin, and the rows that it looks at."""

    def __init__(self, people: int) -> None:
        from django.contrib.auth.models import Group
        from django.test import Client

        from accounts.models import User

        self.user = User.objects.filter(email="ada@example.com").first() or User.objects.create_user(
            "ada@example.com", nickname="Ada", is_staff=True
        )
        self.user.groups.add(Group.objects.get(name="administrator"))
        self.client = Client()
        self.client.force_login(self.user)
        self.client.get("/admin/")
        self.people = people

    def seen(self) -> None:
        """Her session was used just now: once a minute it says so by a query, in whatever request is next."""
        from django.utils.timezone import now

        from accounts.models import Session

        Session.objects.filter(user=self.user).update(last_seen_at=now())

    def get(self, path: str, **query: Any) -> None:
        answer = self.client.get(f"/admin/{path}", query)
        assert answer.status_code == 200, (path, answer.status_code)

    def act(self, model: str, deed: str, row: int, **answers: str) -> None:
        form = {"action": deed, "_selected_action": [row], "confirmed": "1", "reason": "because", **answers}
        answer = self.client.post(f"/admin/{model}/", form)
        assert answer.status_code == 302, (deed, answer.status_code)

    def anybody(self) -> int:
        return random.randint(2, self.people)


Ask = Callable[[Moderator], None]


def _a_message() -> int:
    from django.db.models import Max

    from messaging.models import Message

    newest: int = Message.objects.aggregate(newest=Max("pk"))["newest"]
    return random.randint(1, newest)


def _start(her: Moderator) -> None:
    from django.core.cache import cache

    from chatchat.glance import KEY

    cache.delete(KEY)
    her.get("")


def _deeper(path: str, **query: Any) -> Ask:
    """The third page of a list."""

    def read(her: Moderator) -> None:
        url, parameters = f"/admin/{path}", query
        for _page in range(3):
            answer = her.client.get(url, parameters)
            assert answer.status_code == 200
            older = re.search(r'href="([^"]+)" rel="next"', answer.content.decode())
            if older is None:
                return
            url, parameters = f"/admin/{path}{html.unescape(older[1])}", {}

    return read


def _recall(her: Moderator) -> None:
    from messaging.models import Message

    row = Message.objects.filter(conversation=LARGE_GROUP, recalled_at=None, kind="text").order_by("-seq")[5]
    her.act("messaging/message", "recall", row.pk)
    her.act("messaging/message", "restore", row.pk)


def _recall_recent(her: Moderator) -> None:
    from messaging.services import messages

    messages.send(user_id=READER, conversation_id=MINE, client_id=uuid4(), body="just now")
    her.act("accounts/user", "recall_recent", READER)


def _undone(
    model: str, there: str, back: str, row: Callable[[Moderator], int]
) -> Callable[[Moderator], None]:
    def run(her: Moderator) -> None:
        one = row(her)
        her.act(model, there, one, term="1d")
        her.act(model, back, one)

    return run


def _member(her: Moderator) -> int:
    from groups.models import Membership

    return int(Membership.objects.filter(group=LARGE_GROUP).order_by("pk").values_list("pk", flat=True)[20])


def _dissolve(her: Moderator) -> None:
    group = random.randint(2, MINE // 2)
    her.act("groups/group", "dissolve", group)
    her.act("groups/dissolved", "restore", group)


def reads() -> list[tuple[str, Ask]]:
    """(what it is called, how it is asked for)."""
    people, messages, day = "accounts/user/", "messaging/message/", "2024-01-02T00:00"
    here: dict[str, Any] = {"conversation": LARGE_GROUP}
    nothing = {"text": "no such words"}
    his = {"q": "person9@example.com"}
    span = {"since": "2026-01-02T00:00", "till": "2026-01-03T00:00"}
    record, members = "accounts/auditevent/", "groups/membership/"
    return [
        ("start page", _start),
        ("people", lambda her: her.get(people)),
        ("people, third page", _deeper(people)),
        ("people by id", lambda her: her.get(people, q=her.anybody())),
        ("people by e-mail", lambda her: her.get(people, q=f"person{her.anybody()}@example.com")),
        ("people by nickname", lambda her: her.get(people, q="Person 1")),
        ("people by nickname, third page", _deeper(people, q="Person 1")),
        ("people banned", lambda her: her.get(people, standing="banned")),
        ("people silenced", lambda her: her.get(people, standing="silenced")),
        ("staff", lambda her: her.get(people, standing="staff")),
        ("a person", lambda her: her.get(f"{people}{her.anybody()}/change/")),
        ("sessions", lambda her: her.get("accounts/session/")),
        ("sessions of a person", lambda her: her.get("accounts/session/", q=her.anybody())),
        ("sessions from an address", lambda her: her.get("accounts/session/", q="10.7.3.1")),
        ("conversations", lambda her: her.get("messaging/conversation/")),
        (
            "conversations of a person",
            lambda her: her.get("messaging/conversation/", **his),
        ),
        ("participants", lambda her: her.get("messaging/participant/")),
        ("messages", lambda her: her.get(messages)),
        ("messages, third page", _deeper(messages)),
        ("messages of a conversation", lambda her: her.get(messages, **here)),
        ("messages of it, third page", _deeper(messages, **here)),
        (
            "messages of it up to a time",
            lambda her: her.get(messages, **here, at=day),
        ),
        ("messages of a person", lambda her: her.get(messages, sender=READER)),
        ("messages of a person, third page", _deeper(messages, sender=READER)),
        ("messages up to a time", lambda her: her.get(messages, at=day)),
        ("text anywhere", lambda her: her.get(messages, **nothing)),
        (
            "text in a conversation",
            lambda her: her.get(messages, **here, **nothing),
        ),
        ("text of a person", lambda her: her.get(messages, sender=READER, **nothing)),
        (
            "a person's in a conversation",
            lambda her: her.get(messages, sender=READER, **here),
        ),
        ("a message in context", lambda her: her.get(f"{messages}{_a_message()}/change/")),
        ("groups", lambda her: her.get("groups/group/")),
        ("groups by name", lambda her: her.get("groups/group/", q="Group 1")),
        ("a group", lambda her: her.get(f"groups/group/{random.randint(1, 90)}/change/")),
        ("members", lambda her: her.get(members)),
        ("members of a group", lambda her: her.get(members, group__conversation__id__exact=LARGE_GROUP)),
        ("the record", lambda her: her.get(record)),
        ("the record, third page", _deeper(record)),
        ("the record of bans", lambda her: her.get(record, what="person.banned")),
        ("the record about a person", lambda her: her.get(record, whom=her.anybody())),
        ("the record from an address", lambda her: her.get(record, ip="10.0.0.1")),
        (
            "the record of a day",
            lambda her: her.get(record, **span),
        ),
        ("recall and restore", _recall),
        ("recall the last hour", _recall_recent),
        ("mute and lift", _undone("groups/membership", "mute", "unmute", _member)),
        ("silence and lift", _undone("accounts/user", "silence", "unsilence", Moderator.anybody)),
        ("ban and lift", _undone("accounts/user", "ban", "unban", _not_banned)),
        ("end all sessions", lambda her: her.act("accounts/user", "sign_out", her.anybody())),
        ("dissolve and restore", _dissolve),
    ]


def _not_banned(her: Moderator) -> int:
    return her.anybody() // SHARE * SHARE + 1


# ------------------------------------------------------------------ two databases


def fill(messages: int, people: int) -> None:
    from django.db import connection

    Filling(messages, people).fill()
    with connection.cursor() as cursor:
        for statement in EXTRAS:
            cursor.execute(statement)
    analyse()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE accounts_session, accounts_auditevent, groups_group, groups_membership")
        cursor.fetchall()


@contextmanager
def counted(read: Read, name: str) -> Iterator[None]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        yield
    read.queries[name] = max(read.queries.get(name, 0), len(queries))


def measure(read: Read, name: str, her: Moderator, times: int) -> None:
    import time

    run: Any = read.run
    her.seen()
    with counted(read, name):
        run(her)
    for _ in range(times):
        started = time.perf_counter()
        run(her)
        read.seconds[name].append(time.perf_counter() - started)


def run(options: argparse.Namespace) -> list[Read]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    moderators: dict[str, Moderator] = {}
    for name, share in ((SMALL, 100), (LARGE, 1)):
        if options.reuse:
            use(name)
        else:
            create(name)
            fill(options.messages // share, options.people // share)
        moderators[name] = Moderator(options.people // share)
    kinds: list[Any] = [Read(name, ask) for name, ask in reads() if options.only in name]  # type: ignore[arg-type]
    progress = Progress("rounds", options.rounds)
    for _ in range(options.rounds):
        for read in kinds:
            for name in (SMALL, LARGE):
                use(name)
                measure(read, name, moderators[name], options.times)
        progress.step()
    progress.done()
    return kinds


def good(read: Read) -> bool:
    """A moment is found by its id in at most ``ROUNDS`` queries and one, which may be fewer among few."""
    from chatchat.landmarks import ROUNDS

    return read.ratio <= BOUND and read.queries[LARGE] <= read.queries[SMALL] + ROUNDS - 1


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=2_000_000)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--times", type=int, default=5, help="of each kind a round and database")
    parser.add_argument("--only", default="", metavar="TEXT", help="what has this in its name")
    parser.add_argument("--reuse", action="store_true", help="the databases of the last run, on DATABASE_URL")
    parser.add_argument("--buffer-pool", default="2G", help="of the throw-away server")
    options = parser.parse_args()
    with database_url(options.buffer_pool) as url, tempfile.TemporaryDirectory() as var:
        os.environ |= settings(url, VAR_DIR=var, LOG_LEVEL="ERROR")
        kinds = run(options)
    times = options.rounds * options.times
    print(f"{'':<34}{options.messages // 100:>12,} {options.messages:>12,}   medians of {times}")
    for read in kinds:
        mark = "" if good(read) else "  !"
        print(
            f"{read.name:<34}{read.median_ms(SMALL):>9.2f} ms {read.median_ms(LARGE):>9.2f} ms"
            f"   × {read.ratio:.2f}   queries: {read.queries[SMALL]}, {read.queries[LARGE]}{mark}"
        )
    return 0 if all(good(read) for read in kinds) else 1


if __name__ == "__main__":
    sys.exit(main())
