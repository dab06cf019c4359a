"""What a lower app must ask of a higher one, as a registry of typed functions.

Imports run one way (social, groups → messaging → accounts → here), but some rules run the other way:
whether this person may find that one is known to ``social``. Each point is declared here with its
type, filled by the app that knows in its ``AppConfig.ready()``, and asked by the one that needs it.
All of them run in the asker's transaction.
"""

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Point(Generic[P, R]):
    """Functions of one type, called in the order in which they were registered."""

    def __init__(self) -> None:
        self._functions: list[Callable[P, R]] = []

    def register(self, function: Callable[P, R]) -> Callable[P, R]:
        """Add ``function``; registering the same one twice changes nothing."""
        if function not in self._functions:
            self._functions.append(function)
        return function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """The answers of all."""
        return [function(*args, **kwargs) for function in self._functions]


#: (viewer's id) → a queryset of the ids of people whom this viewer must not find or see.
hidden_people: Point[[int], Any] = Point()

#: (user's id): this person is about to become an empty shell: leave groups, end friendships, …
person_deleted: Point[[int], None] = Point()

#: {name: number or list} for the operators' start page: counters, or a bounded stretch of an index.
glance: Point[[], dict[str, Any]] = Point()

#: Asked every few seconds of every process: end what is over by now. Cheap where there is nothing.
tidy: Point[[], None] = Point()

#: (user's id): nickname or avatar changed.
profile_changed: Point[[int], None] = Point()
