"""A Redis that does not answer is not asked: who needs it is refused at once, and one tries again."""

import threading
import time
from collections.abc import Callable
from typing import Any, Self

from redis import exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

AWAY = 2.0  # seconds for which nobody asks after nothing was answered


class Fuse(Retry):
    """A client's ``retry``: nothing is tried twice, and nothing soon after something timed out.

    Whoever comes ``AWAY`` seconds later asks, and all others are refused until there is an answer: of a
    Redis that is frozen each would wait for the whole of its timeout. One that refuses keeps nobody waiting.
    """

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 0)
        self._lock = threading.Lock()
        self._blown = False
        self._again_at = 0.0

    def __deepcopy__(self, memo: Any) -> Self:
        return self  # one for all the connections of a pool

    def call_with_retry(self, do: Callable[[], Any], *rest: Any, **options: Any) -> Any:
        """See ``Retry``."""
        self._refuse_if_blown()
        try:
            answer = super().call_with_retry(do, *rest, **options)
        except exceptions.TimeoutError:
            self._blown, self._again_at = True, time.monotonic() + AWAY
            raise
        self._blown = False
        return answer

    def _refuse_if_blown(self) -> None:
        if not self._blown:
            return
        with self._lock:
            moment = time.monotonic()
            if moment < self._again_at:
                raise exceptions.ConnectionError("Redis is away")
            self._again_at = moment + AWAY
