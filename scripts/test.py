#!/usr/bin/env python3
"""Style, types, layers, and every test on both stacks.

    python scripts/test.py                        everything, as `make test`
    python scripts/test.py --lint                 only what needs no test
    python scripts/test.py --stack STACK -- ...   only pytest, on one stack, with these arguments
    python scripts/test.py --stack mysql          the production stack, on MySQL itself
    python scripts/test.py --stack STACK [--server daphne] [--layer PATH] -- ...
                                                  on another server, with another channel layer

Stops where something fails, shows the end of what it said and what to do about it.
"""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import serving
from scripts.services import MariaDB, MySQL, end_on, services

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
#: One more than cores: much of the time of many tests is waiting, for a browser or for a moment to pass.
WORKERS = 3
SUMMARY = re.compile(r"=+ .*(?:passed|failed|error|no tests ran).* in [\d.]+s.*=+")

#: Variables that choose a stack or bend it: the tests set their own.
OURS = (
    *("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "ALLOWED_HOSTS", "PORT", "DEV_MAIL", "DEBUG"),
    *("RATELIMIT_ENABLE", "VAR_DIR", "SECURE", "SITE_URL", "CHANNEL_LAYER", "DJANGO_SETTINGS_MODULE"),
    *("TEST_REDIS_URLS", "TEST_DATABASE", "TEST_SCHEMA", "TEST_SERVER", "LOG_LEVEL", "PYTEST_ADDOPTS"),
    # Without bytecode every server that a test starts, and every worker, compiles all of our modules again.
    "PYTHONDONTWRITEBYTECODE",
)


@dataclass
class Step:
    name: str
    command: list[str]
    hint: str
    env: dict[str, str] = field(default_factory=dict)


class StepFailed(Exception):
    """What failed, and what to do about it."""


def tool(name: str) -> str:
    return str(BIN / name)


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def checks(production: Mapping[str, str]) -> list[Step]:
    """What is said of the code without running it; the longest first."""
    deploy = {
        **production,
        "SECRET_KEY": "checked-but-never-used-" + "0123456789abcdef" * 3,
        "ALLOWED_HOSTS": "chat.example.com",
        "SITE_URL": "https://chat.example.com",
        "EMAIL_URL": "smtp://localhost:25",
    }
    return [
        Step("mypy --strict", [tool("mypy")], "mend the types"),
        Step("ruff check", [tool("ruff"), "check", "."], "`make format` mends most"),
        Step("ruff format", [tool("ruff"), "format", "--check", "."], "run `make format`"),
        Step("djlint", [tool("djlint"), "templates", "--lint", "--quiet"], "mend the template"),
        Step("lint-imports", [tool("lint-imports")], "an import runs against the layers of pyproject.toml"),
        Step(
            "makemigrations --check",
            manage("makemigrations", "--check", "--dry-run"),
            "a model changed without a migration: run `.venv/bin/python manage.py makemigrations`",
        ),
        Step(
            "check --deploy",
            manage("check", "--deploy", "--fail-level", "WARNING", "--database", "default"),
            "mend the settings or models it names",
            deploy,
        ),
    ]


def preparations(runner: "Runner", stacks: Mapping[str, Mapping[str, str]]) -> list[Step]:
    """What every worker needs, made while one core is busy with mypy and the other one is free."""
    collected = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "--quiet"]
    return [
        Step("pytest --collect-only", collected, "a test cannot be imported"),
        *(
            Step(
                f"migrate, {stack}",
                [sys.executable, "-m", "tests.stack.schema"],
                "mend the migrations",
                runner.of_stack(stack, env),
            )
            for stack, env in stacks.items()
        ),
    ]


