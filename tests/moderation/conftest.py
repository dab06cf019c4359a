"""Moderators, and those whom they look after."""

import shutil
from collections.abc import Callable

import pytest
from django.core.files.storage import storages
from django.test import Client

from accounts.models import User
from tests.admin_client import entered, staff
from tests.client import ApiClient


@pytest.fixture
def no_files() -> None:
    """Rows of other tests are gone; so are their files."""
    shutil.rmtree(storages["attachments"].path(""), ignore_errors=True)


@pytest.fixture
def mona(db: None) -> User:
    """A moderator."""
    return staff("moderator", "Mona")


@pytest.fixture
def moderator(mona: User) -> Client:
    """Mona's browser, in the admin."""
    return entered(mona)


@pytest.fixture
def administrator(db: None) -> Client:
    return entered(staff("administrator", "Ada"))


@pytest.fixture
def amy(api: Callable[..., ApiClient]) -> ApiClient:
    return api("Amy", email="amy@example.com")


@pytest.fixture
def ben(api: Callable[..., ApiClient]) -> ApiClient:
    return api("Ben", email="ben@example.com")


@pytest.fixture
def direct(amy: ApiClient, ben: ApiClient) -> int:
    """Their conversation."""
    return amy.befriend(ben)
