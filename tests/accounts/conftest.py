"""What the tests of accounts share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tests.client import ApiClient
from tests.people import sign_in


@pytest.fixture(autouse=True)
def _kept_mail(settings: Settings, tmp_path: Path) -> None:
    """Mail and pictures go to folders of the test's own; pytest-django has set another mail backend."""
    settings.EMAIL_BACKEND = "accounts.devmail.KeepMail"
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def no_limits(settings: Settings) -> None:
    """For tests that ask more often than a person may."""
    settings.RATELIMIT_ENABLE = False


@pytest.fixture
def amy(api: Callable[[], ApiClient]) -> ApiClient:
    """Somebody signed in."""
    return sign_in(api(), "Amy", email="amy@example.com")


@pytest.fixture
def bob(api: Callable[[], ApiClient]) -> ApiClient:
    """Somebody else."""
    return sign_in(api(), "Bob", email="bob@example.com")


@pytest.fixture
def nobody(api: Callable[[], ApiClient]) -> ApiClient:
    """A client without a token."""
    return api()
