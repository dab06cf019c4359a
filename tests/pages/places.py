"""Every place of the pages that a person can come to, and how: a table that the walks go through.

A page that is added to the routes, or a dialog to the chat, without a place here fails the walk.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page, expect

from oauth_provider import demo
from tests.world import World

Go = Callable[[Page, World], object]

#: Routes that show no page of ours, and why.
NO_PAGES = {
    "logout": "only takes a form",
    "language": "only takes a form",
    "strings": "a script",
    "identity-unlink": "only takes a form",
    "account-avatar": "only takes a form",
    "account-avatar-remove": "only takes a form",
    "account-device-end": "only takes a form",
    "account-devices-end": "only takes a form",
    "account-unblock": "only takes a form",
    "third-party-login": "leads to the other site",
    "third-party-link": "leads to the other site",
    "oauth_provider:sign-out": "only takes a form",
    "oauth_provider:language": "only takes a form",
    "oauth_provider:avatar": "a picture",
    "oauth_provider:consent": "only takes a form",
    "oauth_provider:token": "for programs",
    "oauth_provider:revoke": "for programs",
    "oauth_provider:introspect": "for programs",
    "oauth_provider:userinfo": "for programs",
    "oauth_provider:jwks": "for programs",
    "oauth_provider:discovery": "for programs",
}
#: Parts of the site whose pages are others': Django's admin, Swagger UI.
ELSEWHERE = ("admin/", "api/", "media/", "healthz", "favicon.ico")


@dataclass(frozen=True)
class Place:
    """``go`` brings a page there, from wherever it is."""

    name: str
    go: Go
    #: The names of the routes that it shows.
    routes: tuple[str, ...] = ()
    status: int = 200


def page_routes(patterns: Any = None, prefix: str = "", space: str = "") -> Iterator[str]:
    """The names of the routes of pages, from the site's addresses."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if path.startswith(ELSEWHERE):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from page_routes(pattern.url_patterns, path, space + inner)
        elif isinstance(pattern, URLPattern) and space + (pattern.name or path) not in NO_PAGES:
            yield space + (pattern.name or path)


# ---- ways


def at(path: str) -> Go:
    return lambda page, world: page.goto(path.format(**world.ids, **world.links))


def refused(path: str = "", **fields: str) -> Go:
    """A form that was sent with these fields, and says what is wrong with them."""

    def go(page: Page, world: World) -> None:
        if path:
            page.goto(path)
        for name, value in fields.items():
            page.fill(f"[name={name}]", value)
        page.locator("main form").locator("button[type=submit]:not([name])").first.click()
        expect(page.locator("[role=alert]").first).to_be_visible()

    return go


def conversation(name: str) -> Go:
    def go(page: Page, world: World) -> None:
        page.goto(f"/chat/{world.ids[name]}/")
        expect(page.locator("#stream article, #stream .system").first).to_be_visible()

    return go


def then(before: Go, *clicks: str, shows: str) -> Go:
    """After ``before``, a click on each of these; ``shows`` says that it has worked."""

    def go(page: Page, world: World) -> None:
        before(page, world)
        for click in clicks:
            page.locator(click).first.click()
        expect(page.locator(shows).first).to_be_visible()

    return go


def tab(name: str, shows: str) -> Go:
    """Another tab of the dialog that is open: its place comes before this one."""
    return then(lambda page, world: None, f"dialog[open] [data-tab={name}]", shows=f"dialog[open] {shows}")


def message_menu(page: Page, world: World) -> None:
    """By keyboard, which every device has."""
    direct(page, world)
    page.locator("#stream article").last.press("Enter")
    expect(page.locator(".menu[role=menu]")).to_be_visible()


def replying(page: Page, world: World) -> None:
    direct(page, world)
    page.locator("#stream article").last.press("r")
    expect(page.locator(".composing")).to_be_visible()


def typing(text: str, shows: str) -> Go:
    def go(page: Page, world: World) -> None:
        group(page, world)
        page.locator("#composer textarea").press_sequentially(text)
        expect(page.locator(shows).first).to_be_visible()

    return go


# ---- the places of who is not signed in

OUTSIDE = (
    Place("welcome", at("/"), ("welcome",)),
    Place("login", at("/login/"), ("login",)),
    Place("login, refused", refused("/login/", email="amy@example.org", password="wrong wrong"), status=401),
    Place("register", at("/register/"), ("register",)),
    Place(
        "register, refused",
        refused("/register/", email="new@example.org", code="000000", nickname="N", password="0123456789"),
        status=400,
    ),
    Place("password", at("/password/"), ("password",)),
    Place("document", at("/docs/websocket/"), ("document",)),
    Place("an invitation", at("/invite/{invitation}/"), ("invite",)),
    Place("an invitation that is over", at("/invite/over/"), status=404),
    Place("not there", at("/nothing/"), status=404),
    Place("third party, refused", at("/third-party/bind/"), status=400),
)

