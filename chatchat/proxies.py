"""Who is asking, and whether over TLS, where reverse proxies stand in front.

``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed only if the peer of the connection is one of
``TRUSTED_PROXIES``, and only as far as trusted proxies have written them: the caller is the rightmost address
that is not one of theirs. Whatever stands left of it anybody may have written.
"""

import ipaddress
import re
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Trusts the peers of a Unix socket, which have no address.
UNIX = "unix"
#: Say who asks, or pretend to: nothing behind this module sees them.
_HEADERS = frozenset(
    (
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-real-ip",
    )
)
#: In the scope of what came through a proxy: whether that is one of ours.
FORWARDED = "chatchat.forwarded"
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[\d.]+):\d+")


class TrustedProxies:
    """ASGI middleware: ``scope["client"]`` is the caller and ``scope["scheme"]`` what the caller used."""

    def __init__(self, app: Any, trusted: Sequence[str]) -> None:
        self.app = app
        self._unix = UNIX in trusted
        self._networks = networks(each for each in trusted if each != UNIX)

    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]:
        if scope["type"] in ("http", "websocket"):
            scope = self._as_asked(scope)
        answering: Coroutine[Any, Any, None] = self.app(scope, receive, send)
        return answering

    def _as_asked(self, scope: Any) -> Any:
        given = [(name, value) for name, value in scope["headers"] if name in _HEADERS]
        if not given:
            return scope
        headers = [(name, value) for name, value in scope["headers"] if name not in _HEADERS]
        believed = self._trusts_peer(scope)
        asked = {**scope, "headers": headers, FORWARDED: believed}
        if believed:
            chain = _values(given, b"x-forwarded-for")
            if chain:
                asked["client"] = (self._caller(chain, _peer(scope)), 0)
            if (scheme := _values(given, b"x-forwarded-proto")[-1:]) in (["http"], ["https"]):
                asked["scheme"] = _scheme(scope["type"], secure=scheme == ["https"])
        return asked

    def _trusts_peer(self, scope: Any) -> bool:
        peer = _peer(scope)
        if not peer:
            return self._unix
        address = parse(peer)
        return address is not None and self._trusts(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def _caller(self, chain: Sequence[str], peer: str) -> str:
        """The rightmost of ``chain`` that is no trusted proxy; what is no address ends the search."""
        caller = peer
        for entry in reversed(chain):
            address = parse(entry)
            if address is None:
                break  # the proxy that passed it on is all that is known
            caller = str(address)
            if not self._trusts(address):
                break
        return caller


def forwarded(request: HttpRequest) -> bool | None:
    """Whether it came through a proxy of ours; None: through none at all."""
    scope: dict[str, Any] = getattr(request, "scope", {})
    believed: bool | None = scope.get(FORWARDED)
    return believed


def networks(names: Iterable[str]) -> list[Network]:
    """Networks, or single addresses, as the settings name them."""
    try:
        return [ipaddress.ip_network(name) for name in names]
    except ValueError as error:
        raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}") from None


def parse(entry: str) -> Address | None:
    """An address without its port, its scope and its IPv6 form of an IPv4 address; None: it is none."""
    if match := _WITH_PORT.fullmatch(entry):
        entry = match["six"] or match["four"]
    try:
        address = ipaddress.ip_address(entry)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return address


def _peer(scope: Any) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """All of a header's values; several lines of it are one list (RFC 9110, 5.3)."""
    text = ",".join(value.decode("latin-1") for each, value in headers if each == name)
    return [value.strip() for value in text.split(",") if value.strip()]


def _scheme(kind: str, *, secure: bool) -> str:
    plain = "http" if kind == "http" else "ws"
    return plain + "s" if secure else plain