class Runner:
    """Runs commands with a clean environment and sees that nothing of them is left."""

    def __init__(self, var: Path) -> None:
        self.env = {name: value for name, value in os.environ.items() if name not in OURS}
        self.env |= {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "VAR_DIR": str(var)}
        self.var = var
        self.running: set[subprocess.Popen[bytes]] = set()
        self.stopping = threading.Event()

    @contextlib.contextmanager
    def _process(self, command: list[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
        # A session of its own, so that what it leaves behind is ended with it.
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.running.add(process)
        try:
            yield process
        finally:
            self.running.discard(process)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def end_all(self) -> None:
        self.stopping.set()
        for process in list(self.running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)

    def check(self, step: Step) -> bool:
        """Run one check; what it says is shown only if it fails."""
        if self.stopping.is_set():
            return False
        started = time.monotonic()
        with self._process(step.command, step.env) as process:
            output = process.communicate()[0].decode(errors="replace")
        if self.stopping.is_set():
            return False
        failed = process.returncode != 0
        line = f"  {'FAILED' if failed else 'ok':<8}{step.name:<24} {time.monotonic() - started:6.1f} s"
        if failed:
            tail = "\n".join(output.rstrip().splitlines()[-60:])
            line += f"\n\n{tail}\n\n  {step.name}: {step.hint}\n"
        say(line)
        return not failed

    def check_all(self, steps: list[Step]) -> None:
        """Run them all, so that one round shows everything there is to mend."""
        with ThreadPoolExecutor(WORKERS) as pool:
            try:
                passed = list(pool.map(self.check, steps))
            except KeyboardInterrupt:
                self.end_all()
                raise
        failed = [step.name for step, good in zip(steps, passed, strict=True) if not good]
        if failed:
            raise StepFailed(f"to be mended first: {', '.join(failed)}")

    def of_stack(self, stack: str, env: Mapping[str, str]) -> dict[str, str]:
        """With where the stack's schema is kept, which is made once and copied (tests/stack/schema.py)."""
        return {**env, "TEST_SCHEMA": str(self.var / f"schema-{stack}")}

    def pytest(self, stack: str, env: Mapping[str, str], arguments: list[str]) -> str:
        """Run pytest with its output shown as it comes; its summary line."""
        env = self.of_stack(stack, env)
        color = ["--color=yes"] if sys.stdout.isatty() else []
        command = [sys.executable, "-m", "pytest", *color, *arguments]
        tail = b""
        with self._process(command, env) as process:
            assert process.stdout is not None
            try:
                while chunk := os.read(process.stdout.fileno(), 65536):
                    sys.stdout.buffer.write(chunk)
                    sys.stdout.buffer.flush()
                    tail = (tail + chunk)[-65536:]
                process.wait()
            except KeyboardInterrupt:
                with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    os.killpg(process.pid, signal.SIGINT)
                    process.wait(20)
                raise
        if process.returncode != 0:
            again = f"make test-one STACK={stack} T=path/of/the/test"
            raise StepFailed(f"tests on the {stack} stack: to try one again: {again}")
        lines = SUMMARY.findall(re.sub(r"\x1b\[[\d;]*m", "", tail.decode(errors="replace")))
        return lines[-1].strip("= ") if lines else "no summary"


def say(text: str) -> None:
    print(text, flush=True)


def everything(runner: Runner) -> None:
    started = time.monotonic()
    with services(redis_servers=WORKERS) as production:
        say("[3/4] style, types, layers")
        stacks = {"embedded": {}, "production": production}
        runner.check_all([*checks(production), *preparations(runner, stacks)])
        arguments = ["-n", str(WORKERS), "--dist", "worksteal"]
        summaries = {}
        for stack, env in stacks.items():
            say(f"[4/4] tests on the {stack} stack")
            summaries[stack] = runner.pytest(stack, env, arguments)
    minutes, seconds = divmod(int(time.monotonic() - started), 60)
    for stack, summary in summaries.items():
        say(f"{stack:<10} {summary}")
    say(f"all passed in {minutes} min {seconds} s")


def lint(runner: Runner) -> None:
    with services() as production:
        runner.check_all(checks(production))


def one(runner: Runner, options: argparse.Namespace) -> None:
    stack, ports = options.stack, {"TEST_SERVER": options.server, "CHANNEL_LAYER": options.layer}
    if stack == "embedded":
        runner.pytest(stack, ports, options.arguments)
        return
    kind = MySQL if stack == "mysql" else MariaDB
    with services(redis_servers=WORKERS, kind=kind) as production:
        runner.pytest(stack, {**production, **ports}, options.arguments)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lint", action="store_true")
    parser.add_argument("--stack", choices=["embedded", "production", "mysql"])
    parser.add_argument("--server", choices=serving.SERVERS, default="uvicorn", help="with --stack")
    parser.add_argument("--layer", default="", help="a channel layer's dotted path, with --stack")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    end_on(signal.SIGTERM, signal.SIGHUP)
    what: Callable[[Runner], None] = everything
    if options.lint:
        what = lint
    elif options.stack:
        what = lambda runner: one(runner, options)  # noqa: E731
    try:
        with tempfile.TemporaryDirectory(prefix="chatchat-") as var:
            what(Runner(Path(var)))
    except StepFailed as failure:
        say(f"\nstopped. {failure}")
        return 1
    except KeyboardInterrupt:
        say("\ninterrupted")
        return 130
    except (RuntimeError, FileNotFoundError) as error:
        say(f"\nstopped. {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
