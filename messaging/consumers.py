"""The socket, ``/ws/chat/``: connect, dispatch, reply. docs/websocket.md has the protocol."""

import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.authentication import authenticate_token
from chatchat.api import MAX_ID
from chatchat.buckets import Bucket
from chatchat.clock import rfc3339
from chatchat.errors import ChatError, Invalid, NotAuthenticated, TooMany, Unavailable
from chatchat.realtime import process
from chatchat.realtime.sink import EXTENSION, close, make_sink
from chatchat.telemetry import metrics, traces
from chatchat.threads import run
from messaging import access, frames, live
from messaging import doorbook as book
from messaging import history as reading
from messaging.connection import BANNED, NOT_AUTHENTICATED, TOO_MANY, Connection
from messaging.frames import AnyFrame, BadFrame
from messaging.handshake import admit, language, subprotocol
from messaging.limits import sender
from messaging.services import messages
from messaging.turns import Room
from messaging.writer import Accepted, Mark, Marked, Outcome

log = logging.getLogger("chatchat.messaging")

OUTSTANDING = 256  # frames of a socket whose outcome is not known yet; beyond, it is not read


class ChatConsumer(AsyncConsumer):
    """One dispatch table, one ``except``."""

    connection: Connection
    _greeted = False
    _busy = False  # with a frame that was received, and not taken
    _traced: traces.FrameTrace | None = None  # of the frame being handled

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        # Channels' own loop makes two tasks a frame and hops to a thread for each.
        self._send = send
        await receive()  # websocket.connect
        try:
            visit = await self._open(scope)
        except ChatError as error:
            await self._refuse(error, scope)
            return
        except (OperationalError, InterfaceError):
            await self._refuse(Unavailable(), scope)
            return
        live.connections.add(self.connection)
        try:
            await self.connection.begin()
            await self._serve(receive, visit)
        finally:
            live.connections.discard(self.connection)
            self.connection.leave()
            visit.over()

    async def _open(self, scope: Any) -> book.Visit:
        """Accept who may come in. Raises what ``admit`` does."""
        credentials = await admit(scope)
        hub = await process.get_hub()
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol(scope)})
        self.connection = Connection(hub, credentials, make_sink(scope, self._send), self._close)
        self._limited = settings.RATELIMIT_ENABLE
        self._frames = Bucket(rate=settings.FRAME_RATE, burst=settings.FRAME_BURST)
        self._outstanding = Room(OUTSTANDING)
        self._language = language(scope)
        self._visit = visit = book.Visit(self.connection, scope)
        self._context = copy_context()  # in which the log says whose connection it is
        if (writer := scope.get("extensions", {}).get(EXTENSION)) is not None:
            writer.take = self.take
        # Or all who handed the scope on keep what is in it for as long as the socket is.
        scope["headers"].clear()
        scope.clear()
        return visit

    async def _serve(self, receive: Callable[[], Awaitable[Any]], visit: book.Visit) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                visit.code = message.get("code") or 0
                return
            self._busy = True
            if not self.connection.closing and self._may_come():
                await self._handle(message.get("text"))
            self._busy = False

    def _may_come(self) -> bool:
        """Count a frame; who sends too many goes."""
        self._visit.frames_in += 1
        if self._limited and not self._frames.take():
            self.connection.close(TOO_MANY)
            return False
        return True

    def take(self, text: str) -> bool:
        """Handle a frame in the turn in which it came; False if anything has to be waited for."""
        if self._busy or not self._greeted or traces.on or self._outstanding.full():
            return False
        if self.connection.closing:
            return True
        try:
            frame = frames.parse(text)
        except BadFrame:
            return False
        handle = self.at_once.get(type(frame))
        if handle is None:
            return False
        if self._may_come():
            metrics.frames_in[frames.type_of(frame)] += 1
            try:
                handle(self, frame)
            except Exception as error:
                self._context.run(self._failed, error, frame.id)
        return True

    async def _handle(self, text: str | None) -> None:
        re: Any = None
        since = time.time_ns() if traces.on else 0
        try:
            if text is None:
                raise Invalid(_("Binary frames are not taken."), code="invalid_json")
            # uvicorn has counted them already. A character has four bytes at most.
            if len(text) * 4 > settings.FRAME_MAX_BYTES < len(text.encode()):
                self.connection.close(1009)
                return
            frame = frames.parse(text)
            re = frame.id
            metrics.frames_in[frames.type_of(frame)] += 1
            if not self._greeted and not isinstance(frame, frames.Hello | frames.Ping | frames.Auth):
                raise Invalid(_("Say hello first."), code="hello_first")
            await (self._follow(frame, since) if traces.on else self.handlers[type(frame)](self, frame))
        except BadFrame as bad:
            metrics.frames_in["invalid"] += 1
            self._error(bad.error, bad.re)
        except Exception as error:
            self._failed(error, re)

    def _failed(self, error: Exception, re: Any) -> None:
        """A frame could not be handled: say why."""
        if isinstance(error, OperationalError | InterfaceError | ConnectionError):
            error = Unavailable()
        elif not isinstance(error, ChatError):
            log.error("a frame could not be handled", exc_info=error)
            error = ChatError(_("Something broke on our side. It has been logged."), code="internal")
        self._error(error, re)

    async def _follow(self, frame: AnyFrame, since: int) -> None:
        """Handle a frame with its spans, if it is one that is followed."""
        self._traced = traces.frame(
            frames.type_of(frame), frame.traceparent, since, user=self.connection.user_id,
            conversation=getattr(frame, "conversation", None),
        )  # fmt: skip
        if self._traced is None:
            await self.handlers[type(frame)](self, frame)
            return
        try:
            with traces.following(self._traced):
                await self.handlers[type(frame)](self, frame)
        finally:
            self._traced = None

    def _error(self, error: ChatError, re: Any) -> None:
        metrics.refusals.labels("socket", error.code).inc()
        with translation.override(self._language):
            fields = error.envelope()
        fields["error"]["details"] = _plain(fields["error"]["details"])
        if error.retry_after is not None:
            fields["error"]["details"]["retry_after"] = error.retry_after
        if re is not None:
            fields = {"re": re, **fields}
        self.connection.reply("error", **fields)

    def _reply(self, re: Any, type_: str, **fields: Any) -> None:
        if re is not None:
            fields = {"re": re, **fields}
        self.connection.reply(type_, **fields)

    # --- the frames ------------------------------------------------------------------------------------

    async def hello(self, frame: frames.Hello) -> None:
        if self._greeted:
            raise Invalid(_("Hello was said already."), code="hello_again")
        cursors = _cursors(frame.cursors)
        self._greeted = True
        try:
            await self.connection.hello(cursors)
        except (OperationalError, InterfaceError, ConnectionError):
            self._error(Unavailable(), frame.id)
            self.connection.close(1013)

    def send_message(self, frame: frames.Send) -> None:
        item = messages.prepare(
            user_id=self.connection.user_id,
            conversation_id=frame.conversation,
            client_id=frame.client_id,
            kind=frame.kind,
            body=frame.body,
            reply_to=frame.reply_to,
            attachments=frame.attachments,
        )
        if self._limited:
            bucket = sender(self.connection.user_id)
            if not bucket.take():
                item.refusal = TooMany(retry_after=bucket.wait())
        if self._traced is not None:
            self._traced.step("validate")
            item.trace = traces.passage(self._traced)
        self._outstanding.enter()
        live.writer().submit(item, lambda outcome: self._sent(frame, outcome, item.trace))

    def _sent(self, frame: frames.Send, outcome: Outcome, trace: traces.Passage | None) -> None:
        self._outstanding.leave()
        if not self.connection.closing:
            self._answer(frame, outcome)
        if trace is not None:
            trace.answered()

    def _answer(self, frame: frames.Send, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            self._reply(
                frame.id,
                "message.accepted",
                conversation=outcome.conversation_id,
                client_id=outcome.client_id,
                seq=outcome.seq,
                version=outcome.version,
                sent_at=rfc3339(outcome.sent_at),
                duplicate=outcome.duplicate,
            )
        elif isinstance(outcome, ChatError):
            self._error(outcome, frame.id)

    async def edit(self, frame: frames.Edit) -> None:
        version = await run(
            messages.edit, user_id=self.connection.user_id, conversation_id=frame.conversation,
            seq=frame.seq, body=frame.body,
        )  # fmt: skip
        self._reply(frame.id, "ok", version=version)

    async def recall(self, frame: frames.Recall) -> None:
        version = await run(
            messages.recall, user_id=self.connection.user_id, conversation_id=frame.conversation,
            seq=frame.seq,
        )  # fmt: skip
        self._reply(frame.id, "ok", version=version)

    async def react(self, frame: frames.ReactionAdd | frames.ReactionRemove) -> None:
        version = await run(
            messages.react, user_id=self.connection.user_id, conversation_id=frame.conversation,
            seq=frame.seq, emoji=frame.emoji, present=isinstance(frame, frames.ReactionAdd),
        )  # fmt: skip
        self._reply(frame.id, "ok", version=version)

    async def sync(self, frame: frames.Sync) -> None:
        page = await run(_sync_page, self.connection.user_id, frame)
        if frame.id is not None:
            page = {"re": frame.id, **page}
        await self.connection.paced("sync.page", **page)

    def delivered(self, frame: frames.Delivered) -> None:
        item = Mark(self.connection.user_id, frame.conversation, frame.seq, read=False)
        live.writer().gather(item, lambda outcome: self._marked(frame, outcome))

    def read(self, frame: frames.Read) -> None:
        item = Mark(self.connection.user_id, frame.conversation, frame.seq, read=True)
        self._outstanding.enter()
        live.writer().submit(item, lambda outcome: self._marked(frame, outcome, counted=True))

    def _marked(
        self, frame: frames.Delivered | frames.Read, outcome: Outcome, *, counted: bool = False
    ) -> None:
        if counted:
            self._outstanding.leave()
        if isinstance(outcome, Marked):
            live.news().add(outcome)
        if self.connection.closing:
            return
        if isinstance(outcome, ChatError):
            self._error(outcome, frame.id)
        elif frame.id is not None:
            self._reply(frame.id, "ok")

    async def typing(self, frame: frames.Typing) -> None:
        await run(access.may_type, user_id=self.connection.user_id, conversation_id=frame.conversation)
        live.typing(self.connection, frame.conversation, active=frame.active)

    async def watch_presence(self, frame: frames.PresenceWatch) -> None:
        tell = partial(self._reply, frame.id, "presence")
        await self.connection.hub.presence.watch(self.connection, frame.users, tell)

    async def auth(self, frame: frames.Auth) -> None:
        credentials = await run(authenticate_token, frame.token)
        if credentials.user_id != self.connection.user_id:
            raise NotAuthenticated(_("That token is another person's."))
        self.connection.session_id = credentials.session_id
        self.connection.expires_at = credentials.expires_at
        self._reply(frame.id, "ok")

    def ping(self, frame: frames.Ping) -> None:
        self._reply(frame.id, "pong")

    async def in_turn(self, frame: AnyFrame) -> None:
        """What could not be handled when it came."""
        await self._outstanding.wait()
        self.at_once[type(frame)](self, frame)

    #: These wait for nothing, but for room.
    at_once: ClassVar[dict[type[AnyFrame], Callable[..., None]]] = {
        frames.Send: send_message,
        frames.Delivered: delivered,
        frames.Read: read,
        frames.Ping: ping,
    }
    handlers: ClassVar[dict[type[AnyFrame], Callable[..., Awaitable[None]]]] = {
        **dict.fromkeys(at_once, in_turn),
        frames.Hello: hello,
        frames.Edit: edit,
        frames.Recall: recall,
        frames.ReactionAdd: react,
        frames.ReactionRemove: react,
        frames.Sync: sync,
        frames.Typing: typing,
        frames.PresenceWatch: watch_presence,
        frames.Auth: auth,
    }

    # --- the handshake -----------------------------------------------------------------------------------

    async def _close(self, code: int) -> None:
        await close(self._send, code)

    async def _refuse(self, error: ChatError, scope: Any) -> None:
        """401, 403, 429 or 503 where the server can answer a handshake; a plain refusal elsewhere."""
        book.refused(error, scope)
        if "websocket.http.response" not in scope.get("extensions", {}):
            await self._close(BANNED if error.status == 403 else NOT_AUTHENTICATED)
            return
        headers = [(b"content-type", b"application/json")]
        if error.retry_after is not None:
            headers.append((b"retry-after", str(error.retry_after).encode()))
        await self._send(
            {"type": "websocket.http.response.start", "status": error.status, "headers": headers}
        )
        body = live.json(error.envelope())
        await self._send({"type": "websocket.http.response.body", "body": body})


def _cursors(given: dict[str, int]) -> dict[int, int]:
    if len(given) > frames.CURSORS_LIMIT:
        raise Invalid(details={"cursors": [_("At most 500; use sync for the others.")]})
    cursors = {}
    for key, version in given.items():
        if not (key.isascii() and key.isdigit() and len(key) < 20 and 0 < int(key) <= MAX_ID):
            raise Invalid(details={"cursors": [_("A key is a conversation's id.")]})
        cursors[int(key)] = version
    return cursors


def _sync_page(user_id: int, frame: frames.Sync) -> dict[str, Any]:
    me = access.participation(user_id=user_id, conversation_id=frame.conversation)
    page = reading.sync(me, after=frame.after, limit=frame.limit)
    return {
        "conversation": frame.conversation,
        "messages": page.messages,
        "next": page.next,
        "complete": page.complete,
    }


def _plain(details: Any) -> Any:
    """Details with their lazy translations worded."""
    if isinstance(details, dict):
        return {key: _plain(value) for key, value in details.items()}
    if isinstance(details, list):
        return [_plain(value) for value in details]
    return details if isinstance(details, int | float | None) else str(details)
