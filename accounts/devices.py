"""What to call a device, from what its client said about itself when it signed in.

A table of our own: the libraries that know every agent there ever was bring thousands of patterns, and
"Firefox on Windows" is all that a person needs to tell one of their devices from another.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

#: What stands in the agent → what it is called. The first that fits counts: many claim to be others, too.
BROWSERS = (
    (r"MicroMessenger/", "WeChat"),
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Vivaldi/", "Vivaldi"),
    (r"YaBrowser/", "Yandex Browser"),
    (r"QQBrowser/", "QQ Browser"),
    (r"UCBrowser/", "UC Browser"),
    (r"HuaweiBrowser/", "Huawei Browser"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"HeadlessChrome/|Chromium/|Chrome/|CriOS/", "Chrome"),
    (r"Version/[\d.]+ .*Safari/", "Safari"),
    (r"MSIE |Trident/", "Internet Explorer"),
)
SYSTEMS = (
    (r"iPhone|iPod", "iPhone"),
    (r"iPad", "iPad"),
    (r"HarmonyOS|OpenHarmony", "HarmonyOS"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"CrOS", "ChromeOS"),
    (r"Macintosh|Mac OS X", "Mac"),
    (r"Linux|X11", "Linux"),
)
PHONES = {"iPhone", "iPad", "Android", "HarmonyOS"}
#: Programs name themselves first: ``curl/8.5.0``, ``okhttp/4.12``.
PROGRAM = re.compile(r"^([A-Za-z][\w.+-]{0,39})(?:/|\s|$)")


@dataclass(frozen=True)
class Device:
    """A name in a few words, and what picture stands for it: browser, phone or program."""

    name: str
    kind: str


def describe(agent: str) -> Device:
    """``agent`` (a User-Agent, or what an application calls itself) as people would say it."""
    browser = _first(BROWSERS, agent)
    system = _first(SYSTEMS, agent)
    kind = "phone" if system in PHONES else "browser"
    if browser and system:
        return Device(_("%(browser)s on %(system)s") % {"browser": browser, "system": system}, kind)
    if browser or (system and agent.startswith("Mozilla/")):
        return Device(browser or system, kind)
    program = PROGRAM.match(agent)
    if program:
        return Device(program.group(1), "phone" if system in PHONES else "program")
    return Device(_("Unknown device"), "program")


def _first(table: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for pattern, name in table if re.search(pattern, agent)), "")
