"""The price of a password."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.hashers import BoundedArgon2
from chatchat import settings

pytestmark = pytest.mark.once


def test_the_product_hashes_with_argon2_at_djangos_price() -> None:
    assert settings.PASSWORD_HASHERS[0] == "accounts.hashers.BoundedArgon2"
    ours, djangos = BoundedArgon2(), Argon2PasswordHasher()
    salt = ours.salt()
    encoded = ours.encode("correct horse battery", salt)
    assert encoded == djangos.encode("correct horse battery", salt)
    assert ours.verify("correct horse battery", encoded)
    assert not ours.verify("staple horse battery", encoded)
    assert not ours.must_update(encoded)


def test_no_more_hashes_at_once_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def slow(self: Any, *args: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return ""

    monkeypatch.setattr(Argon2PasswordHasher, "encode", slow)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", slow)
    hasher = BoundedArgon2()
    with ThreadPoolExecutor(32) as threads:
        list(threads.map(lambda _: (hasher.encode("p", "s"), hasher.verify("p", "e")), range(64)))
    assert 1 <= most <= max(2, os.cpu_count() or 2)
