"""Whom a request is from, where proxies stand in front: what is forged changes nothing."""

import asyncio
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatchat.proxies import TrustedProxies

pytestmark = pytest.mark.once

PROXIES = ["10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.7"]


def seen(
    peer: str | None,
    *headers: tuple[str, str],
    trusted: list[str] = PROXIES,
    kind: str = "http",
    scheme: str = "http",
) -> dict[str, Any]:
    """The scope as the application sees it."""
    found: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.update(scope)

    scope = {
        "type": kind,
        "scheme": scheme,
        "client": (peer, 50000) if peer is not None else None,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    asyncio.run(TrustedProxies(application, trusted)(scope, None, None))
    return found


def caller(peer: str | None, forwarded: str, **options: Any) -> str | None:
    client = seen(peer, ("X-Forwarded-For", forwarded), **options)["client"]
    return client[0] if client else None


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),  # the left one was forged
        ("1.1.1.1, 203.0.113.9, 10.9.9.9", "203.0.113.9"),  # by two proxies of ours
        ("203.0.113.9,10.1.1.1,192.0.2.7", "203.0.113.9"),
        ("1.1.1.1, 10.0.0.5, 203.0.113.9", "203.0.113.9"),  # forged to look as if it came by a proxy
        ("10.1.2.3", "10.1.2.3"),  # somebody within
        ("2001:db8::1", "2001:db8::1"),
        ("2001:db8::1, 2001:db8:ffff::2", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("203.0.113.9:5555", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_caller_is_the_rightmost_that_is_no_proxy_of_ours(forwarded: str, expected: str) -> None:
    assert caller("10.0.0.1", forwarded) == expected
    assert caller("10.0.0.1", forwarded, kind="websocket") == expected


@pytest.mark.parametrize(
    "forwarded", ["nonsense", "203.0.113.9, unknown", "1.1.1.1, _hidden", "300.1.1.1", "1.1.1.1, -"]
)
def test_what_is_no_address_ends_the_search_at_the_proxy(forwarded: str) -> None:
    assert caller("10.0.0.1", forwarded) == "10.0.0.1"
    assert caller("10.0.0.1", f"{forwarded}, 10.0.0.2") == "10.0.0.2"


@pytest.mark.parametrize("peer", ["203.0.113.50", "2001:db8:fffe::1", "192.0.2.8", "::ffff:203.0.113.50"])
def test_from_anybody_else_nothing_is_believed(peer: str) -> None:
    forged = [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-Proto", "https"), ("X-Real-IP", "1.1.1.1")]
    for kind in ("http", "websocket"):
        scope = seen(peer, *forged, kind=kind)
        assert scope["client"][0] == peer
        assert scope["scheme"] == "http"


def test_without_trusted_proxies_nothing_is_believed() -> None:
    for peer in ("10.0.0.1", "127.0.0.1", None):
        scope = seen(peer, ("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-Proto", "https"), trusted=[])
        assert scope["scheme"] == "http"
        assert (scope["client"] or (None,))[0] == peer


def test_several_lines_are_one_list() -> None:
    scope = seen("10.0.0.1", ("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "203.0.113.9"))
    assert scope["client"] == ("203.0.113.9", 0)


def test_the_peer_of_a_unix_socket_is_trusted_if_that_is_said() -> None:
    assert caller(None, "203.0.113.9", trusted=["unix"]) == "203.0.113.9"
    assert caller(None, "203.0.113.9", trusted=["10.0.0.0/8"]) is None
    assert caller("203.0.113.1", "1.1.1.1", trusted=["unix"]) == "203.0.113.1"
    assert caller(None, "203.0.113.9, 10.0.0.1", trusted=["unix", "10.0.0.0/8"]) == "203.0.113.9"


@pytest.mark.parametrize(
    ("given", "kind", "scheme"),
    [
        ("https", "http", "https"),
        ("http", "http", "http"),
        ("https", "websocket", "wss"),
        ("http, https", "http", "https"),  # the proxy next to us is the one that knows
        ("https, http", "http", "http"),
        ("ftp", "http", "http"),
        ("", "http", "http"),
    ],
)
def test_the_scheme_is_what_the_proxy_says(given: str, kind: str, scheme: str) -> None:
    assert seen("10.0.0.1", ("X-Forwarded-Proto", given), kind=kind)["scheme"] == scheme


def test_no_header_that_says_who_asks_goes_on() -> None:
    names = [
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Real-IP",
        "Forwarded",
    ]
    for peer in ("10.0.0.1", "203.0.113.1"):
        scope = seen(peer, *((name, "1.1.1.1") for name in names), ("Host", "chat.example.com"))
        assert scope["headers"] == [(b"host", b"chat.example.com")]


@pytest.mark.parametrize("wrong", ["10.0.0.1/8", "nginx", "10.0.0.0/33", "*"])
def test_what_is_no_network_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        TrustedProxies(None, [wrong])
