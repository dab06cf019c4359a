"""What counts as text: the rules that every door applies to what people type."""

from django.utils.translation import gettext_lazy as _

from chatchat.errors import Invalid


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
