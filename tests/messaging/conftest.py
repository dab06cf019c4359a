"""People who have a conversation, at the REST door within this process; and two real servers."""

from collections.abc import Callable

import pytest

from tests.client import ApiClient


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
