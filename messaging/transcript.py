"""A conversation's messages as the pages without scripts show them, in a constant number of queries."""

import re
from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from messaging import history, wording
from messaging.models import Participant

QUOTED = 120  # characters of what is answered to
#: As the chat's scripts find them: http and https alone, without the punctuation that follows.
LINK = re.compile(r"https?://[^\s<>\"'，。；！？、（）《》【】]+[^\s<>\"'，。；！？、（）《》【】.,;:!?)\]]")


def nicknames(ids: Iterable[int]) -> dict[int, str]:
    """{id: nickname}; one query, none for nobody."""
    wanted = set(ids)
    return dict(User.objects.filter(pk__in=wanted).values_list("pk", "nickname")) if wanted else {}


def named_in(messages: Iterable[dict[str, Any]]) -> set[int]:
    """Whom the system's lines among these messages name."""
    found: set[int] = set()
    for message in messages:
        if message["kind"] == "system":
            found |= wording.people_in(message["data"])
    return found


def lines(participant: Participant, messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the template shows of each message, in their order; at most three queries."""
    here = {message["seq"]: message for message in messages}
    wanted = {message["reply_to"] for message in messages if message["reply_to"]} - here.keys()
    quoted = here | _elsewhere(participant, wanted)
    names = nicknames(named_in(quoted.values()))
    return [_line(message, quoted, names, here, participant.user_id) for message in messages]


def _elsewhere(participant: Participant, seqs: set[int]) -> dict[int, dict[str, Any]]:
    if not seqs:
        return {}
    found = history.shapes(history.visible(participant).filter(seq__in=seqs))
    return {shape["seq"]: shape for _, shape in found}


def _line(
    message: dict[str, Any],
    quoted: dict[int, dict[str, Any]],
    names: dict[int, str],
    here: Container[int],
    reader: int,
) -> dict[str, Any]:
    is_system = message["kind"] == "system"
    there = quoted.get(message["reply_to"] or 0)
    return {
        **message,
        "sent_at": moment(message["sent_at"]),
        "system": wording.system(message["data"], names) if is_system else "",
        "text": linked(message["body"]),
        "recalled": wording.recalled(message, reader=reader) if message["recalled_at"] else "",
        "quote": quote(there, names, reader) | {"here": there["seq"] in here} if there else None,
        "attachments": message["data"].get("attachments", []),
    }


def moment(text: str) -> datetime:
    """A moment of the wire's."""
    return datetime.fromisoformat(text)


def answered(participant: Participant, seq: int) -> dict[str, Any] | None:
    """The quote of the message at ``seq``, to be answered; None if it is not there for this person."""
    message = history.one(participant, seq)
    if message is None:
        return None
    return quote(message, nicknames(named_in([message])), participant.user_id)


def quote(message: dict[str, Any], names: dict[int, str], reader: int) -> dict[str, Any]:
    """What is answered to: where it stands, who said it, and its beginning."""
    sender = message["sender"]
    return {
        "seq": message["seq"],
        "upto": message["seq"] + 1,
        "name": sender["nickname"] if sender else "",
        "text": wording.preview(message, names, reader=reader)[:QUOTED],
    }


def linked(body: str) -> SafeString:
    """The text with its links to follow; everything else is text, whatever it looks like."""
    parts: list[SafeString] = []
    end = 0
    for match in LINK.finditer(body):
        parts.append(format_html("{}", body[end : match.start()]))
        parts.append(
            format_html('<a href="{0}" rel="noopener noreferrer nofollow" target="_blank">{0}</a>', match[0])
        )
        end = match.end()
    parts.append(format_html("{}", body[end:]))
    return format_html_join("", "{}", ((part,) for part in parts))
