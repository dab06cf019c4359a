"""Mail: kept on the embedded stack, sent through a real SMTP server elsewhere."""

import email
import email.policy
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.mail import EmailMessage, get_connection

from accounts import devmail, mail
from accounts.devmail import kept
from chatchat.errors import Unavailable
from tests.accounts.mails import is_chinese
from tests.client import ApiClient, ok
from tests.stack.server import Server


class Inbox:
    """An SMTP server's handler; while ``closed`` is held, it takes its time."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.open = threading.Event()
        self.open.set()
        self.arrived = threading.Semaphore(0)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        import asyncio

        await asyncio.get_running_loop().run_in_executor(None, self.open.wait, 30)
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, email.message.EmailMessage)
        self.mails.append(parsed)
        self.arrived.release()
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, str]]:
    """The inbox of a real SMTP server, and its EMAIL_URL."""
    handler = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    handler.open.set()
    controller.stop()


def test_codes_arrive_through_smtp_however_long_the_server_takes(
    start_server: Callable[..., Server], inbox: tuple[Inbox, str]
) -> None:
    handler, url = inbox
    server = start_server(EMAIL_URL=url, DEFAULT_FROM_EMAIL="chat <chat@example.com>")
    client = ApiClient(server.url)
    handler.open.clear()
    body = {"email": "li@example.com", "purpose": "register"}
    ok(client.post("auth/email-codes", body, headers={"Accept-Language": "zh-CN"}), 202)
    assert handler.mails == []  # answered before the mail server has
    handler.open.set()
    assert handler.arrived.acquire(timeout=20)
    (received,) = handler.mails
    assert (received["To"], received["From"]) == ("li@example.com", "chat <chat@example.com>")
    text = received.get_body().get_content()  # type: ignore[union-attr]
    found = re.search(r"\d{6}", text)
    assert found
    assert is_chinese(received["Subject"])
    assert found.group() in received["Subject"]
    register = {"email": "li@example.com", "code": found.group(), "password": "correct horse battery"}
    ok(client.post("auth/register", register | {"nickname": "小李"}), 201)


def test_what_waits_is_sent_before_the_process_ends(
    start_server: Callable[..., Server], inbox: tuple[Inbox, str]
) -> None:
    handler, url = inbox
    server = start_server(EMAIL_URL=url)
    handler.open.clear()
    body = {"email": "li@example.com", "purpose": "register"}
    ok(ApiClient(server.url).post("auth/email-codes", body), 202)
    with ThreadPoolExecutor(1) as threads:
        stopped = threads.submit(server.stop)
        time.sleep(0.5)
        handler.open.set()
        stopped.result()
    assert handler.arrived.acquire(timeout=5)


def test_a_mail_server_that_is_away_changes_no_answer_and_the_log_holds_no_code(
    start_server: Callable[..., Server],
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = start_server(EMAIL_URL=f"smtp://127.0.0.1:{probe.getsockname()[1]}")
        body = {"email": "li@example.com", "purpose": "register"}
        ok(ApiClient(server.url).post("auth/email-codes", body), 202)
        deadline = time.monotonic() + 20
        while "could not be sent" not in server.log_text() and time.monotonic() < deadline:
            time.sleep(0.05)
    log = server.log_text()
    assert "a mail (code) could not be sent: ConnectionRefusedError" in log
    line = next(line for line in log.splitlines() if "could not be sent" in line)
    assert "li@example.com" not in log
    assert not re.search(r"(?<![\w:,.-])\d{6}(?!\w)", line)


def test_more_than_may_wait_is_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(mail, "_room", threading.BoundedSemaphore(1))
    assert mail._room.acquire(blocking=False)
    with pytest.raises(Unavailable):
        mail.send(template=None, to="li@example.com", language="en")
    mail._room.release()
    mail.send(template=None, to="li@example.com", language="en")


# --- kept mail --------------------------------------------------------------------------------------


def keep(to: str, subject: str) -> None:
    EmailMessage(subject, "text", to=[to], connection=get_connection()).send()


def test_kept_mail_is_listed_newest_first_and_by_recipient(db: None) -> None:
    for number in range(3):
        keep("amy@example.com", f"to Amy {number}")
        keep("bob@example.com", f"to Bob {number}")
    assert [kept_mail["subject"] for kept_mail in kept(" AMY@example.com")] == [
        "to Amy 2",
        "to Amy 1",
        "to Amy 0",
    ]
    assert len(kept()) == 6
    assert kept("nobody@example.com") == []
    assert set(kept()[0]) == {"id", "to", "sender", "subject", "text", "sent_at"}


def test_a_mail_to_two_is_kept_for_both() -> None:
    EmailMessage("s", "b", to=["a@example.com"], bcc=["b@example.com"], connection=get_connection()).send()
    assert len(kept("a@example.com")) == len(kept("b@example.com")) == 1


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devmail, "KEEP", 5)
    for number in range(9):
        keep("amy@example.com", str(number))
    assert [kept_mail["subject"] for kept_mail in kept()] == ["8", "7", "6", "5", "4"]


def test_mails_kept_at_once_are_all_there() -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: keep("amy@example.com", str(number)), range(64)))
    assert {kept_mail["subject"] for kept_mail in kept()} == {str(number) for number in range(64)}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("template", ["code", "already_registered", "password_changed", "email_changed"])
def test_every_mail_can_be_written_in_both_languages(template: str, language: str) -> None:
    mail.send(
        template=template,
        to="o'brien+tag@example.com",
        language=language,
        code="123456",
        purpose="register",
        email="o'brien+tag@example.com",
    )
    (written,) = kept("o'brien+tag@example.com")
    assert written["subject"]
    assert "&#" not in written["text"]
    assert "http://localhost:8000" in written["text"]
    assert is_chinese(written["text"]) == is_chinese(written["subject"]) == (language == "zh-hans")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_comes_from_outside_forges_no_line_and_turns_no_text_around(db: None, language: str) -> None:
    plain = {"provider": "Meridian", "email": "amy@example.com"}
    hostile = {
        "provider": "Meridian\r\nBcc: all@example.com\n\nhttps://evil.example/\u2028\u202egro.doog"
        + "x" * 9000,
        "email": '"a\x0b\x0c\x1e\u2029https://evil.example/"@example.com',
    }
    for template in ("identity_linked", "email_changed"):
        written = []
        for context in (plain, hostile):
            mail.send(template=template, to="amy@example.com", language=language, **context)
            written.append(kept("amy@example.com")[0])
        honest, forged = written
        assert len(forged["subject"].splitlines()) == 1
        assert len(forged["text"].splitlines()) == len(honest["text"].splitlines())
        assert "\u202e" not in forged["text"] + forged["subject"]
        assert len(forged["subject"]) < 400
