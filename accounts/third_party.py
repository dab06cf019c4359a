"""Third parties through which people may sign in: OpenID Connect providers, by settings alone."""

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.core.checks import CheckMessage, Error

from chatchat.errors import NotFound

#: Names that mean something else in the addresses where a provider's id stands.
RESERVED = frozenset({"bind", "identities", "link"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of ``settings.THIRD_PARTY``; docs/third-party-login.md describes each field."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    #: Where this server reaches what people's browsers reach at ``issuer``; empty: there too.
    server: str = ""
    scope: str = "openid profile email"
    #: Whether the provider trusts this client with people's passwords (RFC 6749, section 4.3).
    password: bool = False
    #: Other origins than the provider's own from which profile pictures may be fetched.
    picture_origins: tuple[str, ...] = ()

    def reach(self, url: str) -> str:
        """``url`` of the provider, as this server reaches it."""
        issuer = self.issuer.rstrip("/")
        if self.server and url.startswith(f"{issuer}/"):
            return self.server.rstrip("/") + url.removeprefix(issuer)
        return url

    def may_show(self, picture: str) -> bool:
        """Whether a profile picture may come from there."""
        return origin(picture) in {origin(self.issuer), origin(self.server), *self.picture_origins} - {""}


def origin(url: str) -> str:
    """``scheme://host[:port]`` of an HTTP address; "" for anything else."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and not parts.username
        return f"{parts.scheme}://{parts.netloc}".lower() if known else ""
    except ValueError:
        return ""


def providers() -> dict[str, Provider]:
    """{id: provider}, in the settings' order. Raises ``msgspec.ValidationError``."""
    given: dict[str, Any] = settings.THIRD_PARTY
    return {id_: msgspec.convert({**values, "id": id_}, Provider) for id_, values in given.items()}


def find(id_: str) -> Provider:
    """The provider of that id. Raises ``NotFound``."""
    provider = providers().get(id_)
    if provider is None:
        raise NotFound
    return provider


def provider_name(id_: str) -> str:
    """What people know the provider by; its id where the settings don't have it any more."""
    provider = providers().get(id_)
    return provider.name if provider else id_


def check(**_: Any) -> list[CheckMessage]:
    """Django's system check: what is wrong with ``THIRD_PARTY`` is said at the start."""
    try:
        known = providers()
    except (msgspec.ValidationError, AttributeError, TypeError) as error:
        return [Error(f"THIRD_PARTY is not as it should be: {error}", id="accounts.E001")]
    problems: list[CheckMessage] = []
    for provider in known.values():
        if not re.fullmatch(r"[a-z0-9_-]{1,64}", provider.id) or provider.id in RESERVED:
            text = f"THIRD_PARTY: {provider.id!r} cannot be a provider's id"
            problems.append(Error(text, id="accounts.E003"))
        parts = urlsplit(provider.issuer)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            text = f"THIRD_PARTY: the issuer of {provider.id} has to be an https address, or this machine"
            problems.append(Error(text, id="accounts.E002"))
    return problems
