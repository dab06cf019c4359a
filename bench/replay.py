#!/usr/bin/env python3
"""Plays a log of real chat on a running server, and checks that everybody received every message.

    bench/replay.py LOG --url http://127.0.0.1:8000 --people 100

creates people over REST (the server runs with RATELIMIT_ENABLE=0 and shows its mail), puts them in a
group, or in pairs, as the log is a group's or of direct messages, and plays it through their sockets:
each person's next message after the last one's acknowledgement, or at --rate messages a second. Then
every person's messages are compared, byte for byte: as they came, again from the history and from sync.
A server that is killed and started again meanwhile is no excuse. Exit code 1: something was wrong.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.clients import to_the_end
from bench.people import read_logins
from bench.session import Options, run


def arguments() -> Options:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log", type=Path, metavar="LOG", help="JSON lines: id, sender, text, room, reply_to")
    parser.add_argument(
        *("--url", "-u"),
        action="append",
        default=[],
        metavar="URL",
        help="a server process; several share the people (default: http://127.0.0.1:8000)",
    )
    parser.add_argument("--people", type=int, default=100, metavar="N", help="default: 100")
    parser.add_argument("--logins", type=Path, metavar="FILE", help="use these: e-mail and password a line")
    parser.add_argument("--save-logins", type=Path, metavar="FILE", help="write those that were made")
    parser.add_argument("--limit", type=int, metavar="M", help="only the first M messages")
    parser.add_argument(
        "--rate", type=float, metavar="R", help="messages a second (default: as fast as goes)"
    )
    parser.add_argument(
        "--window", type=int, metavar="W", help="how far ahead in the log anybody may be (default: any)"
    )
    parser.add_argument("--no-markers", action="store_true", help="send no `delivered` once a second")
    parser.add_argument(
        "--server-pid",
        *("-p",),
        type=int,
        action="append",
        default=[],
        metavar="PID",
        help="count this process tree's CPU too (a server on this machine is found by its port)",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the figures as JSON")
    given = parser.parse_args()
    logins = read_logins(given.logins)[: given.people] if given.logins else []
    return Options(
        log=given.log,
        urls=[url.rstrip("/") for url in given.url or ["http://127.0.0.1:8000"]],
        people=len(logins) or given.people,
        logins=logins,
        save_logins=given.save_logins,
        limit=given.limit,
        rate=given.rate,
        window=given.window,
        markers=not given.no_markers,
        server_pids=set(given.server_pid),
        report=given.report,
    )


def main() -> int:
    options = arguments()
    started = time.monotonic()
    report = to_the_end(run(options))
    if options.report:
        options.report.write_text(json.dumps(report.as_dict(), indent=2) + "\n")
    print(report.as_text())
    print(f"{time.monotonic() - started:.0f} s in all")
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())
