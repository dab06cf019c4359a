"""``python -m chatchat.healthcheck [/path]``: whether the process on this machine's ``PORT`` answers.

For a container's HEALTHCHECK and for scripts: exit code 0 says yes. The standard library does, so that asking
costs little.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4


def main() -> int:
    path = sys.argv[1] if len(sys.argv) > 1 else "/healthz"
    host = os.environ.get("HOST", "127.0.0.1")
    address = "127.0.0.1" if host in ("", "0.0.0.0") else host.strip("[]")  # noqa: S104 - any is this machine
    allowed = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    connection = HTTPConnection(address, int(os.environ.get("PORT", "8000")), timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Host": allowed})
        answer = connection.getresponse()
        if answer.status != 200:
            print(f"{path}: {answer.status} {answer.read(500).decode(errors='replace')}")  # noqa: T201
        return 0 if answer.status == 200 else 1
    except (OSError, HTTPException) as error:
        print(f"{path}: {error}")  # noqa: T201 - what the engine shows
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
