"""docs/deployment.md and the scripts that it names."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stack.server import ROOT

pytestmark = pytest.mark.once

DOCUMENT = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
SCRIPTS = sorted((ROOT / "deploy").glob("*.sh"))


def parses(path: Path) -> None:
    done = subprocess.run(["sh", "-n", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_explained_and_can_be_run(script: Path) -> None:
    assert f"deploy/{script.name}" in DOCUMENT
    assert script.stat().st_mode & 0o111
    parses(script)


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:deploy|scripts)/[\w./@-]+|[\w-]+\.conf|\.env\.example)`", DOCUMENT))
    assert len(named) > 8
    for name in named:
        here = [ROOT / name, ROOT / "deploy/nginx" / name]
        assert any(path.exists() for path in here), name


def test_every_block_of_commands_can_be_parsed(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL)
    assert len(blocks) > 8
    for number, block in enumerate(blocks):
        file = tmp_path / f"{number}.sh"
        file.write_text(block)
        parses(file)


def test_the_variables_of_the_backup_are_those_of_the_scripts() -> None:
    section = DOCUMENT.partition("## Backup and restore")[2].partition("\n## ")[0]
    told = set(re.findall(r"^(?:\s*)([A-Z_]+)=", section, re.MULTILINE))
    scripts = "".join((ROOT / "deploy" / name).read_text() for name in ("backup.sh", "restore.sh"))
    assert told == {name for name in told if f"${{{name}:" in scripts or f'"${name}' in scripts}
    assert {"VAR_DIR", "DUMP", "LOAD"} <= told


def test_a_renewed_certificate_comes_to_the_container_as_files(tmp_path: Path) -> None:
    """As certbot keeps it: links into a folder that the container does not have."""
    site, kept, live = tmp_path / "site", tmp_path / "archive", tmp_path / "live"
    for folder in (site / "deploy/tls", kept, live, tmp_path / "bin"):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "deploy/renewed.sh", site / "deploy")
    for name in ("fullchain", "privkey"):
        (kept / f"{name}1.pem").write_text(name)
        (live / f"{name}.pem").symlink_to(f"../archive/{name}1.pem")
    docker = tmp_path / "bin/docker"
    docker.write_text('#!/bin/sh\necho "$@" | tee -a "$(dirname "$0")/asked"\n')
    docker.chmod(0o755)
    env = {"PATH": f"{docker.parent}:/usr/bin:/bin", "RENEWED_LINEAGE": str(live)}
    subprocess.run([site / "deploy/renewed.sh"], env=env, check=True, capture_output=True)
    for name in ("fullchain", "privkey"):
        file = site / f"deploy/tls/{name}.pem"
        assert not file.is_symlink()
        assert file.read_text() == name
        assert file.stat().st_mode & 0o777 == 0o600
    asked = (docker.parent / "asked").read_text().splitlines()
    assert asked == ["compose ps --quiet nginx", "compose exec -T nginx nginx -s reload"]


@pytest.mark.skipif(not Path("/etc/nginx/nginx.conf").exists(), reason="nginx is not installed here")
def test_what_is_put_right_in_debians_nginx_is_there() -> None:
    (wanted,) = re.findall(r"sed -i 's/(.+;)/.+;/' /etc/nginx/nginx.conf", DOCUMENT)
    debians = Path("/etc/nginx/nginx.conf").read_text()
    assert wanted in debians
    assert "include /etc/nginx/modules-enabled/*.conf;" in debians
