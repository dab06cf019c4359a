"""docs/deployment.md and the scripts that it names."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.stack.server import ROOT

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
