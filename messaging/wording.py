"""The system's lines in words, for the pages without scripts; ``format.js`` words them in the others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chatchat.text import inline_name, plain_name

#: Each is looked up when it is needed, in the reader's language.
SYSTEM: dict[str, Callable[[], str]] = {
    "group.created": lambda: _("%(by)s founded the group"),
    "group.renamed": lambda: _("%(by)s renamed the group to “%(name)s”"),
    "group.changed": lambda: _("%(by)s changed the group's settings"),
    "group.announced": lambda: _("%(by)s changed the announcement"),
    "group.transferred": lambda: _("%(by)s made %(user)s the owner"),
    "group.dissolved": lambda: _("%(by)s dissolved the group"),
    "group.restored": lambda: _("%(by)s brought the group back"),
    "group.muted_all": lambda: _("%(by)s muted everybody"),
    "group.unmuted_all": lambda: _("%(by)s lets everybody write again"),
    "member.joined": lambda: _("%(user)s joined"),
    "member.left": lambda: _("%(user)s left"),
    "member.removed": lambda: _("%(by)s removed %(user)s"),
    "member.muted": lambda: _("%(by)s muted %(user)s"),
    "member.unmuted": lambda: _("%(by)s lets %(user)s write again"),
    "message.lost": lambda: _("A message was lost here"),
    "role.changed": lambda: _("%(by)s changed the role of %(user)s to %(role)s"),
}
ROLES: dict[str, Callable[[], str]] = {
    "owner": lambda: _("owner"),
    "admin": lambda: _("admin"),
    "member": lambda: _("member"),
}


def people_in(data: Mapping[str, Any]) -> set[int]:
    """The ids of those whom a line of the system's names."""
    return {data[key] for key in ("by", "user") if isinstance(data.get(key), int)}


def system(data: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """A line of the system's; ``names`` are the nicknames of ``people_in`` it."""
    word = SYSTEM.get(data.get("event", ""))
    if word is None:
        return str(data.get("event", ""))
    role = str(data.get("role", ""))
    values = {"name": inline_name(data.get("name")), "role": ROLES[role]() if role in ROLES else role}
    for key in ("by", "user"):
        values[key] = _name(data.get(key), names)
    return word() % values


def _name(user_id: Any, names: Mapping[int, str]) -> str:
    if not user_id:
        return _("The system")
    return inline_name(names[user_id]) if user_id in names else f"#{user_id}"


def preview(message: Mapping[str, Any], names: Mapping[int, str], *, reader: int) -> str:
    """One line that stands for a message."""
    if message["recalled_at"]:
        return recalled(message, reader=reader)
    if message["kind"] == "system":
        return system(message["data"], names)
    return " ".join(message["body"].split()) or _enclosed(message["data"].get("attachments", ()))


def recalled(message: Mapping[str, Any], *, reader: int) -> str:
    """What stands in the place of a message that was taken back."""
    sender = message["sender"]
    return _("You recalled a message") if sender and sender["id"] == reader else _("Message recalled")


def _enclosed(attachments: Sequence[Mapping[str, Any]]) -> str:
    """A message without text, by what is attached to it."""
    file = next((one for one in attachments if not is_picture(one)), None)
    if file is not None:
        return plain_name(file["name"])
    count = len(attachments)
    return ngettext("%s picture", "%s pictures", count) % count if count else ""


def is_picture(attachment: Mapping[str, Any]) -> bool:
    """Whether an attachment is shown as a picture."""
    return bool(attachment["type"].startswith("image/") and attachment["width"] and attachment["height"])
