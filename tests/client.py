"""A small client of both doors, as a developer would write one from the documents alone.

amy = ApiClient(server.url)
amy.register("amy@example.com", nickname="Amy")
conversation = amy.befriend(bob)
async with ChatSocket(server.ws_url, amy.token) as socket:
    await socket.hello()
    reply = await socket.send_message(conversation, "hello")
"""

import asyncio
import contextlib
import itertools
import json
import re
import ssl
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests import canaries

PASSWORD = "correct horse battery"
SUBPROTOCOL = "chatchat.v1"

Frame = dict[str, Any]

#: Reading whom TLS trusts takes longer than most requests, and they are plain http.
TLS = ssl.create_default_context()

_numbers = itertools.count(1)


class ApiClient:
    """One person (or nobody, without a token) at the REST door."""

    _all: ClassVar[list[httpx.Client]] = []

    def __init__(
        self,
        base_url: str = "http://testserver",
        *,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.http = httpx.Client(base_url=base_url, transport=transport, timeout=30, verify=TLS)
        self._all.append(self.http)
        self.base_url = base_url
        self.token = token
        self.refresh_token: str | None = None
        self.user: dict[str, Any] = {}
        self.email = ""
        self.password = PASSWORD

    @property
    def id(self) -> int:
        return int(self.user["id"])

    def close(self) -> None:
        self.http.close()

    @classmethod
    def close_all(cls) -> None:
        """Close every client that was made; this is done after each test."""
        while cls._all:
            cls._all.pop().close()

    # ------------------------------------------------------------ plain calls

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """`path` is relative to /api/v1/, unless it starts with a slash."""
        url = path if path.startswith("/") else f"/api/v1/{path}"
        headers = dict(kwargs.pop("headers", None) or {})
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = self.http.request(method, url, headers=headers, **kwargs)
        _note(answer, kwargs)
        return answer

    def get(self, path: str, **params: Any) -> httpx.Response:
        # httpx takes an empty mapping as "no query", also where the path has one.
        return self.request("GET", path, params=params or None)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        return self.request("POST", path, **_json(body), **kwargs)

    def put(self, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        return self.request("PUT", path, **_json(body), **kwargs)

    def patch(self, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        return self.request("PATCH", path, **_json(body), **kwargs)

    def delete(self, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        return self.request("DELETE", path, **_json(body), **kwargs)

    # ------------------------------------------------------------ what tests do again and again

    def mails(self, email: str) -> list[dict[str, Any]]:
        """Mail kept for this address, newest first."""
        answer = self.request(
            "GET", "/dev/mail/", params={"to": email}, headers={"Accept": "application/json"}
        )
        body = ok(answer).json()
        found: list[dict[str, Any]] = body["results"] if isinstance(body, dict) else body
        return found

    def email_code(self, email: str, purpose: str = "register") -> str:
        """Ask for a code and read it from the mail page."""
        ok(self.post("auth/email-codes", {"email": email, "purpose": purpose}), 202)
        newest = self.mails(email)[0]
        text = str(newest.get("text") or newest.get("body"))
        found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
        assert found, f"no code in {text!r}"
        canaries.plant(found.group(), "a code")
        return found.group()

    def register(
        self, email: str | None = None, password: str = PASSWORD, nickname: str | None = None
    ) -> Self:
        """A new account with a mailed code; this client is signed in to it from then on."""
        number = next(_numbers)
        self.email = email or f"person{number}-{uuid.uuid4().hex[:8]}@example.com"
        self.password = password
        body = {
            "email": self.email,
            "code": self.email_code(self.email),
            "password": password,
            "nickname": nickname or f"Person {number}",
        }
        return self._signed_in(ok(self.post("auth/register", body), 201))

    def login(self, email: str | None = None, password: str | None = None) -> Self:
        """A new session, as on another device."""
        self.email, self.password = email or self.email, password or self.password
        body = {"email": self.email, "password": self.password}
        return self._signed_in(
            ok(self.request("POST", "auth/token", json=body, headers={"Authorization": ""}))
        )

    def another_device(self) -> "ApiClient":
        """The same person, signed in once more."""
        other = ApiClient(self.base_url, transport=None if self.base_url != "http://testserver" else wsgi())
        return other.login(self.email, self.password)

    def _signed_in(self, answer: httpx.Response) -> Self:
        body = answer.json()
        self.user, self.token, self.refresh_token = body["user"], body["access"], body["refresh"]
        return self

    def befriend(self, other: "ApiClient") -> int:
        """Make the two friends; the id of their conversation."""
        request = ok(self.post("friend-requests", {"user": other.id, "greeting": "hello"}), 201).json()
        accepted = ok(other.post(f"friend-requests/{request['id']}/accept")).json()
        return int(accepted["conversation"])

    def create_group(self, *members: "ApiClient", name: str = "A group", **fields: Any) -> int:
        """A group that anybody may join, with these members; its id, which is its conversation's."""
        body = {"name": name, "introduction": "", "join_policy": "open", "history": "all"} | fields
        group = int(ok(self.post("groups", body), 201).json()["id"])
        for member in members:
            ok(member.post(f"groups/{group}/join"), 200, 201, 204)
        return group

    def send_message(
        self, conversation: int, body: str, client_id: str | None = None, **fields: Any
    ) -> Frame:
        """Send over REST; the message as answered."""
        message = {"client_id": client_id or str(uuid.uuid4()), "kind": "text", "body": body} | fields
        answer = ok(self.post(f"conversations/{conversation}/messages", message), 200, 201)
        sent: Frame = answer.json()
        return sent

    def history(self, conversation: int, limit: int = 50) -> list[Frame]:
        """Every message that this person can see, by seq, paged backwards as a client does."""
        found: list[Frame] = []
        before: dict[str, int] = {}
        while True:
            page = ok(self.get(f"conversations/{conversation}/messages", limit=limit, **before)).json()
            found = page["results"] + found
            if not page["has_more"]:
                return found
            before = {"before": page["results"][0]["seq"]}


def ok(answer: httpx.Response, *statuses: int) -> httpx.Response:
    """The answer, if its status is among these (200 unless told); otherwise say what it was."""
    expected = statuses or (200,)
    request = answer.request
    assert answer.status_code in expected, (
        f"{request.method} {request.url.path}: {answer.status_code}, not {expected}: {answer.text[:500]}"
    )
    return answer


def error_code(answer: httpx.Response) -> str:
    """The stable code of an error in the envelope."""
    return str(answer.json()["error"]["code"])


def wsgi() -> httpx.BaseTransport:
    """The application in this process and thread, for tests that need no server."""
    from django.core.handlers.wsgi import WSGIHandler

    # Not get_wsgi_application, which would set Django up, and all of the logging, once more each time.
    application = WSGIHandler()

    def with_wsgi_path(environ: dict[str, Any], start_response: Any) -> Any:
        # PEP 3333's path is bytes read as Latin-1; httpx hands out characters.
        path = environ["PATH_INFO"].encode().decode("latin-1")
        return application({**environ, "PATH_INFO": path}, start_response)

    return httpx.WSGITransport(app=with_wsgi_path)


def _note(answer: httpx.Response, sent: Mapping[str, Any]) -> None:
    """What was said, in both directions, is in no log (`tests/canaries.py`)."""
    for part in ("json", "data", "params"):
        canaries.plant_all(sent.get(part))
    canaries.plant_address(str(answer.request.url))
    canaries.plant_address(answer.headers.get("Location", ""))
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        with contextlib.suppress(ValueError):
            canaries.plant_all(answer.json())


def _json(body: Any) -> dict[str, Any]:
    return {} if body is None else {"json": body}


class ChatSocket:
    """One connection to /ws/chat/, which keeps everything that it received, in order.

    `next` hands out what was not handed out yet; `received` is the whole record, also of what `next`,
    `request` and `hello` have handed out.
    """

    def __init__(
        self,
        ws_url: str,
        token: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: tuple[str, ...] = (SUBPROTOCOL,),
        origin: str | None = None,
        path: str = "/ws/chat/",
        timeout: float = 10,
        on_frame: Callable[[Frame], None] | None = None,
    ) -> None:
        self._url = ws_url + path
        self._headers = dict(headers or {})
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
            canaries.plant(token, "a token")
        self._subprotocols = [Subprotocol(name) for name in subprotocols]
        self._origin = origin
        self._timeout = timeout
        self._on_frame = on_frame
        self._ids = itertools.count(1)
        self._waiting: list[Frame] = []
        self._news = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self.received: list[Frame] = []
        self.cursors: dict[str, int] = {}
        self.close_code: int | None = None
        self.connection: ClientConnection

    # ------------------------------------------------------------ coming and going

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect; a refused handshake raises websockets' InvalidStatus."""
        self.connection = await connect(
            self._url,
            additional_headers=self._headers,
            subprotocols=self._subprotocols or None,
            origin=self._origin,  # type: ignore[arg-type]
            compression=None,
            max_size=None,
            max_queue=None,
            ping_interval=None,
            proxy=None,
        )
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Say good-bye, as a client that is closed by its user."""
        await self.connection.close()
        if self._reader is not None:
            await self._reader

    async def cut(self) -> None:
        """Break the connection without a word, as a tunnel does."""
        self.connection.transport.abort()
        if self._reader is not None:
            await self._reader

    async def closed(self, timeout: float | None = None) -> int:
        """Wait until the server has closed; its close code."""
        assert self._reader is not None
        await asyncio.wait_for(asyncio.shield(self._reader), timeout or self._timeout)
        assert self.close_code is not None
        return self.close_code

    async def _read(self) -> None:
        try:
            async for data in self.connection:
                assert isinstance(data, str), "the server sent a binary frame"
                await self._arrived(json.loads(data))
        except ConnectionClosed:
            pass
        finally:
            self.close_code = self.connection.close_code
            async with self._news:
                self._news.notify_all()

    async def _arrived(self, frame: Frame) -> None:
        self.received.append(frame)
        if frame["type"] == "message":
            self.cursors[str(frame["conversation"])] = frame["message"]["version"]
        if self._on_frame is not None:
            self._on_frame(frame)
        async with self._news:
            self._waiting.append(frame)
            self._news.notify_all()

    # ------------------------------------------------------------ frames

    async def send(self, frame: Frame | str | bytes) -> None:
        """A frame, or raw text or bytes for what no honest client sends."""
        canaries.plant_all(frame)
        await self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def request(self, frame: Frame, timeout: float | None = None) -> Frame:
        """Send it with an id and wait for its reply, which may be an error."""
        number = frame.get("id", f"r{next(self._ids)}")
        await self.send({**frame, "id": number})
        return await self._take(lambda got: got.get("re") == number, timeout, f"the reply to {frame}")

    async def next(
        self,
        type: str | None = None,
        timeout: float | None = None,
        **fields: Any,
    ) -> Frame:
        """The next frame of this type with these fields; those before it stay for later."""

        def matches(frame: Frame) -> bool:
            return (type is None or frame["type"] == type) and all(
                frame.get(name) == value for name, value in fields.items()
            )

        return await self._take(matches, timeout, f"a frame {type or ''} {fields or ''}")

    async def nothing(self, type: str | None = None, within: float = 0.5, **fields: Any) -> None:
        """Assert that no such frame comes within this time."""
        with contextlib.suppress(TimeoutError):
            frame = await self.next(type, within, **fields)
            raise AssertionError(f"unexpected: {frame}")

    async def _take(self, matches: Callable[[Frame], bool], timeout: float | None, what: str) -> Frame:
        async def search() -> Frame:
            async with self._news:
                while True:
                    for index, frame in enumerate(self._waiting):
                        if matches(frame):
                            return self._waiting.pop(index)
                    if self.close_code is not None or (self._reader and self._reader.done()):
                        raise AssertionError(
                            f"closed with {self.close_code} while waiting for {what}; had {self._waiting}"
                        )
                    await self._news.wait()

        try:
            return await asyncio.wait_for(search(), timeout or self._timeout)
        except TimeoutError:
            raise TimeoutError(f"waited in vain for {what}; had {self._waiting}") from None

    # ------------------------------------------------------------ what tests do again and again

    async def hello(self, cursors: Mapping[int | str, int] | None = None) -> Frame:
        """Introduce oneself and wait for `synced`; the `ready` frame. The backlog waits for `next`."""
        named = {} if cursors is None else {"cursors": {str(key): value for key, value in cursors.items()}}
        await self.send({"type": "hello", **named})
        ready = await self.next("ready")
        await self.next("synced")
        return ready

    async def send_message(
        self, conversation: int, body: str, client_id: str | None = None, **fields: Any
    ) -> Frame:
        """Send a text; the reply: `message.accepted`, or an error."""
        return await self.request(
            {
                "type": "message.send",
                "conversation": conversation,
                "client_id": client_id or str(uuid.uuid4()),
                "kind": "text",
                "body": body,
                **fields,
            }
        )

    async def sync(self, conversation: int, after: int = 0, limit: int = 200) -> list[Frame]:
        """Every new or changed message after this version, page by page."""
        found: list[Frame] = []
        while True:
            page = await self.request(
                {"type": "sync", "conversation": conversation, "after": after, "limit": limit}
            )
            assert page["type"] == "sync.page", page
            found += page["messages"]
            after = page["next"]
            if page["complete"]:
                return found

    def messages(self, conversation: int | None = None) -> list[Frame]:
        """The messages received so far, backlog and live, in the order of their coming."""
        return [
            frame["message"]
            for frame in self.received
            if frame["type"] == "message" and conversation in (None, frame["conversation"])
        ]
