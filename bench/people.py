"""People for a bench, made over REST as anybody would: codes from the mail page, friends, groups."""

import asyncio
import base64
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

PASSWORD = "correct horse battery"  # noqa: S105  # of people who do not exist
#: So many REST calls are under way at once.
AT_ONCE = 8
#: A token that ends within so many seconds is renewed first.
RENEW_SECONDS = 120

Step = Callable[[], None]


class RestError(RuntimeError):
    """An answer that the bench did not expect."""


class Member:
    """One person at the REST door of the process that they use."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self.url = url.rstrip("/")
        self.id = 0
        self.email = ""
        self.password = PASSWORD
        self._access = ""
        self._refresh = ""
        self._renewing = asyncio.Lock()

    # -------------------------------------------------------------- calls

    async def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The answer's JSON; None where there is none."""
        content = await self.fetch(method, path, body, **params)
        return json.loads(content) if content else None

    async def fetch(self, method: str, path: str, body: Any = None, **params: Any) -> bytes:
        """The answer's body. 429 and 503 are waited out, as is a server that is being restarted."""
        for attempt in range(60):
            try:
                answer = await self._once(method, path, body, params)
            except httpx.TransportError:
                await asyncio.sleep(min(0.1 * 2**attempt, 2))
                continue
            if answer.status_code in (429, 503):
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
                continue
            if answer.status_code == 401 and self._refresh and attempt == 0:
                await self.token(renew=True)
                continue
            if answer.is_error:
                raise RestError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
            return answer.content
        raise RestError(f"{method} {path}: given up after {attempt + 1} attempts")

    async def _once(self, method: str, path: str, body: Any, params: dict[str, Any]) -> httpx.Response:
        url = self.url + (path if path.startswith("/") else f"/api/v1/{path}")
        headers = {"Accept": "application/json"}
        if self._access:
            headers["Authorization"] = f"Bearer {self._access}"
        return await self._http.request(method, url, json=body, params=params or None, headers=headers)

    async def upload(self, content: bytes) -> int:
        """Have a file kept; the answer's status."""
        answer = await self._http.post(
            f"{self.url}/api/v1/attachments",
            files={"file": ("file.bin", content)},
            headers={"Authorization": f"Bearer {self._access}"},
        )
        return answer.status_code

    # -------------------------------------------------------------- signing in

    async def register(self, nickname: str) -> Self:
        self.email = f"replay-{uuid.uuid4().hex}@example.com"
        await self.call("POST", "auth/email-codes", {"email": self.email, "purpose": "register"})
        answer = await self.call(
            "POST",
            "auth/register",
            {
                "email": self.email,
                "code": await self._mailed_code(),
                "password": self.password,
                "nickname": nickname,
            },
        )
        return self._signed_in(answer)

    async def _mailed_code(self) -> str:
        for _ in range(50):  # mail may be sent after the answer
            mails = await self.call("GET", "/dev/mail/", to=self.email)
            found = mails["results"] if isinstance(mails, dict) else mails
            if found:
                code = re.search(r"(?<!\d)\d{6}(?!\d)", str(found[0].get("text") or found[0].get("body")))
                if code:
                    return code.group()
            await asyncio.sleep(0.1)
        raise RestError(f"no mail with a code for {self.email} at {self.url}/dev/mail/ (DEV_MAIL=1?)")

    async def login(self, email: str, password: str) -> Self:
        self.email, self.password = email, password
        return self._signed_in(await self.call("POST", "auth/token", {"email": email, "password": password}))

    def _signed_in(self, answer: Any) -> Self:
        self.id = int(answer["user"]["id"])
        self._access, self._refresh = answer["access"], answer["refresh"]
        return self

    async def token(self, renew: bool = False) -> str:
        """An access token that is good for a while yet."""
        before = self._access
        async with self._renewing:
            if self._access == before and (renew or _ends_at(self._access) - time.time() < RENEW_SECONDS):
                self._access, refresh = "", self._refresh
                answer = await self.call("POST", "auth/token/refresh", {"refresh": refresh})
                self._access, self._refresh = answer["access"], answer["refresh"]
        return self._access


def _ends_at(token: str) -> float:
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return float(claims["exp"])


# ------------------------------------------------------------------ many


async def in_turns(jobs: Sequence[Awaitable[Any]], step: Step, at_once: int = AT_ONCE) -> list[Any]:
    """The results of ``jobs``, some at a time; ``step`` is called as each ends."""
    turn = asyncio.Semaphore(at_once)

    async def one(job: Awaitable[Any]) -> Any:
        async with turn:
            result = await job
        step()
        return result

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one(job)) for job in jobs]
    return [task.result() for task in running]


def nickname_of(name: str, number: int) -> str:
    """A nickname that the server takes, as near to the log's as can be."""
    line = "".join(character for character in name if character.isprintable()).strip()[:32].strip()
    return line or f"Person {number}"


def read_logins(path: Path) -> list[tuple[str, str]]:
    """E-mail and password of each line: as JSON objects, or parted by blanks."""
    logins = []
    for line in filter(None, map(str.strip, path.read_text().splitlines())):
        if line.startswith("{"):
            fields = json.loads(line)
            logins.append((str(fields["email"]), str(fields["password"])))
        else:
            email, password = line.split(None, 1)
            logins.append((email, password))
    return logins


def write_logins(path: Path, members: Sequence[Member]) -> None:
    """What ``read_logins`` reads."""
    lines = [json.dumps({"email": member.email, "password": member.password}) for member in members]
    path.write_text("\n".join(lines) + "\n")


async def make_group(members: Sequence[Member], name: str, step: Step) -> int:
    """A group of all ``members``; its conversation."""
    owner, *others = members
    answer = await owner.call(
        "POST", "groups", {"name": name, "introduction": "", "join_policy": "open", "history": "all"}
    )
    step()
    await in_turns([member.call("POST", f"groups/{answer['id']}/join") for member in others], step)
    return int(answer["conversation"])


async def make_friends(one: Member, other: Member) -> int:
    """Their direct conversation; they may be friends already."""
    try:
        request = await one.call("POST", "friend-requests", {"user": other.id, "greeting": "hello"})
        accepted = await other.call("POST", f"friend-requests/{request['id']}/accept")
        return int(accepted["conversation"])
    except RestError as error:
        if " 409 " not in str(error):
            raise
    cursor: dict[str, str] = {}
    while True:
        page = await one.call("GET", "conversations", **cursor)
        for conversation in page["results"]:
            if (conversation["peer"] or {}).get("id") == other.id and conversation["may_send"]:
                return int(conversation["id"])
        if not page["next"]:
            raise RestError(f"{one.email} and {other.email} can be neither befriended nor found as friends")
        cursor = {"cursor": page["next"]}
