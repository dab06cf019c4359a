"""A running site, which the tests of a worker share."""

from collections.abc import Iterator

import pytest

from tests.deployment.site import Site, site


@pytest.fixture(scope="session")
def running() -> Iterator[Site]:
    """The site as docker-compose.yml makes it from a copied .env.example."""
    with site() as started:
        yield started
