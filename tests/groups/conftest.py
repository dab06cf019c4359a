from collections.abc import Callable

import pytest

from tests.client import ApiClient
from tests.groups.common import promote


@pytest.fixture
def olga(api: Callable[..., ApiClient]) -> ApiClient:
    """The owner."""
    return api("Olga")


@pytest.fixture
def adam(api: Callable[..., ApiClient]) -> ApiClient:
    """The admin."""
    return api("Adam")


@pytest.fixture
def mia(api: Callable[..., ApiClient]) -> ApiClient:
    """The member."""
    return api("Mia")


@pytest.fixture
def eve(api: Callable[..., ApiClient]) -> ApiClient:
    """The stranger."""
    return api("Eve")


@pytest.fixture
def group(olga: ApiClient, adam: ApiClient, mia: ApiClient) -> int:
    """An open group of the three."""
    made = olga.create_group(adam, mia, name="周末爬山 Hikers")
    promote(olga, made, adam)
    return made
