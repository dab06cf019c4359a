"""The documents say what is so: the worked session is played, tables are compared with the code."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from messaging import frames
from tests.client import ApiClient, ChatSocket
from tests.stack.server import Server

ROOT = Path(__file__).resolve().parent.parent.parent
SOCKET = (ROOT / "docs/websocket.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
STEP = re.compile(r"^(anna|ben) ([<>]) (.*)$", re.MULTILINE)


def steps() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(who, ">" or "<", the frame) of the worked session, whose long lines are broken."""
    session = SOCKET.partition("## A worked session")[2]
    for block in re.findall(r"```\n(.*?)```", session, re.DOTALL):
        for who, way, text in STEP.findall(re.sub(r"\n {7}", " ", block)):
            yield who, way, json.loads(text)


def shape(value: Any) -> Any:
    """What is the same each time a session is played: the keys, types, codes and texts."""
    if isinstance(value, dict):
        return {key if not key.isdigit() else "<id>": shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return "<time>"
    return value


def without_ids(value: Any) -> Any:
    """The same frame whoever the people are and whatever the conversation's number."""
    text = json.dumps(shape(value), sort_keys=True)
    text = re.sub(r'"(id|conversation|user)": \d+', r'"\1": 0', text)
    return json.loads(text)


async def play(server: Server, people: dict[str, ApiClient], conversation: int) -> None:
    sockets: dict[str, ChatSocket] = {}
    waiting: dict[str, list[Any]] = {"anna": [], "ben": []}
    for who, way, frame in steps():
        if way == ">":
            if frame["type"] == "hello":
                if who in sockets:
                    await sockets[who].close()
                sockets[who] = ChatSocket(server.ws_url, people[who].token)
                await sockets[who].open()
            if "cursors" in frame:
                frame["cursors"] = dict.fromkeys([str(conversation)], *frame["cursors"].values())
            if "conversation" in frame:
                frame["conversation"] = conversation
            await sockets[who].send(frame)
            continue
        # A reply and what everybody is told come in either order.
        expected = without_ids(frame)
        while expected not in waiting[who]:
            got = await sockets[who].next(timeout=15)
            waiting[who].append(without_ids(got))
            assert len(waiting[who]) < 4, f"{expected} was not among {waiting[who]}"
        waiting[who].remove(expected)
    for socket in sockets.values():
        await socket.close()


def test_the_worked_session_is_what_happens(server: Server) -> None:
    anna, ben = (
        ApiClient(server.url).register(nickname="Anna"),
        ApiClient(server.url).register(nickname="Ben"),
    )
    conversation = anna.befriend(ben)
    assert len(list(steps())) > 20
    asyncio.run(play(server, {"anna": anna, "ben": ben}, conversation))


def test_the_socket_document_names_every_frame_and_close_code() -> None:
    for frame in frames.TYPES:
        assert f"`{frame}`" in SOCKET
    apps = ("chatchat", "messaging", "social", "groups")
    source = "\n".join(path.read_text() for app in apps for path in (ROOT / app).rglob("*.py"))
    told = set(re.findall(r'(?:frame|reply|paced|_reply)\(\s*(?:frame\.id, )?"([a-z._]+)"', source))
    told |= set(re.findall(r'to_person\([^"]*"([a-z._]+)"', source))
    assert len(told) >= 10
    assert {name for name in told if f"`{name}`" not in SOCKET} == set()
    for code in set(re.findall(r"\b(44\d\d)\b", source)):
        assert code in SOCKET


def variables_read() -> set[str]:
    """The names of all variables of the environment from which a setting is read."""
    sources = "".join(path.read_text() for path in (ROOT / "chatchat").rglob("*.py"))
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', sources))


def test_the_readme_names_every_variable_and_no_other() -> None:
    read = variables_read()
    table = README.partition("## Configuration")[2]
    rows = re.findall(r"^\| (`[A-Z_`, ]+) \|", table, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert named == read


def test_what_the_documents_link_to_is_there() -> None:
    for document in (ROOT / "README.md", *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if not target.startswith(("http", "/")):
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("schema") / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(path))
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def _shows_examples(part: dict[str, Any]) -> bool:
    return all(
        "example" in media
        or "examples" in media
        or kind == "multipart/form-data"
        or media.get("schema", {}).get("format") == "binary"
        for kind, media in part.get("content", {}).items()
    )


def test_every_operation_is_described_with_examples(schema: dict[str, Any]) -> None:
    lacking = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            parts = [operation.get("requestBody", {})]
            parts += [answer for code, answer in operation["responses"].items() if code.startswith("2")]
            if not operation.get("summary") or not all(_shows_examples(part) for part in parts):
                lacking.append(f"{method} {path}")
    assert lacking == []
    assert len(schema["paths"]) > 30
