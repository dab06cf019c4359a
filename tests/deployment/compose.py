"""docker-compose.yml, read as `docker compose` reads it."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.stack.server import ROOT

VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def text() -> str:
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def load(given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with its variables taken from ``given``, or by default."""

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return VARIABLE.sub(lambda match: (given or {}).get(match[1]) or match[2] or "", value)
        if isinstance(value, dict):
            return {key: filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        return value

    found: dict[str, Any] = filled(yaml.safe_load(text()))
    return found


def variables() -> set[str]:
    """The names of those that may be set in .env for it alone."""
    return {match[1] for match in VARIABLE.finditer(text())}


def example() -> dict[str, str]:
    """What a copy of .env.example sets."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def server_environment(service: str = "web", given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a server process: the image's, .env.example's, and the service's own."""
    settings = {**example(), **(given or {})}
    own = load(settings)["services"][service]["environment"]
    return {**image_environment(), **settings, **{name: str(value) for name, value in own.items()}}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, in order; lines that are broken are whole again."""
    source = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    whole = "\n".join(lines).replace("\\\n", "")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in whole.splitlines())]


def image_environment() -> dict[str, str]:
    """What the Dockerfile's ENV sets, but for the way to its own Python."""
    found = dict(
        pair.split("=", 1) for name, rest in instructions() if name == "ENV" for pair in rest.split()
    )
    found.pop("PATH")
    return found
