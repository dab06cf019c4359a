"""Pictures are made anew by processes that may take long, die, or be busy: the server goes on."""

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from pytest_django.fixtures import Settings

from messaging.attachments import studio
from tests.accounts.pictures import picture
from tests.client import ApiClient, error_code, ok
from tests.messaging import hostile_files
from tests.messaging.attachments import check_usage, photo, upload, uploaded
from tests.stack.server import Server

pytestmark = pytest.mark.django_db


def test_a_picture_that_takes_too_long_is_refused_and_the_next_one_is_not(
    amy: ApiClient, settings: Settings
) -> None:
    photo(amy)
    settings.ATTACHMENT_IMAGE_SECONDS = 0.001
    big = hostile_files.encoded("PNG", (3000, 2000))
    refused = ok(upload(amy, big, "big.png"), 400)
    assert error_code(refused) == "image_too_large"
    settings.ATTACHMENT_IMAGE_SECONDS = 30
    photo(amy)
    check_usage()


def test_a_painter_makes_room_for_a_fresh_one(amy: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "EACH", 1)
    seen = set()
    for _ in range(3):
        photo(amy)
        seen |= {one._process.pid for one in studio._studio._idle if one._process is not None}
    assert len(seen) >= 3


def test_a_painter_that_dies_is_replaced(amy: ApiClient) -> None:
    photo(amy)
    for painter in studio._studio._idle:
        if painter._process is not None:
            painter._process.kill()
            painter._process.wait()
    photo(amy)


def test_too_many_pictures_at_once_are_503(amy: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "PATIENCE", 0.01)
    for _ in range(studio.PAINTERS):
        studio._studio._turns.acquire()
    try:
        refused = ok(upload(amy, picture(), "a.png"), 503)
        assert error_code(refused) == "busy"
        assert "Retry-After" in refused.headers
        uploaded(amy)  # what is no picture does not wait
    finally:
        for _ in range(studio.PAINTERS):
            studio._studio._turns.release()
    photo(amy)


def test_a_painter_knows_no_secret(amy: ApiClient) -> None:
    photo(amy)
    running = [one._process for one in studio._studio._idle if one._process is not None]
    assert running
    for process in running:
        known = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert b"SECRET_KEY" not in known
        assert b"DATABASE_URL" not in known


def test_pictures_do_not_hold_up_messages(server: Server, person: Callable[..., ApiClient]) -> None:
    """While every painter works at something big, what others do is answered as ever."""
    amy, bob = person("Amy"), person("Bob")
    direct = amy.befriend(bob)
    big = hostile_files.encoded("PNG", (5000, 4000))
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(upload(amy, big, "big.png"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(10):
        bob.send_message(direct, f"{number}")
    still = sum(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()
    assert still > 0, "the messages were through before the pictures were"
    assert [answer.status_code for answer in answers] == [201] * 3
