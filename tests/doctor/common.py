"""The doctor, called as an operator calls it."""

import io
import json
from typing import Any

from django.core.management import call_command


def doctor(*arguments: str) -> tuple[int, str]:
    """The exit code, and what is on the terminal."""
    said = io.StringIO()
    try:
        call_command("doctor", *arguments, stdout=said)
    except SystemExit as end:
        return int(str(end.code)), said.getvalue()
    return 0, said.getvalue()


def findings(check: str, *arguments: str) -> list[dict[str, Any]]:
    """What one check finds; the exit code goes with it."""
    code, said = doctor("--json", "--only", check, *arguments)
    answer = json.loads(said)
    (report,) = answer["checks"]
    found: list[dict[str, Any]] = report["findings"]
    left = [finding for finding in found if not finding["mended"]]
    assert code == bool(left), said
    assert (answer["status"] == "healthy") == (code == 0)
    assert not report["failures"]
    return found
