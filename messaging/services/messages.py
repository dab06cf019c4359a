"""Send, edit, recall, react, and how far somebody has read."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chatchat.clock import now
from chatchat.db import retried, write_transaction
from chatchat.errors import ChatError, Conflict, Forbidden, Invalid, Unavailable
from chatchat.realtime import outlet, publish
from chatchat.telemetry import traces
from chatchat.text import check_encodable, clean_body
from messaging import history, markers, mentions, wire, writer
from messaging.access import locked_message, locked_participation, require_speech
from messaging.models import Conversation, Message, Reaction
from messaging.scribe import Writer
from messaging.services import attachments as files
from messaging.writer import Accepted, Mark, Marked, Outcome, Send

#: The writer of this process, in a server; elsewhere a batch is written by who asks for it.
_writer: Writer | None = None
REACTIONS_LIMIT = 20  # different emoji a message
EMOJI_MAX = 32  # characters: the longest sequences of Unicode's emoji have about ten


#: What tells of markers that moved, in the server's loop.
_news: Callable[[Marked], None] | None = None


def use_writer(running: Writer | None, news: Callable[[Marked], None] | None = None) -> None:
    """Let messages of this process go through ``running``, and markers that moved be told by ``news``."""
    global _writer, _news
    _writer, _news = running, news


def content_hash(
    *, conversation_id: int, kind: str, body: str, reply_to: int | None, attachments: Sequence[int] = ()
) -> str:
    """What a retry is recognised by, as 64 hexadecimal digits."""
    content = msgspec.json.encode([conversation_id, kind, body, reply_to, attachments])
    return hashlib.sha256(content).hexdigest()


def prepare(
    *,
    user_id: int,
    conversation_id: int,
    client_id: UUID,
    kind: str,
    body: str,
    reply_to: int | None,
    attachments: Sequence[int] = (),
) -> Send:
    """A validated message on its way in; no database. Raises ``Invalid``."""
    if kind != Message.Kind.TEXT:
        raise Invalid(details={"kind": [_("Only text can be sent.")]})
    if attachments:
        _check_attachments(attachments)
    body = _clean(body, attached=bool(attachments))
    return Send(
        user_id,
        conversation_id,
        str(client_id),
        kind,
        body,
        reply_to,
        content_hash(
            conversation_id=conversation_id, kind=kind, body=body, reply_to=reply_to, attachments=attachments
        ),
        tuple(attachments),
    )


def _clean(body: str, *, attached: bool) -> str:
    """A message's text; beside attachments it may be empty."""
    if attached and not body.strip():
        return ""
    return clean_body(body, field="body", maximum=settings.MESSAGE_MAX_LENGTH)


def _check_attachments(ids: Sequence[int]) -> None:
    most = settings.ATTACHMENTS_PER_MESSAGE
    if len(ids) > most:
        raise Invalid(details={"attachments": [_("At most %(most)d.") % {"most": most}]})
    if len(set(ids)) < len(ids):
        raise Invalid(details={"attachments": [_("The same one twice.")]})


def send(
    *,
    user_id: int,
    conversation_id: int,
    client_id: UUID,
    body: str,
    kind: str = "text",
    reply_to: int | None = None,
    attachments: Sequence[int] = (),
    refusal: ChatError | None = None,
) -> Accepted:
    """Write a message; returns after the commit.

    The same ``client_id`` with the same content again returns the first result, whatever happened
    since; with other content it raises ``Conflict`` (``client_id_conflict``). ``refusal`` is raised
    instead if this is no retry: a limit that was reached. Others: ``Invalid``, ``NotFound``,
    ``MayNotSend``, ``Unavailable``.
    """
    item = prepare(
        user_id=user_id,
        conversation_id=conversation_id,
        client_id=client_id,
        kind=kind,
        body=body,
        reply_to=reply_to,
        attachments=attachments,
    )
    item.refusal = refusal
    outcome = _through_writer(item)
    if isinstance(outcome, Accepted):
        return outcome
    raise outcome if isinstance(outcome, ChatError) else TypeError(outcome)


def sent(*, user_id: int, accepted: Accepted) -> dict[str, Any]:
    """The accepted message in its present state, for its sender, who may have no access any more."""
    found = history.shapes(
        Message.objects.filter(conversation_id=accepted.conversation_id, seq=accepted.seq, sender_id=user_id)
    )
    return found[0][1]


def mark(*, user_id: int, conversation_id: int, seq: int, read: bool) -> Marked:
    """Move a marker on, never back; returns after the commit. ``read`` implies delivered."""
    outcome = _through_writer(Mark(user_id, conversation_id, seq, read))
    if not isinstance(outcome, Marked):
        raise outcome if isinstance(outcome, ChatError) else TypeError(outcome)
    if _news is None:
        outlet.deliver(markers.told([outcome]))
    return outcome


def _through_writer(item: Send | Mark) -> Outcome:
    if _writer is None:
        return writer.write([item])[0]
    if traces.on and isinstance(item, Send):
        item.trace = traces.passage()
    future: Future[Outcome] = Future()

    def done(outcome: Outcome) -> None:
        future.set_result(outcome)
        if isinstance(outcome, Marked) and _news is not None:
            _news(outcome)

    _writer.submit(item, done)
    try:
        return future.result(timeout=30)
    except TimeoutError:
        return Unavailable()


