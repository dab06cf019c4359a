"""``python -m messaging.attachments.painter``: makes pictures anew, one after the other, for ``studio``.

A line of JSON in, a line out. It has a bounded memory and no secrets, yields to everything else on the
machine, and ends when its standard input does.
"""

import contextlib
import errno
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from messaging.attachments.pictures import Bounds, Refused, remake

MEMORY = 1536 * 1024 * 1024
FILE_SIZE = 256 * 1024 * 1024


def main() -> None:
    """Serve until the input ends."""
    with contextlib.suppress(OSError):
        os.nice(10)
    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, FILE_SIZE)):
        with contextlib.suppress(OSError, ValueError):  # not every system has each
            resource.setrlimit(kind, (most, most))
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)  # noqa: T201 - that is how it answers


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    source, target, thumbnail = (Path(path) for path in order["paths"])
    try:
        made = remake(source, target, thumbnail, Bounds(*order["bounds"]))
    except Refused as refused:
        return {"refused": str(refused)}
    except MemoryError:
        return {"refused": "too_many_pixels"}
    except OSError as error:
        return {"refused": "too_many_pixels" if error.errno == errno.EFBIG else "not_written"}
    return {
        "made": [made.type, made.width, made.height, made.thumbnail_width, made.thumbnail_height],
    }


if __name__ == "__main__":
    main()
