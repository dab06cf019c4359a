"""What was answered, at whichever door was knocked."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.client import Frame


@dataclass
class Told:
    """``code``: of the error, None for success; ``status``: the REST door's, None at the socket."""

    code: str | None
    status: int | None
    body: dict[str, Any]
    what: str


def of_answer(answer: httpx.Response) -> Told:
    body = answer.json() if answer.content else {}
    what = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    good = answer.status_code in (200, 201, 204)
    return Told(None if good else str(body["error"]["code"]), answer.status_code, body, what)


def of_frame(asked: Frame, reply: Frame) -> Told:
    code = str(reply["error"]["code"]) if reply["type"] == "error" else None
    return Told(code, None, reply, f"{asked}: {reply}")
