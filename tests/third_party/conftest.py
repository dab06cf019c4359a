"""Two providers that are not ours, and people who come from them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tests.client import ApiClient
from tests.third_party.common import CALLBACK, Visitor, third_parties
from tests.third_party.provider import OpenIDProvider


@pytest.fixture(autouse=True)
def _settings(settings: Settings, tmp_path: Path) -> None:
    """Limits are for tests that are about them; pictures go to a folder of the test's own."""
    settings.RATELIMIT_ENABLE = False
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def provider(settings: Settings) -> Iterator[OpenIDProvider]:
    """A provider, `other`, which the chat knows by settings alone."""
    with OpenIDProvider(redirect_uris={CALLBACK.format("other")}) as running:
        settings.THIRD_PARTY = third_parties(running)
        yield running


@pytest.fixture
def second(provider: OpenIDProvider, settings: Settings) -> Iterator[OpenIDProvider]:
    """Another one beside it, `second`."""
    with OpenIDProvider(name="second", redirect_uris={CALLBACK.format("second")}) as running:
        settings.THIRD_PARTY = third_parties(provider, running)
        yield running


@pytest.fixture
def visitor(api: Callable[..., ApiClient]) -> Callable[..., Visitor]:
    """`visitor()` is somebody new with a browser of their own; `visitor("Amy")` is signed in."""
    return lambda *args, **fields: Visitor(api(*args, **fields))


@pytest.fixture
def amy(visitor: Callable[..., Visitor]) -> Visitor:
    """Somebody signed in, with a password."""
    return visitor("Amy", email="amy@example.com")


@pytest.fixture
def nobody(visitor: Callable[..., Visitor]) -> Visitor:
    """A browser in which nobody is signed in."""
    return visitor()
