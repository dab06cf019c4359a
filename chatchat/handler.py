"""Django's ASGI handler, with one way to a thread and back for a request."""

from typing import Any

from asgiref.sync import AsyncToSync, sync_to_async
from django.core.handlers.asgi import ASGIHandler


class Handler(ASGIHandler):
    """Runs synchronous middleware and the view, one within the other, in one piece of work for a thread.

    Django's own goes to the thread and back twice for each of its middlewares that can do both, and once more
    for the view: more than all of them together have to do. Here those stay asynchronous that stand outside
    of the innermost that can't be synchronous; who serves files, for instance.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """See Django's; ``is_async`` is what it calls this with, and changes nothing."""
        super().load_middleware(is_async=False)
        chain: Any = vars(self)["_middleware_chain"]
        # Asynchronous at the top, Django has made it synchronous for whoever calls it so.
        self._middleware_chain = chain.awaitable if isinstance(chain, AsyncToSync) else sync_to_async(chain)
