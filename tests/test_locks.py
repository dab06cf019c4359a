"""The locks: what `make run` and `make test` install."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
EMBEDDED, PRODUCTION, DEV = "requirements/embedded.txt", "requirements.txt", "requirements/dev.txt"


def pins(lock: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)
    assert found
    return dict(found)


def test_each_lock_holds_all_of_the_one_before_it() -> None:
    assert pins(EMBEDDED).items() <= pins(PRODUCTION).items() <= pins(DEV).items()


def test_the_embedded_stack_needs_no_compiled_driver() -> None:
    assert "mysqlclient" not in pins(EMBEDDED)
    assert "mysqlclient" in pins(PRODUCTION)


@pytest.mark.parametrize("lock", [EMBEDDED, PRODUCTION, DEV])
def test_every_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    for entry in re.split(r"\n(?=[a-z0-9])", text):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert not re.search(r"https?://|file://|index-url|find-links", text)
