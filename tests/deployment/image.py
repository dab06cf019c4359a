"""What the image would hold, made without an engine: the files that .dockerignore lets in, and what
the Dockerfile makes of them."""

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


def unpack(directory: Path) -> Path:
    """The image's /app."""
    app = directory / "app"
    for path in files():
        (app / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, app / path)
    return app


def build(app: Path, scratch: Path) -> Path:
    """Run what the Dockerfile runs in /app; the static files that it has collected."""
    steps = [rest for name, rest in compose.instructions() if name == "RUN" and "collectstatic" in rest]
    command = re.sub(r"\bpython\b", sys.executable, steps[0]).replace("/tmp/build", str(scratch))  # noqa: S108
    static = app / "collected"
    env = environment(static)
    subprocess.run(command, shell=True, cwd=app, env=env, check=True, stdin=subprocess.DEVNULL)  # noqa: S602
    return static


def environment(static: Path) -> dict[str, str]:
    """A container's environment before compose adds its own, with the static files in another place."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}
    return {**kept, **compose.image_environment(), "STATIC_ROOT": str(static)}


def command(what: str = "CMD") -> list[str]:
    """What the image runs, with this environment's Python."""
    rest = next(rest for name, rest in compose.instructions() if name == what)
    program: list[str] = json.loads(rest[rest.index("[") :])
    return [sys.executable, *program[1:]]
