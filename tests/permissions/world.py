"""Ten people and what is between them, for the permission matrix.

stranger  knows nobody and is in no group
member    is in the groups and the owner's friend
former    left the groups and is no longer the owner's friend
kicked    was removed from the groups
muted     is in the groups, muted; the owner's friend
blocked   is in the groups; the owner's friend, whom the owner blocks
admin     is in the groups, as an admin
owner     made the groups
banned    was all that a member is, and is shut out now
anonymous shows no token
"""

import functools
import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import TestCase

from accounts.models import Identity, User
from accounts.services.bans import ban_person
from accounts.services.sessions import begin_with_tokens
from chatchat.clock import now
from chatchat.realtime import Event, outlet
from groups.models import JoinRequest, Role
from groups.services import invitations, lifecycle, members
from messaging.attachments.storage import THUMBNAIL
from messaging.models import Attachment
from messaging.services import attachments as files
from messaging.services import messages
from messaging.writer import Accepted
from social import services as social
from tests.accounts.pictures import picture
from tests.people import new_user

PEOPLE = (
    "anonymous", "stranger", "member", "former", "kicked", "muted", "blocked", "admin", "owner", "banned",
)  # fmt: skip
#: Who are in the groups from the start, beside the owner; some of them not to the end.
INSIDE = ("somebody", "member", "former", "kicked", "muted", "blocked", "admin", "banned")
FRIENDS = ("member", "former", "muted", "blocked", "banned")
#: An id that nothing has.
NOWHERE = 2**62 + 1
POLICIES = {"group": "approval", "open": "open", "secret": "invite", "since": "open", "dissolved": "open"}


@dataclass
class Person:
    """Somebody of the cast, and what they would show at the doors."""

    name: str
    user: User | None = None
    access: str = ""
    refresh: str = ""
    #: What ``{name}`` in a row of the table stands for, when it is this person's turn.
    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> int:
        assert self.user is not None
        return self.user.pk

    @property
    def email(self) -> str:
        return str(self.user.email) if self.user else "nobody@example.com"


class World:
    """Everything that the rows of the table name."""

    def __init__(self) -> None:
        extras = ("somebody", "asker", "asked")
        self.people = {name: self._person(name) for name in (*PEOPLE[1:], *extras)}
        self.people["anonymous"] = Person("anonymous")
        owner = self["owner"].id
        self.ids: dict[str, Any] = {name: one.id for name, one in self.people.items() if one.user}
        self.ids["owner_session"] = self["owner"].ids["my_session"]
        self.ids["owner_identity"] = self["owner"].ids["my_identity"]
        for name, policy in POLICIES.items():
            self.ids[name] = self._group(name, policy)
        self._befriend()
        for name in ("stranger", *FRIENDS, "kicked", "admin", "owner"):
            self._requests(self[name])
        self.ids["request"] = self["owner"].ids["asked_me"]
        self._doors()
        for name in (*PEOPLE[1:], "somebody"):
            self[name].ids["my_upload"] = self.upload(name)
        self.ids["foreign_upload"] = self["somebody"].ids["my_upload"]
        self._part()
        lifecycle.dissolve(group_id=self.ids["dissolved"], actor_id=owner)
        ban_person(user_id=self["banned"].id)
        for one in self.people.values():
            # Who has nothing of their own is given the member's, which is foreign to them.
            one.ids = self.ids | self["member"].ids | one.ids
        root = Path(storages["attachments"].path(""))
        names = list(Attachment.objects.values_list("file", flat=True))
        paths = [root / (name + end) for name in names for end in ("", THUMBNAIL)]
        self.files = {path: path.read_bytes() for path in paths if path.exists()}

    def put_back(self) -> None:
        """The files that something removed: unlike its rows, they know of no transaction."""
        for path, content in self.files.items():
            if not path.exists():
                path.write_bytes(content)

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def _person(self, name: str) -> Person:
        user = new_user(name.title())
        session, pair = begin_with_tokens(user=user)
        # They may all go away again: everybody has a password.
        identity = Identity.objects.create(
            user=user, issuer="https://id.example.com", subject=name, provider="other"
        )
        own = {"my_session": session.pk, "my_identity": identity.pk}
        return Person(name, user, pair.access, pair.refresh, own)

    def say(
        self, name: str, conversation: int, body: str = "hello", attachments: tuple[int, ...] = ()
    ) -> int:
        """A message of theirs; its seq."""
        said: Accepted = messages.send(
            user_id=self[name].id,
            conversation_id=conversation,
            client_id=uuid.uuid4(),
            body=body,
            attachments=attachments,
        )
        return said.seq

    def upload(self, name: str) -> int:
        """A picture of theirs, not sent yet."""
        file = SimpleUploadedFile("me.png", picture())
        return files.upload(owner_id=self[name].id, file=file).pk

    def attached(self, name: str, conversation: int) -> int:
        """A picture that they send."""
        made = self.upload(name)
        self.say(name, conversation, "", (made,))
        return made

    def _group(self, name: str, policy: str) -> int:
        owner = self["owner"].id
        history = "since_joined" if name == "since" else "all"
        group: int = lifecycle.create(owner_id=owner, name=name, join_policy="open", history=history).pk
        # seq 2, before anybody came
        self.ids[f"attached_{name}"] = self.attached("owner", group)
        for one in INSIDE:
            members.join(user_id=self[one].id, group_id=group)
        members.change(actor_id=owner, group_id=group, user_id=self["admin"].id, role=Role.ADMIN)
        until = now() + timedelta(days=1)
        if name == "group":
            for one in (*INSIDE, "owner"):
                self[one].ids["own"] = self.say(one, group)
            self.ids["others"] = self["somebody"].ids["own"]
            self.ids["system"] = 1
        members.change(actor_id=owner, group_id=group, user_id=self["muted"].id, muted_until=until)
        members.leave(user_id=self["former"].id, group_id=group)
        members.kick(actor_id=owner, group_id=group, user_id=self["kicked"].id)
        lifecycle.edit(actor_id=owner, group_id=group, join_policy=policy)
        return group

    def _befriend(self) -> None:
        owner = self["owner"].id
        for name in FRIENDS:
            asked = social.ask(sender_id=owner, recipient_id=self[name].id)
            accepted = social.accept(user_id=self[name].id, request_id=asked.pk)
            conversation = accepted.conversation_id
            self[name].ids["direct"] = conversation
            self[name].ids["said_direct"] = self.say(name, conversation or 0)
            self[name].ids["attached_direct"] = self.attached("owner", conversation or 0)
        self["owner"].ids["direct"] = self["member"].ids["direct"]
        self["owner"].ids["attached_direct"] = self["member"].ids["attached_direct"]
        self["owner"].ids["said_direct"] = self.say("owner", self["owner"].ids["direct"])

    def _requests(self, one: Person) -> None:
        incoming = social.ask(sender_id=self["asker"].id, recipient_id=one.id)
        outgoing = social.ask(sender_id=one.id, recipient_id=self["asked"].id)
        one.ids |= {"asked_me": incoming.pk, "i_asked": outgoing.pk}

    def _doors(self) -> None:
        owner = self["owner"].id
        waiting = members.join(user_id=self["asker"].id, group_id=self.ids["group"])
        assert isinstance(waiting, JoinRequest)
        self.ids["waiting"] = waiting.pk
        for name in ("group", "secret"):
            made = invitations.invite(actor_id=owner, group_id=self.ids[name], expires_in=3600, max_uses=100)
            self.ids |= {f"{name}_invitation": made.pk, f"{name}_token": made.token}

    def _part(self) -> None:
        owner = self["owner"].id
        social.unfriend(user_id=owner, friend_id=self["former"].id)
        social.block(user_id=owner, blocked_id=self["blocked"].id)


