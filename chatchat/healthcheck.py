"""``python -m chatchat.healthcheck``: whether the process on this machine's ``PORT`` can serve (/readyz).

For a container's HEALTHCHECK and for scripts: exit code 0 says yes. The standard library does, so that asking
costs little.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4
PATH = "/readyz"


def main() -> int:
    host = os.environ.get("HOST", "127.0.0.1")
    address = "127.0.0.1" if host in ("", "0.0.0.0") else host.strip("[]")  # noqa: S104 - any is this machine
    connection = HTTPConnection(address, int(os.environ.get("PORT", "8000")), timeout=SECONDS)
    try:
        connection.request("GET", PATH)
        answer = connection.getresponse()
        if answer.status != 200:
            print(f"{PATH}: {answer.status} {answer.read(500).decode(errors='replace')}")  # noqa: T201
        return 0 if answer.status == 200 else 1
    except (OSError, HTTPException) as error:
        print(f"{PATH}: {error}")  # noqa: T201 - what the engine shows
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
