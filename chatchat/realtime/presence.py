"""Who is there: told to those who watch, and to nobody else.

A person is there while any of their sockets is, at any process, and a few seconds longer: whoever is
back by then was never away. What travels between processes is only a hint (``Presence``), through a
group a person that only the processes with watchers join; what is so then is asked of ``Whereabouts``,
one question at a time, so that nothing older is told after something newer. Every ``TICK`` seconds
everything that is watched is asked for again: what a crash or a lost hint left untold.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any, Protocol

from django.db import InterfaceError, OperationalError

from chatchat.realtime.events import Event, Presence, frame, presence_group
from chatchat.realtime.ports import Client, Source
from chatchat.realtime.whereabouts import Whereabouts

log = logging.getLogger("chatchat.realtime")

GRACE = 5  # seconds without a socket before somebody counts as gone
TICK = 15.0
AGAIN = 0.5  # seconds before a database that is away is asked again


class Seat(Protocol):
    """What of the hub is needed here."""

    loop: asyncio.AbstractEventLoop
    source: Source
    people: dict[int, set[Client]]

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None: ...
    def publish(self, events: Sequence[Event]) -> None: ...
    def write(self, client: Client, text: bytes) -> None: ...
    async def subscribe(self, groups: list[str]) -> None: ...
    def unsubscribe(self, group: str) -> None: ...


class Watched:
    """What one socket watches: whom it asked for, and what it was told of those whom it may see."""

    def __init__(self, users: Collection[int]) -> None:
        self.users = frozenset(users)
        self.told: dict[int, bool] = {}


class People:
    """A process's people who are there, and its sockets that watch others."""

    def __init__(self, hub: Seat, whereabouts: Whereabouts) -> None:
        self._hub = hub
        self._whereabouts = whereabouts
        self._here: set[int] = set()
        self._going: dict[int, asyncio.TimerHandle] = {}
        self._moves: dict[int, bool] = {}  # {who: whether they came}, to be written
        self._writing = False
        self._watched: dict[Client, Watched] = {}
        #: {person: the sockets that watch them}
        self.watchers: dict[int, set[Client]] = {}
        self._due: set[int] = set()
        self._reviews: set[Client] = set()
        self._telling = False
        #: Held from a question to the writing of what was answered.
        self._turn = asyncio.Lock()

    # --- who is here

    def came(self, user: int) -> None:
        """Their first socket here has been opened."""
        timer = self._going.pop(user, None)
        if timer is not None:
            timer.cancel()
        if user not in self._here:
            self._here.add(user)
            self._move(user, came=True)

    def went(self, user: int) -> None:
        """Their last socket here has been closed."""
        if user in self._here and user not in self._going:
            self._going[user] = self._hub.loop.call_later(GRACE, self._gone, user)

    def _gone(self, user: int) -> None:
        del self._going[user]
        self._here.discard(user)
        self._move(user, came=False)

    def _move(self, user: int, *, came: bool) -> None:
        self._moves[user] = came
        if not self._writing:
            self._writing = True
            self._hub.spawn(self._write_moves())

    async def _write_moves(self) -> None:
        """Who moves while something is being written is written next, together."""
        try:
            while self._moves:
                moves, self._moves = self._moves, {}
                come = [user for user, came in moves.items() if came]
                gone = [user for user, came in moves.items() if not came]
                if not await self._whereabouts.move(come=come, gone=gone):
                    await self._whereabouts.renew(self._here)
                self._hub.publish([Presence(user) for user in moves])
        finally:
            self._writing = False

    # --- who watches

    async def watch(self, client: Client, users: Collection[int], tell: Callable[..., None]) -> None:
        """Let ``client`` watch these people, in the place of whom it watched before.

        ``tell`` gets the state of those whom its person may see; later changes come as frames. Raises
        what the database does while it is away.
        """
        self.forget(client)
        watched = Watched(users)
        visible = await self._hub.source.visible(client.user_id, sorted(watched.users))
        if client not in self._hub.people.get(client.user_id, ()):  # closed meanwhile
            return
        self._watched[client] = watched
        await self._see(client, visible)
        async with self._turn:
            online = await self._whereabouts.online(visible) or set()
            if self._watched.get(client) is not watched:
                return
            watched.told = {user: user in online for user in visible}
            tell(users=shapes(watched.told))

    async def _see(self, client: Client, users: Iterable[int]) -> None:
        new = [user for user in users if user not in self.watchers]
        for user in users:
            self.watchers.setdefault(user, set()).add(client)
        if new:
            await self._hub.subscribe([presence_group(user) for user in new])

    def forget(self, client: Client) -> None:
        """It watches nobody any more."""
        self._reviews.discard(client)
        watched = self._watched.pop(client, None)
        for user in watched.users if watched is not None else ():
            self._overlook(client, user)

    def _overlook(self, client: Client, user: int) -> None:
        watchers = self.watchers.get(user, set())
        watchers.discard(client)
        if not watchers and self.watchers.pop(user, None) is not None:
            self._hub.unsubscribe(presence_group(user))

    # --- telling

    def hint(self, event: Presence) -> None:
        """They may have come or gone."""
        if event.user in self.watchers:
            self._due.add(event.user)
            self._tell_soon()

    def review(self, client: Client) -> None:
        """Whom its person may see may have changed."""
        if client in self._watched:
            self._reviews.add(client)
            self._tell_soon()

    def _tell_soon(self) -> None:
        if not self._telling:
            self._telling = True
            self._hub.spawn(self._tell_all())

    async def _tell_all(self) -> None:
        try:
            while self._due or self._reviews:
                due, self._due = self._due, set()
                reviews, self._reviews = self._reviews, set()
                try:
                    for client in reviews:
                        await self._review(client)
                    await self._tell(due)
                except (OperationalError, InterfaceError, ConnectionError) as error:
                    log.warning("who may see whom cannot be read: %s", error)
                    self._due |= due
                    self._reviews |= reviews & self._watched.keys()
                    await asyncio.sleep(AGAIN)
        finally:
            self._telling = False

    async def _tell(self, due: set[int]) -> None:
        async with self._turn:
            online = await self._whereabouts.online(due)
            if online is None:
                return
            news: dict[Client, dict[int, bool]] = {}
            for user in due:
                for client in await self._who_hears(user, user in online):
                    news.setdefault(client, {})[user] = user in online
            for client, told in news.items():
                self._write(client, told)

    async def _who_hears(self, user: int, online: bool) -> list[Client]:
        """Those to whom it is new; who may not see them any more is told that they are gone, for good."""
        clients = [
            client
            for client in self.watchers.get(user, ())
            if self._watched[client].told.get(user, online) != online
        ]
        if not clients:
            return []
        may = await self._hub.source.visible(user, sorted({client.user_id for client in clients}))
        for client in clients:
            if client.user_id not in may:
                self._lose(client, {user})
        return [client for client in clients if client.user_id in may]

    async def _review(self, client: Client) -> None:
        watched = self._watched.get(client)
        if watched is None:
            return
        visible = await self._hub.source.visible(client.user_id, sorted(watched.users))
        if self._watched.get(client) is not watched:
            return
        self._lose(client, watched.told.keys() - visible)
        new = visible - watched.told.keys()
        if new:
            await self._see(client, new)
            async with self._turn:
                online = await self._whereabouts.online(new)
                if online is not None and self._watched.get(client) is watched:
                    self._write(client, {user: user in online for user in new})

    def _lose(self, client: Client, users: Collection[int]) -> None:
        watched = self._watched.get(client)
        if watched is None:
            return
        were = {user: watched.told.pop(user, False) for user in list(users)}
        for user in were:
            self._overlook(client, user)
        seen = {user: False for user, online in were.items() if online}
        if seen:
            self._put(client, seen)

    def _write(self, client: Client, told: dict[int, bool]) -> None:
        watched = self._watched.get(client)
        if watched is not None:
            watched.told |= told
            self._put(client, told)

    def _put(self, client: Client, told: dict[int, bool]) -> None:
        self._hub.write(client, frame("presence", users=shapes(told)))

    async def count(self) -> int | None:
        """About how many people are there, at all processes; None if that cannot be known now."""
        return await self._whereabouts.count()

    # --- life

    def renew_soon(self) -> None:
        """Redis was away: what it has lost is written again."""
        self._hub.spawn(self._whereabouts.renew(self._here))

    async def tick_forever(self) -> None:
        """Say that this process is alive, and ask for everybody who is watched."""
        while True:
            await self._whereabouts.renew(self._here)
            self._due |= self.watchers.keys()
            if self._due:
                self._tell_soon()
            await asyncio.sleep(TICK)

    async def stop(self) -> None:
        """Whoever is back at another process in time was never away."""
        for timer in self._going.values():
            timer.cancel()
        await self._whereabouts.leave(GRACE)


def shapes(told: dict[int, bool]) -> list[dict[str, Any]]:
    """As it is on the wire."""
    return [{"user": user, "online": online} for user, online in sorted(told.items())]
