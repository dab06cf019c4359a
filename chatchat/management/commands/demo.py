"""Demo people, groups and conversations, made through the services like everything else."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from chatchat import demo
from chatchat.demo import files, script
from chatchat.demo.script import Line, Script
from chatchat.errors import Conflict, Forbidden
from groups.models import Group
from groups.services import lifecycle, members
from messaging.models import Message
from messaging.services import attachments, conversations, messages
from social import services as social

#: Script, name, introduction, and its people, the founder first.
GROUPS = (
    (
        "harbour_release",
        "Harbour release",
        "Getting 2.4 out of the door.",
        ("alice", "bob", "carol", "dave", "lilei"),
    ),
    (
        "hiking",
        "周末爬山小队",
        "每个月爬一座山，慢慢走。",
        ("xiaoming", "lilei", "hanmeimei", "wangfang", "alice"),
    ),
    (
        "book_club",
        "Book club 读书会",
        "One book a month, in the language you like.",
        ("carol", "alice", "hanmeimei", "wangfang", "xiaoming"),
    ),
    ("lunch", "今天吃什么", "人类永恒的问题。", ("xiaoming", "lilei", "wangfang", "hanmeimei")),
)
#: Script, and its two people.
DIRECT = (
    ("alice_bob", ("alice", "bob")),
    ("alice_hanmeimei", ("hanmeimei", "alice")),
    ("bob_xiaoming", ("xiaoming", "bob")),
    ("carol_dave", ("carol", "dave")),
    ("xiaoming_lilei", ("lilei", "xiaoming")),
)
#: Who has asked whom, and waits for an answer.
ASKING = (
    ("dave", "alice", "Hi Alice, Dave from the release group. Friends?"),
    ("wangfang", "alice", "你好，我是王芳！"),
)


class Command(BaseCommand):
    """Make the demo, unless it is there; then this returns at once."""

    help = "Make demo people with a known password, their groups and conversations, unless they are there."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEV_MAIL:
            raise CommandError(
                "The demo people have a password that everybody knows: they are only made where DEV_MAIL=1."
            )
        if not any(login.admin for login in demo.logins()):
            self.stdout.write("      making the demo people and what they said …")
            _Making().make()


class _Making:
    """One making of the demo. Done twice it changes nothing, so one that was cut short may be repeated."""

    def __init__(self) -> None:
        self.now = datetime.now().astimezone()
        self.people: dict[str, User] = {}

    def make(self) -> None:
        for person in demo.PEOPLE:
            if not person.admin:
                self.people[person.key] = _person(person)
        talks = [(self._group(name, title, about, keys), name) for name, title, about, keys in GROUPS]
        talks += [(self._friends(*pair), name) for name, pair in DIRECT]
        for sender, recipient, greeting in ASKING:
            with suppress(Conflict):
                social.ask(sender_id=self._id(sender), recipient_id=self._id(recipient), greeting=greeting)
        told = [(conversation, name, script.read(name, now=self.now)) for conversation, name in talks]
        told.sort(key=lambda one: one[2].lines[-1].sent_at)
        for ago, (_, _, lines) in zip(range(2, 100, 7), reversed(told), strict=False):
            lines.end_before(self.now - timedelta(minutes=ago))
        self._tell(told)
        # The last of all: who finds the admin finds a whole demo.
        for person in demo.PEOPLE:
            if person.admin:
                _person(person)

    def _id(self, key: str) -> int:
        return self.people[key].pk

    def _group(self, name: str, title: str, about: str, keys: tuple[str, ...]) -> int:
        founder, *others = (self._id(key) for key in keys)
        group = Group.objects.filter(owner=founder, name=title).first()
        if group is None:
            group = lifecycle.create(owner_id=founder, name=title, introduction=about)
        for user_id in others:
            with suppress(Conflict):
                members.join(user_id=user_id, group_id=group.pk)
        first = script.read(name, now=self.now).lines[0].sent_at - timedelta(hours=1)
        Message.objects.filter(conversation=group.pk, kind=Message.Kind.SYSTEM).update(
            sent_at=first.astimezone(UTC)
        )
        return int(group.pk)

    def _friends(self, *keys: str) -> int:
        sender, recipient = (self._id(key) for key in keys)
        with suppress(Conflict):
            social.ask(sender_id=sender, recipient_id=recipient)
            request = social.ask(sender_id=recipient, recipient_id=sender)  # crossing requests befriend
            if request.conversation_id is not None:
                return request.conversation_id
        return conversations.direct_of(user_ids=(sender, recipient)) or 0

    # ---- what they say

    def _tell(self, talks: Sequence[tuple[int, str, Script]]) -> None:
        """All of it in the order of its times: lists and searches show first what was said last."""
        seqs: dict[int, list[int]] = {conversation: [] for conversation, _, _ in talks}
        lines = [(conversation, name, line) for conversation, name, told in talks for line in told.lines]
        for conversation, name, line in sorted(lines, key=lambda one: one[2].sent_at):
            said = seqs[conversation]
            reply_to = said[line.reply] if line.reply is not None else None
            client_id = uuid5(NAMESPACE_URL, f"chatchat:demo:{name}:{len(said)}")
            said.append(self._say(conversation, line, client_id, reply_to))
        for conversation, _, told in talks:
            self._change(conversation, told, seqs[conversation])
            self._read(conversation, told, seqs[conversation])
            _backdate(conversation, told, seqs[conversation])

    def _say(self, conversation: int, line: Line, client_id: UUID, reply_to: int | None) -> int:
        sender = self._id(line.who)
        known = Message.objects.filter(sender=sender, client_id=str(client_id)).values_list("seq", flat=True)
        if known:
            return known[0]  # with files of its own
        uploads = [SimpleUploadedFile(name, files.content(name)) for name in line.files]
        return messages.send(
            user_id=sender,
            conversation_id=conversation,
            client_id=client_id,
            body=line.text,
            reply_to=reply_to,
            attachments=[attachments.upload(owner_id=sender, file=file).pk for file in uploads],
        ).seq

    def _change(self, conversation: int, told: Script, seqs: list[int]) -> None:
        for line, seq in zip(told.lines, seqs, strict=True):
            where = {"user_id": self._id(line.who), "conversation_id": conversation, "seq": seq}
            with suppress(Conflict, Forbidden):  # changed already, by a making that was cut short
                for emoji, who in line.reactions:
                    messages.react(**{**where, "user_id": self._id(who)}, emoji=emoji, present=True)
                if line.edited:
                    messages.edit(**where, body=line.edited)
                if line.recalled:
                    messages.recall(**where)

    def _read(self, conversation: int, told: Script, seqs: list[int]) -> None:
        for who in sorted({line.who for line in told.lines} | set(told.unread)):
            upto = len(seqs) - told.unread.get(who, 0)
            messages.mark(user_id=self._id(who), conversation_id=conversation, seq=seqs[upto - 1], read=True)


def _person(person: demo.Person) -> User:
    known = User.objects.filter(email=person.email).first()
    if known is not None:
        return known
    make = User.objects.create_superuser if person.admin else User.objects.create_user
    return make(
        person.email,
        demo.PASSWORD,
        nickname=person.nickname,
        introduction=person.introduction,
        language=person.language,
    )


def _backdate(conversation: int, told: Script, seqs: list[int]) -> None:
    """Spread what was said over the last days. Nothing is ordered or counted by time, so nothing moves."""
    rows = list(Message.objects.filter(conversation=conversation, seq__in=seqs).order_by("seq"))
    for row, line in zip(rows, told.lines, strict=True):
        row.sent_at = line.sent_at.astimezone(UTC)
        later = min(row.sent_at + timedelta(minutes=4), datetime.now(UTC))
        row.edited_at = later if row.edited_at else None
        row.recalled_at = later if row.recalled_at else None
    Message.objects.bulk_update(rows, ["sent_at", "edited_at", "recalled_at"])
