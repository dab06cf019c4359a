"""The second line of defence: nothing here should ever see a secret, and what does not see one leaks none.

The first is that nobody logs one. This is for what a library says, or what somebody adds in a hurry.
"""

import re
from collections.abc import MutableMapping
from typing import Any

HIDDEN = "[hidden]"

#: Names whose values are secrets, or what people wrote, however spelt: ``new_password``, ``X-Token``.
_NAMES = re.compile(
    r"password|passwd|secret|token|authorization|cookie|credential|csrf"
    r"|^(?:access|refresh|code|state|nonce|body|text)$"
    r"|(?:mail|reset|verification|user|auth)_?code|verifier|assertion|session_?key|private|^params?$|^sql_params$",
    re.IGNORECASE,
)
#: Names like that of what is none: tallies and the kinds of things.
_HARMLESS = frozenset({"token_type", "grant_type"})
_PLACES = (
    # A signed token (RFC 7519), and anything after "Bearer" or in the offered subprotocols.
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"),
    re.compile(r"(?i)\b(bearer[ .])[\w.~+/=-]{8,}"),
    # A query or a form: ?code=…&token=…
    re.compile(
        r"(?i)\b((?:access_|refresh_|id_|bind_|csrf)?(?:token|code|password|secret|state|nonce|code_verifier"
        r"|client_secret|client_assertion)=)[^&\s\"'#]+"
    ),
    # JSON or the repr of a dictionary.
    re.compile(
        r"(?i)([\"'](?:[\w-]*(?:password|token|secret)|access|refresh|code|body|authorization|cookie)[\"']\s*:\s*)"
        r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    ),
    # What databases say of a row that clashes: Duplicate entry '…' for key.
    re.compile(r"(Duplicate entry )'(?:[^'\\]|\\.)*'"),
    # The user's part of an address: redis://:password@host.
    re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@]+(?=@)"),
    # A mail address.
    re.compile(r"()[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
)


def hide(text: str) -> str:
    """``text`` without what looks like a secret."""
    for place in _PLACES:
        text = place.sub(lambda found: (found.group(1) if found.re.groups else "") + HIDDEN, text)
    return text


def hidden(name: str) -> bool:
    """Whether what has this name is not to be told."""
    return name not in _HARMLESS and _NAMES.search(name) is not None


def clean(value: Any, name: str = "") -> Any:
    """``value`` without what looks like a secret, however deep."""
    if name and hidden(name) and value is not None:
        return HIDDEN
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, dict):
        return {key: clean(each, str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [clean(each) for each in value]
    return value


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog's: every field of a line."""
    for name in event:
        if not name.startswith("_"):  # what structlog itself keeps there
            event[name] = clean(event[name], name)
    return event
