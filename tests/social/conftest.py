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
