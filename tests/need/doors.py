"""Every address that this site has, and what each may answer while a part of the site is away."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
from django.urls import URLPattern, URLResolver, get_resolver

from tests.client import TLS, ApiClient, error_code

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"<(?:(\w+):)?\w+>|\(\?P<\w+>[^)]*\)")
FILL = {"id": "1", "int": "1", "slug": "a", "path": "1"}
SENTENCES = {
    "en": "A part of the service is away. Try again in a moment.",
    "zh-hans": "服务暂时不可用，请稍后再试。",
}


def paths() -> list[str]:
    """``/api/v1/conversations/1`` and its like, each once, the admin's too."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            path = prefix + str(pattern.pattern).strip("^$").replace("\\Z", "")
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern):
                yield "/" + PARAMETER.sub(lambda found: FILL.get(found[1] or "", "websocket"), path)

    return sorted(set(walk(get_resolver().url_patterns, "")))


def signed_in(client: ApiClient) -> httpx.Client:
    """A browser in which this person has signed in."""
    browser = httpx.Client(base_url=client.base_url, verify=TLS)
    browser.get("/login/")
    form = {"email": client.email, "password": client.password}
    answer = browser.post("/login/", data=form | {"csrfmiddlewaretoken": browser.cookies["chatchat_csrf"]})
    assert answer.status_code == 302, answer.text
    return browser


def knock(client: httpx.Client, calls: Iterable[tuple[str, str]]) -> tuple[int, list[str]]:
    """How many of these (method, path) were answered with 503, and which were answered wrongly."""
    refused, wrong = 0, []
    for number, (method, path) in enumerate(calls):
        language = list(SENTENCES)[number % 2]
        answer = client.request(
            method, path, headers={"Accept-Language": language}, json=None if method == "GET" else {}
        )
        refused += answer.status_code == 503
        if trouble := _what_is_wrong(answer, SENTENCES[language]):
            wrong.append(f"{method} {path}: {answer.status_code} {trouble}")
    return refused, wrong


def _what_is_wrong(answer: httpx.Response, sentence: str) -> str:
    """Nothing with what needs no part that is away, or is away and says so: to a program, or to a person."""
    if answer.status_code < 500 or answer.request.url.path in ("/readyz", "/api/schema/"):
        return ""
    if answer.status_code != 503 or "Retry-After" not in answer.headers:
        return answer.text[:300]
    if answer.headers["Content-Type"].startswith("application/json"):
        return "" if error_code(answer) == "unavailable" else answer.text[:300]
    return "" if sentence in answer.text else answer.text[-2000:]
