"""Mails to people: worded in their language, sent by a few background threads.

How long a mail server takes, or whether there was anything to send at all, does not show in the
answer to the request. What is waiting when a server process ends is still sent (``finish``).
"""

import contextvars
import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string
from django.utils.translation import get_language

from chatchat.errors import Unavailable
from chatchat.telemetry import metrics, traces

log = logging.getLogger("chatchat.mail")

THREADS = 4
#: How many mails may wait; past that, asking for one more is refused.
WAITING = 500

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")
_room = BoundedSemaphore(WAITING)
_waiting: set[Future[None]] = set()


def language_now() -> str:
    """The requester's language, among those we speak."""
    language = get_language() or settings.LANGUAGE_CODE
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def send(*, template: str | None, to: str, language: str, **context: Any) -> None:
    """Have ``templates/accounts/mail/<template>.<language>.txt`` (first line: the subject) sent to ``to``.

    Without a template the same way is gone and nothing is sent. Raises Unavailable where too many wait.
    """
    if getattr(get_connection(), "immediate", False):
        _send(template, to, language, context)
        return
    if not _room.acquire(blocking=False):
        raise Unavailable
    here = contextvars.copy_context()  # the request that asked for it, for logs and traces
    future = _threads.submit(here.run, _send, template, to, language, context)
    _waiting.add(future)
    future.add_done_callback(_done)


def _done(future: Future[None]) -> None:
    _room.release()
    _waiting.discard(future)


def finish(*, timeout: float = 15) -> None:
    """Wait until what was handed over has been sent: for a process that is about to end."""
    wait(list(_waiting), timeout)


def _harmless(value: Any) -> Any:
    """Text from outside, on one line and in one direction: it forges no lines and hides nothing."""
    if not isinstance(value, str):
        return value
    return "".join(one for one in value if one == " " or one.isprintable())[:300]


def _send(template: str | None, to: str, language: str, context: dict[str, Any]) -> None:
    if template is None:
        return
    try:
        text = render_to_string(
            f"accounts/mail/{template}.{language}.txt",
            {"site": settings.SITE_URL, **{name: _harmless(value) for name, value in context.items()}},
        )
        subject, _, body = text.partition("\n")
        with traces.span("mail.send", calling=True, template=template):
            EmailMessage(subject.strip(), body.strip() + "\n", to=[to]).send()
        metrics.mails.labels("sent").inc()
    except Exception as error:
        metrics.mails.labels("failed").inc()
        # Neither the text nor the traceback's frames: they hold the code.
        log.error("a mail (%s) could not be sent: %s", template, type(error).__name__)
