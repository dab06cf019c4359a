"""Real browsers on the real server. Whatever a browser complains about fails the test."""

import asyncio
import copy
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    expect,
    sync_playwright,
)

from oauth_provider import demo
from tests.client import ApiClient
from tests.people import signed_in
from tests.stack.server import Server

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
#: What Playwright switches off, since only the last list counts; and pages of the browser's own, which no
#: window here shows and each loads, at twice the price of the whole window.
WITHOUT = [
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints"),
    *("NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
    *("PreloadTopChromeWebUI", "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup"),
    "SpareRendererForSitePerProcess",
]
SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"),
    f"--disable-features={','.join(WITHOUT)}",
]
#: Milliseconds; two cores that run everything at once are slow now and then.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)
#: How a browser words that the server said no, which some tests are about.
REFUSAL = re.compile(r"status of 4\d\d")
WATCH = (Path(__file__).parent / "watch.js").read_text()


class Windows:
    """Opens windows, each a browser of its own (cookies are not shared), and listens to them."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self._browser = browser
        self.server = server
        self.complaints: list[str] = []
        #: HTTP statuses from 400 on that a test expects.
        self.expected: set[int] = set()
        #: False while the server is away on purpose.
        self.listening = True
        #: Whether all windows run scripts.
        self.scripts = True

    def open(
        self,
        path: str = "/",
        *,
        locale: str = "en-US",
        width: int = 1280,
        dark: bool = False,
        javascript: bool = True,
        cookies: dict[str, str] | None = None,
        touch: bool = False,
        still: bool = False,
    ) -> Page:
        """A new person's window, at ``path``; ``still``: they prefer that nothing moves."""
        self.scripts = self.scripts and javascript
        context = self._browser.new_context(
            base_url=self.server.url,
            locale=locale,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            reduced_motion="reduce" if still else "no-preference",
            has_touch=touch,
            is_mobile=touch,
        )
        context.add_cookies(
            [
                {"name": name, "value": value, "url": self.server.url}
                for name, value in (cookies or {}).items()
            ]
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)
        page.goto(path)
        return page

    def sign_in(self, person: ApiClient, *, path: str = "/chat/", **window: object) -> Page:
        """A window in which ``person`` is signed in, at ``path``; the form has tests of its own."""
        return self.open(path, cookies=signed_in(person.id), **window)  # type: ignore[arg-type]

    def _console(self, message: ConsoleMessage) -> None:
        if self.listening and message.type in {"error", "warning"} and not REFUSAL.search(message.text):
            self.complaints.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.complaints.append(f"asked another site: {request.url}")

    def _failed(self, request: Request) -> None:
        # Whoever leaves a page gives up what it was still asking for; without scripts none is fetched
        # ahead, which this browser words as a policy's refusal.
        given_up = {"net::ERR_ABORTED"} if self.scripts else {"net::ERR_ABORTED", "csp"}
        if self.listening and request.failure not in given_up:
            self.complaints.append(f"{request.failure} for {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.status} for {response.url}")


class Chromium:
    """A worker's one browser process: starting one takes longer than most tests."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._loop = asyncio.get_running_loop()
        self._browser: Browser | None = None

    def lend(self) -> Browser:
        """The browser, without any window; a new one if it has crashed."""
        asyncio._set_running_loop(self._loop)
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        return self._browser

    def take_back(self) -> None:
        """Close the windows. Playwright leaves its loop running in this thread, where others' loops
        and Django's rows have no place beside it: until the next test it is set aside."""
        try:
            if self._browser is not None and self._browser.is_connected():
                for context in self._browser.contexts:
                    context.close()
        finally:
            asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Chromium]:
    with sync_playwright() as playwright:
        chromium = Chromium(playwright)
        chromium.take_back()
        yield chromium
        chromium.lend().close()


@pytest.fixture
def browser(_chromium: Chromium) -> Iterator[Browser]:
    """A browser in which nothing is open; a context of it shares nothing with another one."""
    yield _chromium.lend()
    _chromium.take_back()


@pytest.fixture
def windows(server: Server, browser: Browser) -> Iterator[Windows]:
    """`windows.open("/login/")`; anything in the console, a failed request or a 4xx that is not
    ``windows.expected`` fails the test at its end."""
    opened = Windows(browser, server)
    yield opened
    for context in browser.contexts:
        context.close()  # also what a page says as it goes
    assert opened.complaints == []


@pytest.fixture
def friends(person: Callable[..., ApiClient]) -> tuple[ApiClient, ApiClient, int]:
    """Amy and Ben, who are friends, and their conversation."""
    amy, ben = person("Amy"), person("Ben")
    return amy, ben, amy.befriend(ben)


@pytest.fixture
def site(shared_server: Server, settings: Any) -> Server:
    """The server under the name that it is registered by at the third party, with its demo people."""
    named = copy.copy(shared_server)
    named.url = settings.SITE_URL = f"http://localhost:{named.port}"
    demo.prepare_client()
    demo.prepare_people()
    return named
