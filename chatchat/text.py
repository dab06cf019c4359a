"""What counts as text: the rules that every door applies to what people type."""

import unicodedata

from django.utils.translation import gettext_lazy as _

from chatchat.errors import Invalid

#: Blank though Unicode calls them letters, marks or symbols: fillers, the braille blank, selectors.
_BLANK = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180E, 0x2800, 0x3164, 0xFFA0}
_BLANK |= {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
#: Controls, formats, separators. What Python knows no name of yet may well be an emoji.
_UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp"}


def is_seen(text: str) -> bool:
    """Whether anything of it is to be seen: a name that is not would be nobody's, or anybody's."""
    return any(ord(one) not in _BLANK and unicodedata.category(one) not in _UNSEEN for one in text)


def check_encodable(value: str, *, field: str) -> None:
    """Refuse what no database or UTF-8 wire can hold: NUL and lone surrogates."""
    if "\x00" in value:
        raise Invalid(details={field: [_("NUL characters are not allowed.")]})
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid(details={field: [_("That is not valid Unicode text.")]}) from None


def clean_line(value: str, *, field: str, minimum: int, maximum: int) -> str:
    """A name: one line, trimmed, ``minimum`` to ``maximum`` characters, no control characters."""
    check_encodable(value, field=field)
    line = value.strip()
    if any(ord(character) < 32 or ord(character) == 127 for character in line):
        raise Invalid(details={field: [_("Control characters are not allowed.")]})
    if minimum and line and not is_seen(line):
        raise Invalid(details={field: [_("Something of it has to be visible.")]})
    if not minimum <= len(line) <= maximum:
        raise Invalid(
            details={
                field: [
                    _("Between %(minimum)d and %(maximum)d characters.")
                    % {"minimum": minimum, "maximum": maximum}
                ]
            }
        )
    return line


def clean_note(value: str, *, field: str, maximum: int) -> str:
    """Several lines, or none: trimmed, with LF between them, at most ``maximum`` characters."""
    check_encodable(value, field=field)
    note = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if any((ord(character) < 32 and character not in "\n\t") or ord(character) == 127 for character in note):
        raise Invalid(details={field: [_("Control characters are not allowed.")]})
    if len(note) > maximum:
        raise Invalid(details={field: [_("At most %(maximum)d characters.") % {"maximum": maximum}]})
    return note


def clean_body(value: str, *, field: str, maximum: int) -> str:
    """A message's text: kept byte for byte, not blank, at most ``maximum`` characters."""
    check_encodable(value, field=field)
    if not value.strip():
        raise Invalid(details={field: [_("Write something first.")]})
    if len(value) > maximum:
        raise Invalid(details={field: [_("At most %(maximum)d characters.") % {"maximum": maximum}]})
    return value


#: Marks, embeddings, overrides and isolates of direction, which could turn around what stands beside a name.
_DIRECTIONS = dict.fromkeys((0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


#: The name that is kept for who has deleted their account; pages show it in the reader's language.
DELETED = "Deleted account"


def plain_name(name: object) -> str:
    """A name as it is shown: it turns nothing around, and there is something to see."""
    if name == DELETED:
        return str(_("Deleted account"))
    plain = str(name or "").translate(_DIRECTIONS)
    return plain if is_seen(plain) else str(_("(no visible name)"))


def inline_name(name: object) -> str:
    """``plain_name`` to stand in the middle of other text, isolated where it runs from the right."""
    plain = plain_name(name)
    if any(unicodedata.bidirectional(one) in {"R", "AL", "AN"} for one in plain):
        return f"\u2068{plain}\u2069"
    return plain