# --- changes to what was said ---------------------------------------------------------------------


@retried
def edit(*, user_id: int, conversation_id: int, seq: int, body: str) -> int:
    """Change the text of one's own message within ``EDIT_WINDOW``; the version that holds it now.

    Raises ``NotFound``, ``MayNotSend``, ``Forbidden`` (``not_yours``, ``too_late``), ``Conflict``
    (``recalled``), ``Invalid``. The same text again changes nothing.
    """
    if body.strip():
        body = _clean(body, attached=False)
    with write_transaction():
        me = locked_participation(user_id=user_id, conversation_id=conversation_id)
        message = locked_message(me, seq=seq)
        # Attachments stay as they are; beside them the text may go.
        body = _clean(body, attached="attachments" in message.data)
        if message.sender_id != user_id:
            raise Forbidden(_("Only your own messages can be edited."), code="not_yours")
        require_speech(me)
        refuse_recalled(message)
        if _older_than(message, settings.EDIT_WINDOW):
            raise Forbidden(_("This message is too old to be edited."), code="too_late")
        if message.body == body:
            return message.version
        message.body, message.edited_at = body, now()
        message.data = {key: value for key, value in message.data.items() if key != "mentions"}
        if "@" in body and (found := mentions.mentioned(conversation_id, body)):
            message.data["mentions"] = found
        return save_change(me.conversation, message)


@retried
def recall(*, user_id: int, conversation_id: int, seq: int) -> int:
    """Take a message back: it keeps its place and loses what it said; the version that says so.

    One's own within ``RECALL_WINDOW``; anybody's, at any time, for who may moderate. Raises
    ``NotFound``, ``Forbidden`` (``not_yours``, ``too_late``). Once more changes nothing.
    """
    with write_transaction():
        me = locked_participation(user_id=user_id, conversation_id=conversation_id)
        message = locked_message(me, seq=seq)
        if message.kind == Message.Kind.SYSTEM:
            raise Forbidden(_("The system's lines cannot be recalled."), code="not_yours")
        if message.recalled_at is not None and (message.sender_id == user_id or me.may_moderate):
            return message.version
        if not me.may_moderate:
            if message.sender_id != user_id:
                raise Forbidden(_("Only your own messages can be recalled."), code="not_yours")
            if _older_than(message, settings.RECALL_WINDOW):
                raise Forbidden(_("This message is too old to be recalled."), code="too_late")
        return _take_back(me.conversation, message)


def _take_back(conversation: Conversation, message: Message) -> int:
    attached = "attachments" in message.data
    version = empty(conversation, message)
    if attached:
        files.forget(message)
    return version


def empty(conversation: Conversation, message: Message) -> int:
    """A message of a locked conversation loses what it said, and says that it was recalled."""
    message.body, message.data, message.recalled_at = "", {}, now()
    message.reactions.all().delete()
    return save_change(conversation, message)


@retried
def react(*, user_id: int, conversation_id: int, seq: int, emoji: str, present: bool) -> int:
    """Put an emoji on a message or take one's own away; the version. What is so already changes nothing.

    Raises ``NotFound``, ``MayNotSend``, ``Conflict`` (``recalled``, ``too_many_reactions``), ``Invalid``.
    """
    check_encodable(emoji, field="emoji")
    if not emoji or len(emoji) > EMOJI_MAX or emoji != emoji.strip() or not _looks_like_emoji(emoji):
        raise Invalid(details={"emoji": [_("That is not an emoji.")]})
    with write_transaction():
        me = locked_participation(user_id=user_id, conversation_id=conversation_id)
        message = locked_message(me, seq=seq)
        require_speech(me)
        refuse_recalled(message)
        mine = message.reactions.filter(user_id=user_id, emoji=emoji)
        if mine.exists() == present:
            return message.version
        if present:
            kinds = set(message.reactions.values_list("emoji", flat=True).distinct())
            if emoji not in kinds and len(kinds) >= REACTIONS_LIMIT:
                raise Conflict(_("There are enough different reactions here."), code="too_many_reactions")
            Reaction.objects.create(message=message, user_id=user_id, emoji=emoji)
        else:
            mine.delete()
        return save_change(me.conversation, message)


def _looks_like_emoji(text: str) -> bool:
    """No letters, no white space, no control characters; ASCII only as part of a keycap."""
    others = "ℹ" + ("#*0123456789" if "\u20e3" in text else "")  # Unicode calls that one a letter
    return all(c in others or (ord(c) > 0xA8 and not c.isalpha() and not c.isspace()) for c in text)


def refuse_recalled(message: Message) -> None:
    if message.kind == Message.Kind.SYSTEM:
        raise Forbidden(_("The system's lines stay as they are."), code="not_yours")
    if message.recalled_at is not None:
        raise Conflict(_("This message was recalled."), code="recalled")


def _older_than(message: Message, window: timedelta) -> bool:
    return now() - message.sent_at > window


def save_change(conversation: Conversation, message: Message) -> int:
    """Save a changed message under its locked conversation's next version, and tell everybody."""
    conversation.last_version += 1
    message.version = conversation.last_version
    message.save(update_fields=["body", "data", "edited_at", "recalled_at", "version"])
    conversation.save(update_fields=["last_version"])
    [(_id, shape)] = history.shapes(Message.objects.filter(pk=message.pk))
    publish(wire.change(conversation.pk, shape))
    return message.version
