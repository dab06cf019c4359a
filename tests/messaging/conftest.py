"""People who have a conversation, at the REST door within this process; and two real servers."""

import shutil
from collections.abc import Callable

import pytest
from django.core.files.storage import storages

from tests.client import ApiClient


@pytest.fixture(autouse=True)
def _no_files() -> None:
    """Rows of other tests are gone; so are their files."""
    shutil.rmtree(storages["attachments"].path(""), ignore_errors=True)


@pytest.fixture
def amy(api: Callable[..., ApiClient]) -> ApiClient:
    return api("Amy")


@pytest.fixture
def bob(api: Callable[..., ApiClient]) -> ApiClient:
    return api("Bob")


@pytest.fixture
def eve(api: Callable[..., ApiClient]) -> ApiClient:
    """The stranger."""
    return api("Eve")


@pytest.fixture
def direct(amy: ApiClient, bob: ApiClient) -> int:
    """The conversation of Amy and Bob, who are friends."""
    return amy.befriend(bob)


@pytest.fixture
def group(amy: ApiClient, bob: ApiClient) -> int:
    """A group of Amy's, with Bob in it."""
    return amy.create_group(bob)
