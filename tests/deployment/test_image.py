"""The Dockerfile: linted, and what it leaves in the image is all that a server needs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment import compose, image
from tests.stack.server import ROOT

pytestmark = pytest.mark.once

HADOLINT = Path(sys.executable).with_name("hadolint")


def test_the_dockerfile_passes_the_linter() -> None:
    done = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == ""


def test_it_has_stages_a_pinned_base_a_health_check_and_no_root() -> None:
    steps = compose.instructions()
    bases = [rest.split()[0] for name, rest in steps if name == "FROM"]
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", base) for base in bases)
    last = [name for name, _ in steps][len(steps) - 1 - [name for name, _ in reversed(steps)].index("FROM") :]
    assert {"USER", "HEALTHCHECK", "CMD"} <= set(last)
    assert last.index("USER") < last.index("CMD")
    assert next(rest for name, rest in steps if name == "USER") not in ("0", "root")


def test_packages_are_those_of_the_lock() -> None:
    installs = [rest for name, rest in compose.instructions() if name == "RUN" and "pip install" in rest]
    assert len(installs) == 1
    assert "--require-hashes --requirement /build/requirements.txt" in installs[0]
    python = compose.instructions()[0][1].split(":")[1].split("-")[0]
    makefile = (ROOT / "Makefile").read_text()
    assert f"--python-version {python}" in makefile, "the lock is resolved for another Python"


def test_everything_is_compiled_in_the_image_which_nobody_can_write_to() -> None:
    runs = " ".join(rest for name, rest in compose.instructions() if name == "RUN")
    base = next(rest for name, rest in compose.instructions() if name == "FROM")
    version = ".".join(base.split(":")[1].split("-")[0].split(".")[:2])
    apps = " ".join(sorted(path.parent.name for path in ROOT.glob("*/apps.py")))
    assert "__pycache__" not in runs
    assert f"/usr/local/lib/python{version}" in runs
    assert f"compileall -q {apps}" in runs


def test_no_secret_goes_into_a_layer() -> None:
    for name, rest in compose.instructions():
        if name in ("ENV", "ARG"):
            assert not re.search(r"SECRET|PASSWORD|TOKEN|_KEY", rest)
    files = image.files()
    assert not [
        path for path in files if path.name == ".env" or "secrets" in path.parts or path.suffix == ".pem"
    ]


def test_the_image_holds_what_the_server_imports_and_nothing_of_the_tests() -> None:
    tops = {path.parts[0] for path in image.files()}
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert apps <= tops
    assert {"templates", "static", "locale", "manage.py"} <= tops
    assert not tops & {"tests", "bench", "scripts", ".git", ".venv", "var", "deploy"}
    assert all((ROOT / path).is_file() for path in image.files())


@pytest.mark.parametrize("what", ["CMD", "HEALTHCHECK"])
def test_what_the_image_runs_is_a_module_of_ours(what: str) -> None:
    command = next(rest for name, rest in compose.instructions() if name == what)
    program = json.loads(command[command.index("[") :])
    assert program[:2] == ["python", "-m"]
    assert (ROOT / f"{program[2].replace('.', '/')}.py").exists()


@pytest.mark.slow
def test_static_files_are_collected_and_compressed_and_nothing_else_is_left(tmp_path: Path) -> None:
    app, scratch = image.unpack(tmp_path), tmp_path / "scratch"
    static = image.build(app, scratch)
    names = json.loads((static / "staticfiles.json").read_text())["paths"]
    assert (static / names["chatchat/site.css"]).exists()
    assert (static / f"{names['chatchat/site.css']}.gz").exists()
    assert not scratch.exists(), "what the build kept for itself is still there"
    assert {path.name for path in app.iterdir()} == {path.parts[0] for path in image.files()} | {"collected"}
