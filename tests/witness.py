"""What a call told to whom, and that a refused one changed nothing and told nobody.

with told() as events:
    ok(bob.post(…))
assert frames_to(events, amy.id) == [{"type": "friend.added", …}]

with untouched():
    assert eve.post(…).status_code == 404
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.apps import apps
from django.db import connections
from django.test import TestCase

from chatchat.realtime import Change, Event, Personal, Restate, Review, Revoked, outlet

T = TypeVar("T")

APPS = ("messaging", "social", "groups")
#: Rows that lock, or that only say that somebody called.
PASSED_OVER = {"social.pair"}


@contextmanager
def told() -> Iterator[list[Event]]:
    """What is published meanwhile, in a test that runs in one transaction."""
    with outlet.observe() as events, TestCase.captureOnCommitCallbacks(execute=True):
        yield events


@contextmanager
def untouched() -> Iterator[None]:
    """Assert that no row of messaging, social and groups changes meanwhile, and that nobody is told."""
    before = _rows()
    with told() as events:
        yield
    assert events == []
    assert _rows() == before


def _rows() -> dict[str, list[dict[str, Any]]]:
    return {
        model._meta.label_lower: list(model._default_manager.order_by("pk").values())
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if model._meta.label_lower not in PASSED_OVER
    }


def frames_to(events: Sequence[Event], user_id: int) -> list[dict[str, Any]]:
    """The frames for this person alone, in order."""
    return [
        json.loads(event.frame) for event in events if isinstance(event, Personal) and event.user == user_id
    ]


def people_told(events: Sequence[Event]) -> set[int]:
    """Who got a frame of their own."""
    return {event.user for event in events if isinstance(event, Personal)}


def lines(events: Sequence[Event], conversation: int) -> list[dict[str, Any]]:
    """The data of the system's messages in this conversation, in order."""
    frames = [
        json.loads(event.frame)["message"]
        for event in events
        if isinstance(event, Change) and event.conversation == conversation
    ]
    return [message["data"] for message in frames if message["kind"] == "system"]


def revoked(events: Sequence[Event]) -> list[tuple[int, str]]:
    """(person, why) of each change in what somebody sees of a conversation, in order."""
    return [(event.user, event.reason) for event in events if isinstance(event, Revoked)]


def restated(events: Sequence[Event]) -> list[tuple[int, int | None]]:
    """(conversation, person or None for everybody) of those whose sockets look at the state, in order."""
    return [(event.conversation, event.user) for event in events if isinstance(event, Restate)]


def reviews(events: Sequence[Event]) -> list[Event]:
    """Those by which somebody's sockets look whom they may see; nobody is told."""
    return [event for event in events if isinstance(event, Review)]


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Make the calls at the same moment, each in a thread with a connection of its own; their answers."""
    barrier = threading.Barrier(len(calls))
    answers: dict[int, T] = {}
    errors: list[Exception] = []

    def run(number: int, call: Callable[[], T]) -> None:
        try:
            barrier.wait(10)
            answers[number] = call()
        except Exception as error:  # raised again below, in the test's own thread
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
    return [answers[number] for number in range(len(calls))]
