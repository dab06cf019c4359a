"""Mail that is kept instead of sent, for /dev/mail/: in a folder that all processes share."""

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from accounts.models import normalise_email
from chatchat.clock import now, rfc3339

#: How many mails are kept; older ones go.
KEEP = 2000


class Kept(TypedDict):
    """A kept mail, to one recipient."""

    id: str
    to: str
    sender: str
    subject: str
    text: str
    sent_at: str


def _folder() -> Path:
    folder: Path = settings.VAR_DIR / "mail"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _mark(to: str) -> str:
    """Stands for the recipient in a file's name, so that theirs are found without opening others'."""
    return hashlib.sha256(normalise_email(to).encode()).hexdigest()[:16]


class KeepMail(BaseEmailBackend):
    """Django's mail backend that puts each mail into a file, named so that names sort by time."""

    #: A file is written at once: no thread is needed, and who has the answer finds the mail.
    immediate = True

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            for to in message.recipients():
                _keep(message, to)
        _prune()
        return len(email_messages)


def _keep(message: EmailMessage, to: str) -> None:
    identity = f"{time.time_ns():020d}-{_mark(to)}-{secrets.token_hex(4)}"
    mail = Kept(
        id=identity,
        to=to,
        sender=str(message.from_email),
        subject=str(message.subject),
        text=str(message.body),
        sent_at=rfc3339(now()),
    )
    folder = _folder()
    unfinished = folder / f".{identity}"
    unfinished.write_text(json.dumps(mail, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(folder / f"{identity}.json")


def _names() -> list[str]:
    """Newest first."""
    names = os.listdir(_folder())  # noqa: PTH208 - each mail does this, and glob takes ten times as long
    return sorted((name for name in names if name.endswith(".json")), reverse=True)


def _prune() -> None:
    for name in _names()[KEEP:]:
        (_folder() / name).unlink(missing_ok=True)


def kept(to: str | None = None, *, limit: int | None = None) -> list[Kept]:
    """The kept mails, to ``to`` or to everybody, newest first; all, or as many as ``limit``."""
    mails: list[Kept] = []
    mark = None if to is None else _mark(to)
    for name in _names():
        if mark is not None and name.split("-")[1] != mark:
            continue
        if limit is not None and len(mails) >= limit:
            break
        try:
            mails.append(json.loads((_folder() / name).read_text(encoding="utf-8")))
        except FileNotFoundError:  # pruned meanwhile
            continue
    return mails


def code_in(mail: Kept) -> str:
    """The six digits that stand in the mail on a line of their own; "" if there are none."""
    found = re.search(r"^\s*(\d{6})\s*$", mail["text"], re.MULTILINE)
    return found.group(1) if found else ""
