"""Socket frames, most of them valid with one thing wrong."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.samples import HUGE

#: A frame's text (or bytes: a binary one), and whether it must be refused, whoever sends it.
Case = tuple[str | bytes, bool]
LIMIT = 64 * 1024


@dataclass
class Ids:
    """What there is, of one's own and of others."""

    group: int
    direct: int
    foreign: int
    last: int


numbers = st.sampled_from(
    [0, -1, 1, 2, 3, 7, 1000, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, HUGE, -HUGE, 1.0, 0.5, 1e300, -0.0]
)
texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            *(
                "",
                " ",
                "\n",
                "x" * 4000,
                "x" * 4001,
                "😀" * 4000,
                "\x00",
                "a\x00b",
                "\u202e",
                "@everyone",
                "@all",
            ),
            *(
                "👍",
                "👍 ",
                "1️⃣",
                "a",
                "👨‍👩‍👧‍👦",
                "é",
                "e\u0301",
                "\ufeff",
                "ﷺ" * 100,
                "\U0010ffff",
                "@" * 500,
                "null",
            ),
        ]
    ),
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def valid_frames(ids: Ids) -> st.SearchStrategy[dict[str, Any]]:
    """Frames that nothing is wrong with; ids may be foreign or of nothing."""
    conversation = st.sampled_from([ids.group, ids.group, ids.direct, ids.foreign, 2**62])
    seq = st.sampled_from([1, 2, 3, ids.last, ids.last + 1, 10**6, 2**63 - 1])
    place = {"conversation": conversation, "seq": seq}
    body = st.one_of(st.text(min_size=1, max_size=60), texts)
    emoji = st.one_of(st.sampled_from(["👍", "🍣", "🍺", "❤️", "1️⃣"]), texts)
    version = st.sampled_from([0, 1, 5, 10**6, 2**63 - 1])
    # Few of them, so that some come again with another body.
    client_id = st.integers(0, 200).map(lambda number: str(uuid.UUID(int=number)))
    kinds: list[dict[str, st.SearchStrategy[Any]]] = [
        {"type": st.just("hello"), "cursors": st.dictionaries(conversation.map(str), version, max_size=3)},
        {
            "type": st.just("message.send"),
            "conversation": conversation,
            "client_id": client_id,
            "kind": st.just("text"),
            "body": body,
            "reply_to": st.none() | seq,
            "attachments": st.just([]) | st.lists(st.sampled_from([1, 2, 3, 2**62]), max_size=12),
        },
        {"type": st.just("message.edit"), **place, "body": body},
        {"type": st.just("message.recall"), **place},
        {"type": st.sampled_from(["reaction.add", "reaction.remove"]), **place, "emoji": emoji},
        {
            "type": st.just("sync"),
            "conversation": conversation,
            "after": version,
            "limit": st.sampled_from([1, 2, 200]),
        },
        {"type": st.sampled_from(["delivered", "read"]), **place},
        {"type": st.just("typing"), "conversation": conversation, "active": st.booleans()},
        {
            "type": st.just("presence.watch"),
            "users": st.lists(st.sampled_from([1, 2, ids.group, 2**62]), max_size=4) | st.just([1] * 500),
        },
        {"type": st.just("auth"), "token": st.sampled_from(["", "a.b.c", "x" * 4096, "😀"])},
        {"type": st.just("ping")},
    ]
    return st.sampled_from(kinds).flatmap(st.fixed_dictionaries)


@st.composite
def cases(draw: st.DrawFn, ids: Ids) -> Case:
    """A frame on the wire."""
    frame = draw(valid_frames(ids))
    how = draw(
        st.sampled_from(["as it is", "a value", "a value", "a value", "a name", "the text", "the text"])
    )
    if how == "a value":
        name = draw(st.sampled_from([*frame, "id", "more"]))
        frame[name] = draw(anything)
    elif how == "a name":
        name = draw(st.sampled_from(list(frame)))
        value = frame.pop(name)
        if draw(st.booleans()):
            frame[name + draw(st.sampled_from(["s", " ", "\x00", "é"]))] = value
    text = json.dumps(frame, ensure_ascii=draw(st.booleans()))
    return draw(broken_texts(text)) if how == "the text" else (text, False)


def broken_texts(text: str) -> st.SearchStrategy[Case]:
    """The same frame, wrong as a text; lone surrogates are written as escapes, since UTF-8 has none."""
    inner = text[1:-1]
    fields = inner + ", " if inner else ""
    wrong_values = [
        *(
            "NaN",
            "Infinity",
            "01",
            '"\\ud800"',
            '"\\udc00\\ud800"',
            '"\x01"',
            '"\\x41"',
            "",
            "tru",
            "+1",
            "1.",
            ".5",
        ),
        "[" * 5000 + "]" * 5000,
    ]
    refused = [
        *(text[:-1], text[1:], text + "}", text + text, f"[{text}]", json.dumps(text), "\ufeff" + text),
        *("// x\n" + text, "\x00" + text, "{" + fields + "}", text.replace('"', "'")),
        *("", " ", "null", "true", "5", "[]", '"ping"', "{}", "NaN", "-", "[" * 30_000, '{"a":' * 10_000),
        *(text.encode(), b"", b"\x00", b"\xff\xfe", text.encode("utf-16")),
        *("{" + fields + '"x": ' + value + "}" for value in wrong_values),
    ]
    odd_values = ['"' + "😀" * 15_000 + '"', "9" * 5000, "1e400", "-9" * 1, "[" * 200 + "]" * 200, "\n1\t"]
    either = [
        *("{" + fields + twice + "}" for twice in ('"type": "ping"', '"type": 5', '"id": 1, "id": 2')),
        *(" " * 60_000 + text, text + "\n" * 60_000, text.ljust(LIMIT), text.ljust(LIMIT + 1)),
        *("{" + fields + '"x": ' + value + "}" for value in odd_values),
        *(text + "x" * LIMIT, text.replace(" ", "\t")),
    ]
    return st.sampled_from([(one, True) for one in refused] * 2 + [(one, False) for one in either])
