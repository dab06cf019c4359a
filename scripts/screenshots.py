#!/usr/bin/env python3
"""Pictures of the main screens: both languages, wide and narrow, light and dark.

    python scripts/screenshots.py [--only NAME ...] [FOLDER]     to FOLDER, or else var/screenshots/
    python scripts/screenshots.py --readme                       those that README.md shows

Serves the demo from a throw-away folder and looks at it with Debian's Chromium.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from chatchat.demo import PASSWORD
from scripts.services import free_port
from scripts.test import OURS

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
READY_SECONDS = 120
#: Bytes that a picture may have: colours are given up until it fits.
LARGEST = 200_000
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
SCHEMES = ("light", "dark")


@dataclass(frozen=True)
class Language:
    """What a browser asks for, whom it is signed in as, and what they look at."""

    locale: str
    person: str
    group: str
    friend: str


LANGUAGES = {
    "en": Language("en-US", "alice", "Harbour release", "Bob"),
    "zh": Language("zh-CN", "xiaoming", "周末爬山小队", "李雷"),
}


@dataclass(frozen=True)
class Look:
    """A window: in which language, how wide, light or dark."""

    language: str
    size: str
    scheme: str

    @property
    def who(self) -> Language:
        return LANGUAGES[self.language]

    def __str__(self) -> str:
        return f"{self.language}-{self.size}-{self.scheme}"


#: Brings a page to a screen.
Show = Callable[[Page, Look], object]

# ---- the screens


def at(path: str) -> Show:
    return lambda page, look: page.goto(path)


def conversation(page: Page, title: str) -> None:
    page.goto("/chat/")
    page.locator(".conversation", has=page.locator(".name", has_text=title)).click()
    expect(page.locator("#stream article").last).to_be_visible()


def group(page: Page, look: Look) -> None:
    conversation(page, look.who.group)


def friend(page: Page, look: Look) -> None:
    conversation(page, look.who.friend)


def chat_list(page: Page, look: Look) -> None:
    page.goto("/chat/")
    expect(page.locator(".conversation").first).to_be_visible()
    page.wait_for_load_state("networkidle")  # who asks to be a friend is known, too


def opened(before: Show, *clicks: str, shows: str) -> Show:
    """After ``before``, a click on each of these; ``shows`` says that it has worked."""

    def show(page: Page, look: Look) -> None:
        before(page, look)
        for click in clicks:
            page.locator(click).first.click()
        expect(page.locator(shows).first).to_be_visible()

    return show


def tab(before: Show, name: str, shows: str) -> Show:
    return opened(before, f"dialog[open] [data-tab={name}]", shows=f"dialog[open] {shows}")


def message_menu(page: Page, look: Look) -> None:
    group(page, look)
    page.locator("#stream article").last.press("Enter")
    expect(page.locator(".menu[role=menu]")).to_be_visible()


people = opened(chat_list, "#show-people", shows="#people .person")
about_group = opened(group, "#heading .about", shows="#group .facts")

OUTSIDE: dict[str, Show] = {
    "welcome": at("/"),
    "login": at("/login/"),
    "register": at("/register/"),
    "document": at("/docs/websocket/"),
    "meridian": at("/provider/login/"),
}
INSIDE: dict[str, Show] = {
    "list": chat_list,
    "group": group,
    "friend": friend,
    "menu": message_menu,
    "emoji": opened(group, "#composer .smile", shows=".picker .cells button"),
    "person": opened(friend, "#heading .about", shows="#person .card-does"),
    "requests": tab(people, "requests", ":is(.person, .empty)"),
    "friends": tab(people, "friends", ".person"),
    "groups": opened(chat_list, "#show-groups", shows="#groups .person"),
    "founding": tab(opened(chat_list, "#show-groups", shows="#groups .person"), "found", "form.found"),
    "about-group": about_group,
    "members": tab(about_group, "members", ".person"),
    "profile": at("/account/"),
    "signing-in": at("/account/sign-in/"),
    "devices": at("/account/devices/"),
    "plain": at("/plain/"),
}


# ---- the server, the windows, the pictures


@contextlib.contextmanager
def demo_server() -> Iterator[str]:
    """The address of a server with the demo, gone afterwards with all it has written."""
    with tempfile.TemporaryDirectory(prefix="chatchat-") as var:
        env = {name: value for name, value in os.environ.items() if name not in OURS}
        port = free_port()
        env |= {"VAR_DIR": var, "PORT": str(port), "DEV_MAIL": "1", "RATELIMIT_ENABLE": "0"}
        subprocess.run([sys.executable, "scripts/prepare.py"], cwd=ROOT, env=env, check=True)
        log = (Path(var) / "server.log").open("wb")
        command = [sys.executable, "-m", "chatchat.server"]
        with log, subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log) as process:
            try:
                url = f"http://localhost:{port}"
                wait_for(url, process)
                yield url
            finally:
                process.terminate()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/healthz").status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


@contextlib.contextmanager
def window(browser: Browser, url: str, look: Look) -> Iterator[Page]:
    width, height = SIZES[look.size]
    context = browser.new_context(
        base_url=url,
        locale=look.who.locale,
        viewport={"width": width, "height": height},
        color_scheme="dark" if look.scheme == "dark" else "light",
        reduced_motion="reduce",
        has_touch=look.size == "narrow",
        is_mobile=look.size == "narrow",
    )
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, look: Look) -> None:
    page.goto("/login/?next=/chat/")
    page.fill("[name=email]", f"{look.who.person}@example.com")
    page.fill("[name=password]", PASSWORD)
    page.locator("main form [type=submit]").first.click()
    page.wait_for_url("**/chat/")


def still(page: Page) -> None:
    """Pictures are there, nothing moves, and no pointer hovers over anything."""
    page.mouse.move(0, 0)
    page.evaluate(
        "async () => {"
        " for (const one of document.images) await one.decode().catch(() => {});"
        " await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))); }"
    )


def take(page: Page, path: Path) -> None:
    still(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    compress(path)


def compress(path: Path) -> None:
    """In fewer colours, if that is what it takes."""
    with Image.open(path) as shot:
        picture = shot.copy()
    for colours in (None, 256, 128, 64, 32):
        fewer = picture if colours is None else picture.quantize(colours, kmeans=2)
        fewer.save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            return
    raise RuntimeError(f"{path.name} has {path.stat().st_size} bytes")


def all_screens(browser: Browser, url: str, folder: Path, only: list[str]) -> int:
    count = 0
    for language in LANGUAGES:
        for size in SIZES:
            for scheme in SCHEMES:
                look = Look(language, size, scheme)
                for inside, screens in ((False, OUTSIDE), (True, INSIDE)):
                    chosen = {name: show for name, show in screens.items() if not only or name in only}
                    count += some_screens(browser, url, folder, look, chosen, inside=inside)
    return count


def some_screens(
    browser: Browser,
    url: str,
    folder: Path,
    look: Look,
    screens: dict[str, Show],
    *,
    inside: bool,
) -> int:
    if not screens:
        return 0
    with window(browser, url, look) as page:
        if inside:
            sign_in(page, look)
        for name, show in screens.items():
            show(page, look)
            take(page, folder / f"{name}-{look}.png")
    return len(screens)


def readme(browser: Browser, url: str, folder: Path) -> int:
    """A wide one in each language, one light and one dark; and three telephones beside each other."""
    wide = {"chat": Look("en", "wide", "light"), "chat-zh": Look("zh", "wide", "dark")}
    for name, look in wide.items():
        with window(browser, url, look) as page:
            sign_in(page, look)
            group(page, look)
            take(page, folder / f"{name}.png")
    parts = []
    for number, (look, show) in enumerate(
        (
            (Look("en", "narrow", "light"), chat_list),
            (Look("zh", "narrow", "light"), group),
            (Look("en", "narrow", "dark"), people),
        )
    ):
        with window(browser, url, look) as page:
            sign_in(page, look)
            show(page, look)
            part = folder / f"part{number}.png"
            take(page, part)
            parts.append(part)
    beside(parts, folder / "phones.png")
    return 3


def beside(parts: list[Path], path: Path) -> None:
    gap = 30
    pictures = [Image.open(part).convert("RGBA") for part in parts]
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    whole = Image.new("RGBA", (width, max(picture.height for picture in pictures)), (0, 0, 0, 0))
    left = 0
    for picture, part in zip(pictures, parts, strict=True):
        whole.paste(picture, (left, 0))
        left += picture.width + gap
        part.unlink()
    whole.save(path)
    compress(path)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readme", action="store_true")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("folder", nargs="?", type=Path)
    options = parser.parse_args()
    folder = options.folder or (ROOT / "docs/images" if options.readme else ROOT / "var/screenshots")
    with demo_server() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        made = (
            readme(browser, url, folder)
            if options.readme
            else all_screens(browser, url, folder, options.only)
        )
        browser.close()
    print(f"{made} pictures are in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
