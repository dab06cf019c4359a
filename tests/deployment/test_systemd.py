"""The units: what systemd itself says of them, and that they and the server mean the same."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deployment import compose
from tests.pages.test_documents import variables_read
from tests.stack.server import ROOT

pytestmark = pytest.mark.once

UNIT = ROOT / "deploy/systemd/chatchat@.service"
TEXT = UNIT.read_text()


def values(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", TEXT, re.MULTILINE)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units, with the paths of this machine."""
    for unit in (ROOT / "deploy/systemd").iterdir():
        text = (
            unit.read_text()
            .replace("/opt/chatchat", str(tmp_path / "opt"))
            .replace("User=chatchat", "User=root")
        )
        (tmp_path / unit.name).write_text(text.replace("Group=chatchat", "Group=root"))
    python = tmp_path / "opt/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/sh")
    shutil.copy(tmp_path / UNIT.name, tmp_path / "chatchat@8001.service")
    return tmp_path


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
def test_systemd_has_nothing_to_say_against_the_units(installed: Path) -> None:
    done = analyze("verify", "--man=no", installed / "chatchat@8001.service", installed / "chatchat.target")
    ours = [line for line in done.stderr.splitlines() if "chatchat" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
def test_the_process_is_as_little_exposed_as_a_network_service_can_be(installed: Path) -> None:
    done = analyze("security", "--offline=yes", "--threshold=30", installed / "chatchat@8001.service")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_it_runs_what_the_image_runs() -> None:
    command = next(rest for name, rest in compose.instructions() if name == "CMD")
    assert values("ExecStart")[0].partition("/bin/python ")[2] == "-m chatchat.server"
    assert '"-m", "chatchat.server"' in command
    assert "chatchat.healthcheck" in values("ExecStartPost")[0]


def test_every_secret_is_handed_over_as_a_file() -> None:
    credentials = {each.partition(":")[0] for each in values("LoadCredential")}
    given = dict(re.findall(r"^Environment=(\w+)_FILE=%d/(\w+)$", TEXT, re.MULTILINE))
    assert set(given.values()) == credentials
    assert set(given) <= variables_read()
    web = compose.load()["services"]["web"]
    assert credentials == set(web["secrets"])


def test_it_has_time_to_send_its_clients_away() -> None:
    assert int(values("TimeoutStopSec")[0]) > 10  # DRAIN_SECONDS
    ports = re.findall(r"server 127\.0\.0\.1:(\d+)", (ROOT / "deploy/nginx/processes.conf").read_text())
    assert all(f"chatchat@{port}" in TEXT for port in ports)
