"""What the tests of accounts share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def _kept_mail(settings: Settings, tmp_path: Path) -> None:
    """Mail is kept in a folder of the test's own (pytest-django has put a backend of its own in place)."""
    settings.EMAIL_BACKEND = "accounts.devmail.KeepMail"
    settings.VAR_DIR = tmp_path


@pytest.fixture
def limits_off(settings: Settings) -> Iterator[None]:
    """For tests that ask for more codes than a person may."""
    settings.RATELIMIT_ENABLE = False
    yield
