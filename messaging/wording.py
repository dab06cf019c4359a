"""The system's lines in words, for the pages without scripts; ``format.js`` words them in the others."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

#: Each is looked up when it is needed, in the reader's language.
SYSTEM: dict[str, Callable[[], str]] = {
    "group.created": lambda: _("%(by)s founded the group"),
    "group.renamed": lambda: _("%(by)s renamed the group to “%(name)s”"),
    "group.changed": lambda: _("%(by)s changed the group's settings"),
    "group.announced": lambda: _("%(by)s changed the announcement"),
    "group.transferred": lambda: _("%(by)s made %(user)s the owner"),
    "group.dissolved": lambda: _("%(by)s dissolved the group"),
    "group.muted_all": lambda: _("%(by)s muted everybody"),
    "group.unmuted_all": lambda: _("%(by)s lets everybody write again"),
    "member.joined": lambda: _("%(user)s joined"),
    "member.left": lambda: _("%(user)s left"),
    "member.removed": lambda: _("%(by)s removed %(user)s"),
    "member.muted": lambda: _("%(by)s muted %(user)s"),
    "member.unmuted": lambda: _("%(by)s lets %(user)s write again"),
    "role.changed": lambda: _("%(by)s made %(user)s: %(role)s"),
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
    values = {"name": str(data.get("name", "")), "role": ROLES[role]() if role in ROLES else role}
    for key in ("by", "user"):
        values[key] = names.get(data.get(key) or 0) or (f"#{data[key]}" if data.get(key) else _("The system"))
    return word() % values


def preview(message: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """One line that stands for a message."""
    if message["recalled_at"]:
        return _("Message recalled")
    if message["kind"] == "system":
        return system(message["data"], names)
    return " ".join(message["body"].split()) or files(message["data"].get("attachments", ()))


def files(attachments: Any) -> str:
    """What stands for a message that is nothing but attachments."""
    images = [one for one in attachments if one.get("thumbnail")]
    if not attachments:
        return ""
    return _("[Picture]") if len(images) == len(attachments) else _("[File]")
