"""What a message may say: kept byte for byte, or refused as a whole."""

import json
from uuid import uuid4

import pytest

from tests.client import ApiClient, ok
from tests.messaging.common import changes, post, state
from tests.witness import told, untouched

pytestmark = pytest.mark.django_db

KEPT = {
    "Chinese": "晚上吃什么？火锅🍲",
    "emoji of many code points": "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇨🇳#️⃣",
    "white space around": "  \t hello \n\n ",
    "line ends": "one\r\ntwo\rthree\nfour\u2028five\u2029six\x85",
    "control characters": "".join(map(chr, range(1, 32))) + "x\x7f\x9f",
    "both directions": "\u202eabc\u202c שלום مرحبا",
    "composed and not": "é é ﬁ ﬀ Å Å",
    "no characters and private ones": "\ufffe\uffff\ufdd0\ue000\U0010ffff",
    "a byte order mark": "\ufeffhello\ufeff",
    "SQL and HTML": "'; DROP TABLE messaging_message; -- <script>alert(1)</script> %s %(a)s \\' \\",
    "JSON": '{"type": "message", "\\u0000": null}',
    "the longest": "字" * 4000,
    "the longest of emoji": "🍣" * 4000,
}


def test_it_is_kept_byte_for_byte(amy: ApiClient, bob: ApiClient, direct: int) -> None:
    for what, body in KEPT.items():
        with told() as events:
            sent = ok(post(amy, direct, body), 201).json()
        assert sent["body"] == body, what
        assert [change["body"] for change in changes(events)] == [body], what
        assert state(bob, direct)["last_message"]["body"] == body[:100], what
    synced = ok(bob.get(f"conversations/{direct}/sync")).json()["messages"]
    for found in (bob.history(direct), synced):
        assert [message["body"] for message in found] == list(KEPT.values())


REFUSED = {
    "empty": "",
    "blank": " \t\r\n\u3000\u2003",
    "too long": "x" * 4001,
    "too long in emoji": "🍣" * 4001,
    "NUL": "a\x00b",
}


def test_it_is_refused_as_a_whole(amy: ApiClient, direct: int) -> None:
    sent = amy.send_message(direct, "before")
    with untouched():
        for what, body in REFUSED.items():
            for refused in (
                post(amy, direct, body),
                amy.patch(f"conversations/{direct}/messages/{sent['seq']}", {"body": body}),
            ):
                assert refused.status_code == 400, what
                assert "body" in refused.json()["error"]["details"], what


def test_half_a_character_is_refused(amy: ApiClient, direct: int) -> None:
    headers = {"Content-Type": "application/json"}
    with untouched():
        for body in ("\ud83c", "\udf63", "\udf63\ud83c", "a\ud800b"):
            text = json.dumps({"client_id": str(uuid4()), "kind": "text", "body": body})
            assert "\\ud" in text, "escaped, as JSON can"
            path = f"conversations/{direct}/messages"
            refused = amy.request("POST", path, content=text, headers=headers)
            assert ok(refused, 400).json()["error"]["code"] in ("invalid", "invalid_json")


def test_an_escaped_pair_is_one_character(amy: ApiClient, direct: int) -> None:
    text = json.dumps({"client_id": str(uuid4()), "kind": "text", "body": "🍣"})
    assert "\\ud83c\\udf63" in text
    headers = {"Content-Type": "application/json"}
    path = f"conversations/{direct}/messages"
    assert ok(amy.request("POST", path, content=text, headers=headers), 201).json()["body"] == "🍣"