class Nowhere(dict[str, Any]):
    """Every id replaced by one that nothing has; what is no id stays."""

    def __init__(self, ids: dict[str, Any]) -> None:
        super().__init__({name: NOWHERE if isinstance(id_, int) else "A" * 32 for name, id_ in ids.items()})


# --- that nothing happened --------------------------------------------------------------------------

#: When a session was used; rows that only lock, what a browser was told to remember, tries that count,
#: and the record, which a wrong password is on.
_NO_MATTER = {"accounts.Session": {"last_seen_at"}}
_NO_MATTER_AT_ALL = {"social.Pair", "sessions.Session", "accounts.Binding", "accounts.AuditEvent"}


@functools.cache
def _statements() -> dict[str, str]:
    """A statement a table that reads all of it; plain SQL, since this is asked a thousand times."""
    quote = connection.ops.quote_name
    found = {}
    for model in apps.get_models():
        label, meta = model._meta.label, model._meta
        if label not in _NO_MATTER_AT_ALL and meta.pk is not None:
            columns = [
                column.column
                for column in meta.concrete_fields
                if column.attname not in _NO_MATTER.get(label, ())
            ]
            named = ", ".join(quote(name) for name in columns if name)
            found[label] = f"SELECT {named} FROM {quote(meta.db_table)} ORDER BY {quote(str(meta.pk.column))}"  # noqa: S608
    return found


def dump() -> dict[str, str]:
    """A hash of all rows of each table."""
    hashes = {}
    with connection.cursor() as cursor:
        for label, statement in _statements().items():
            cursor.execute(statement)
            hashes[label] = hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
    return hashes


def changed(before: dict[str, str]) -> list[str]:
    """The tables of which a row is not as it was."""
    after = dump()
    return [label for label, hash_ in before.items() if after[label] != hash_]


#: What begins a statement that changes no row.
_READING = {"SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK"}


@contextmanager
def writing() -> Iterator[list[str]]:
    """The statements meanwhile that may have changed a row: where there is none, all are as they were."""
    written: list[str] = []

    def look(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.split(None, 1)[0].upper() not in _READING:
            written.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        yield written


@contextmanager
def told_and_undone() -> Iterator[list[Event]]:
    """What is published meanwhile; all else that happens is undone."""
    with transaction.atomic():
        with outlet.observe() as events, TestCase.captureOnCommitCallbacks(execute=True):
            yield events
        transaction.set_rollback(True)
