"""What the image would hold, made without an engine: the files that .dockerignore lets in, and the
static files that the Dockerfile collects."""

import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from tests.deployment import compose
from tests.stack.server import ROOT


def files() -> list[Path]:
    """Every file that COPY . . takes, by .dockerignore: the last line that fits decides."""
    known = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    found = [Path(name) for name in known.stdout.decode().split("\0") if name]
    return [path for path in found if (ROOT / path).is_file() and not _ignored(path)]


def _ignored(path: Path) -> bool:
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        again = pattern.startswith("!")
        if _fits(path, pattern.removeprefix("!")):
            ignored = not again
    return ignored


def _fits(path: Path, pattern: str) -> bool:
    """Whether the pattern is the file's, or one of its folders'."""
    places = [path, *path.parents[:-1]]
    if pattern.startswith("**/"):
        return any(fnmatch(place.name, pattern.removeprefix("**/")) for place in places)
    depth = pattern.count("/")
    return any(fnmatch(str(place), pattern) and str(place).count("/") == depth for place in places)


def build(directory: Path) -> Path:
    """The image's /app, with its collected static files; the commands are the Dockerfile's."""
    app = directory / "app"
    for path in files():
        (app / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, app / path)
    steps = [rest for name, rest in compose.instructions() if name == "RUN" and "collectstatic" in rest]
    command = re.sub(r"\bpython\b", sys.executable, steps[0]).replace("/tmp/build", str(directory / "build"))  # noqa: S108
    subprocess.run(command, shell=True, cwd=app, env=environment(app), check=True, stdin=subprocess.DEVNULL)  # noqa: S602
    assert not (directory / "build").exists(), "what the build kept for itself is still there"
    return app


def environment(app: Path) -> dict[str, str]:
    """A container's environment before compose adds its own; addresses of this machine."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}
    return {**kept, **compose.image_environment(), "STATIC_ROOT": str(app / "collected")}


def command(what: str = "CMD") -> list[str]:
    """What the image runs, with this environment's Python."""
    rest = next(rest for name, rest in compose.instructions() if name == what)
    program: list[str] = json.loads(rest[rest.index("[") :])
    return [sys.executable, *program[1:]]
