"""What a bench found, kept for others: figures in var/bench/, pictures and words in docs/."""

import json
import os
import platform
import subprocess
import sysconfig
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import ROOT

FIGURES = ROOT / "var" / "bench"
IMAGES = ROOT / "docs" / "images"
PAGE = ROOT / "docs" / "performance.md"


def python() -> str:
    """The Python that runs this, and how it was built: by that alone costs differ by a fifth."""
    if sysconfig.get_config_var("prefix") == "/usr":
        built = "the distribution's"  # which optimise, and don't all say so
    elif "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS")):
        built = "optimised"
    else:
        built = "built without optimisations"
    return f"Python {platform.python_version()} ({built})"


def conditions() -> dict[str, Any]:
    """Where and when, and of which tree."""
    git = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "kernel": platform.release(),
        "python": python(),
    }


def save(path: Path, report: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1, default=str) + "\n")


def draw(name: str, picture: str) -> str:
    """Keep a picture in docs/images; how Markdown shows it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / f"{name}.svg").write_text(picture)
    return f"![{name}](images/{name}.svg)"


def write_between(mark: str, words: str, page: Path = PAGE) -> None:
    """Put ``words`` between the page's comments ``<!-- mark -->`` and ``<!-- /mark -->``."""
    before, begin, rest = page.read_text().partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition(f"<!-- /{mark} -->")
    if not begin or not end:
        raise SystemExit(f"{page.name} has no place for {mark}")
    page.write_text(f"{before}{begin}\n{words.strip()}\n\n{end}{after}")