# ---- Meridian, one after the other in one browser


def to_meridian(page: Page, world: World) -> None:
    page.goto("/login/")
    page.get_by_role("link", name=re.compile("Meridian")).click()
    expect(page.locator("[name=login]")).to_be_visible()


def signed_in_there(page: Page, world: World) -> None:
    page.fill("[name=login]", "mei")
    page.fill("[name=password]", demo.PASSWORD)
    page.locator("main button[type=submit]").first.click()
    expect(page.locator("[data-scope]").first).to_be_visible()


def allowed(page: Page, world: World) -> None:
    page.click("[name=decision][value=allow]")
    expect(page.locator("img.vouched")).to_be_visible()


MERIDIAN = (
    Place("Meridian", at("/provider/"), ("oauth_provider:home",)),
    Place("Meridian, not there", at("/provider/nothing"), ("oauth_provider:missing",), status=404),
    Place("Meridian, a wrong request", at("/provider/authorize?client_id=nobody"), status=400),
    Place("Meridian's login, refused", refused("/provider/login/", login="mei", password="no"), status=400),
    Place("Meridian's login", to_meridian, ("oauth_provider:login",)),
    Place("Meridian asks", signed_in_there, ("oauth_provider:authorize",)),
    Place("one more step", allowed, ("third-party-bind",)),
    Place("one more step, refused", refused(email="new@example.org", code="000000"), status=400),
    Place("Meridian, signed in", at("/provider/")),
    Place("granted applications", at("/provider/applications/"), ("oauth_provider:applications",)),
    Place("Meridian's logout", at("/provider/logout"), ("oauth_provider:logout",)),
    Place("mail", at("/dev/mail/"), ("dev-mail",)),
)

# ---- the places of Amy

direct, group = conversation("direct"), conversation("group")
chat = then(at("/chat/"), shows=".conversation")
people = then(chat, "#show-people", shows="#people .person")
groups = then(chat, "#show-groups", shows="#groups .person")
about_group = then(group, "#heading .about", shows="#group .facts")


def found(page: Page, world: World) -> None:
    page.fill("#search-messages [name=q]", "e")
    page.click("#search-messages [type=submit]")
    expect(page.locator(".found-messages li").first).to_be_visible()


ACCOUNT = (
    Place("welcome, signed in", at("/")),
    Place("an invitation, signed in", at("/invite/{other}/")),
    Place("account", at("/account/"), ("account",)),
    Place("signing in", at("/account/sign-in/"), ("account-sign-in",)),
    Place("a new password", at("/account/password/"), ("account-password",)),
    Place("a new address", at("/account/email/"), ("account-email",)),
    Place("devices", at("/account/devices/"), ("account-devices",)),
    Place("notifications", at("/account/notifications/"), ("account-notifications",)),
    Place("blocked people", at("/account/blocked/"), ("account-blocked",)),
    Place("deleting the account", at("/account/delete/"), ("account-delete",)),
    Place("the plain list", at("/plain/"), ("plain",)),
    Place("the plain search", at("/plain/search/"), ("plain-search",)),
    Place("the plain search, refused", at("/plain/search/?q="), status=400),
    Place("what the plain search finds", at("/plain/search/?q=e")),
    Place("a plain conversation", at("/plain/{direct}/"), ("plain-conversation",)),
    Place("a plain group", at("/plain/{group}/")),
)
CHAT = (
    Place("the list", chat, ("chat",)),
    Place("a conversation", direct, ("chat-conversation",)),
    Place("a group", group),
    Place("a closed conversation", conversation("closed")),
    Place("a group in which she is muted", conversation("muted")),
    Place("a message's menu", message_menu),
    Place("replying", replying),
    Place("completing a name", typing("@B", "#options [role=option]")),
)
#: The last table of the chat: by then every dialog has been built, and has to have been open.
DIALOGS = (
    Place("a picture, large", then(direct, ".pictures [data-picture]", shows=".lightbox[open] img")),
    Place("choosing an emoji", then(direct, "#composer .smile", shows=".picker .cells button")),
    Place("a conversation's options", then(direct, "#heading .opens-menu", shows=".popmenu")),
    Place("searching here", then(direct, "#heading [data-key=search]", shows="#search-messages form.search")),
    Place("what is found", found),
    Place("a person", then(direct, "#heading .about", shows="#person .card-does")),
    Place("people", people),
    Place("friend requests", tab("requests", ".person")),
    Place("finding people", tab("find", "form.search")),
    Place("groups", groups),
    Place("finding a group", tab("find", "form.search")),
    Place("founding a group", tab("found", "form.found")),
    Place("about a group", about_group),
    Place("its members", tab("members", ".person")),
    Place("who asks to join", tab("requests", ".person")),
    Place("its invitations", tab("invitations", ".invitation")),
    Place("its settings", tab("settings", "form.settings")),
)
INSIDE = {"account": ACCOUNT, "chat": CHAT, "dialogs": DIALOGS}
