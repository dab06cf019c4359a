"""Input that is wrong, or strange: what the fuzz tests send."""

import gzip
from typing import Any

JSON: dict[str, bytes | str] = {"Content-Type": "application/json"}


HUGE = 10**25


NOT_JSON: dict[str, bytes | str] = {
    "nothing": b"",
    "a word": b"hello",
    "half": b'{"name": "x"',
    "two": b"{} {}",
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "single quotes": b"{'name': 'x'}",
    "a comment": b'{"name": "x"} // no',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + b'{"name": "x"}',
    "Latin-1": '{"name": "é"}'.encode("latin-1"),
    "GB 18030": '{"name": "你好"}'.encode("gb18030"),
    "an overlong NUL": b'{"name": "\xc0\x80"}',
    "half a character": b'{"name": "\xf0\x9f\x98"}',
    "an encoded surrogate": b'{"name": "\xed\xa0\x80"}',
    "an escaped surrogate": b'{"name": "\\ud83d"}',
    "a plain NUL": b'{"name": "\x00"}',
    "a line break in a string": b'{"name": "a\nb"}',
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep and cut off": b"[" * 100_000,
    "deep within": b'{"name": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "gzip": gzip.compress(b'{"name": "x"}'),
    "zeros": bytes(1000),
}


WRONG_VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 1e300, HUGE, -HUGE, "", " ", "x" * 70_000, "\x00", "\ud800", "a\x00b"),
    *([], [[]], {}, {"a": 1}, "﷽" * 300, "\u202e", "0", "null", "1e5", "９"),
]


TIMES = [
    *(
        "10000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-23:59",
        "2030-02-30T00:00:00Z",
    ),
    *(
        "0001-01-01T00:00:00+23:59",
        "2030-01-01",
        "2030-01-01T00:00:00",
        "2030-01-01T24:00:00Z",
        "+12030-01-01T00:00:00Z",
    ),
    *(
        "2030-01-01T00:00:60Z",
        "2030-01-01T00:00:00+99:99",
        "٢٠٣٠-01-01T00:00:00Z",
        "2030-W01-1",
        "1893456000",
    ),
]


PATHS = [
    *("users/0", "users/-1", "users/+1", "users/1.0", "users/1e3", "users/0x1", "users/１", "users/%31%20"),
    *("users/9223372036854775807", "users/9223372036854775808", f"users/{HUGE}", f"users/{10**18 - 1}"),
    *("users/" + "9" * 1000, "groups/" + "1" * 20 + "/members", f"conversations/{HUGE}/messages"),
    *("users/%00", "users/1%00", "users/%ff", "users/%ed%a0%80", "users/%c0%80", "users/%f0%9f%98%80"),
    *(
        "users/me/",
        "users/",
        "groups/",
        "nothing",
        "nothing/",
        "",
        "users//me",
        "users/../users/me",
        "%2e%2e/%2e%2e",
    ),
    *(
        "users/me%2Favatar",
        "users/me;a=b",
        "users/me?",
        "invitations/%00",
        "invitations/%ff",
        "invitations/😀",
    ),
    *("invitations/" + "a" * 5000, "invitations/%ed%b0%80", "invitations/%20", "invitations/a%0ab"),
    *("conversations/1/messages/0", f"conversations/1/messages/{HUGE}", "conversations/1/messages/-5"),
    *("auth/sessions/0", f"auth/sessions/{2**63}", f"friends/{HUGE}", "blocks/0", "friend-requests/0/accept"),
]


EMOJI = [
    "%00",
    "%ff",
    "%ed%a0%80",
    "a",
    "%20",
    "%0a",
    "👍%20",
    "%F0%9F%91%8D" * 40,
    "%e2%80%8d",
    "%EF%B8%8F",
    "..",
    "1",
]


QUERIES = [
    *("%00", "%ff", "%ed%a0%80", "%F0%9F%98%80", "%", "%zz", "😀", "\\", "'", '"', "%25", "_", "%5f%25"),
    *(
        "0",
        "-1",
        "1.5",
        "1e3",
        "９",
        str(2**63),
        str(HUGE),
        "9" * 5000,
        "",
        "%20",
        "true",
        "null",
        "[]",
        "x" * 20_000,
    ),
    *(
        "a&",
        "=",
        "&&",
        "a=b;c=d",
        "%26",
        "+",
        "bz0x",
        "cD0x",
        "cD1hYmM%3D",
        "cD0lMDA%3D",
        "cD0lRUQlQTAlODA%3D",
    ),
    # base64 of p=<2^70>, p=-1, p=<4-byte>, o=<2^70>, r=1&p=1
    *(
        "cD0xMTgwNTkxNjIwNzE3NDExMzAzNDI0",
        "cD0tMQ%3D%3D",
        "cD3wn5iA",
        "bz0xMTgwNTkxNjIwNzE3NDExMzAzNDI0",
        "cj0xJnA9MQ%3D%3D",
    ),
    *(
        "MTox",
        "MTphYQ==",
        "OTk6MQ==",
        "8J+YgDox",
        "LTE6LTE=",
        "MToxMTgwNTkxNjIwNzE3NDExMzAzNDI0",
        "1-1",
        "1-",
        f"{HUGE}-1",
    ),
]


AUTHORIZATIONS = [
    *(
        "Bearer",
        "Bearer ",
        "bearer x",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer " + "a" * 8000,
        "Basic YTpi",
        "Bearer\tx",
    ),
    *(
        b"Bearer \xff\xfe",
        "Bearer 你好",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer null",
        "Token x",
        "=",
        "Bearer a b",
    ),
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.AAAA",
    *(b"\xed\xa0\x80", "Digest username=x", "Bearer eyJhbGciOiJIUzI1NiIsInppcCI6IkRFRiJ9.e30.e30"),
]


COOKIES: list[bytes | str] = [
    *(
        "chatchat_session",
        "chatchat_session=",
        "chatchat_session=" + "x" * 6000,
        "chatchat_session=%00",
        "=;=;=",
    ),
    *(
        b"chatchat_session=\xff\xfe",
        "chatchat_session=你好; chatchat_csrf=😀",
        'chatchat_session="a\\"b',
        "a" * 7000,
    ),
    *(
        b"chatchat_session=\xf0\x9f\x98\x80",
        "chatchat_csrf=x; chatchat_session=../../etc",
        ";" * 2000,
        "$Version=1; a=b",
    ),
    *(
        "chatchat_language=\u0000",
        "chatchat_language=xx-yy",
        "chatchat_language=" + "z" * 1000,
        "messages=W10",
    ),
]


HEADERS: list[tuple[str, bytes | str]] = [
    *(
        ("Accept-Language", value)
        for value in ("x" * 5000, "zh;q=x", "*", ",,,", b"\xff", "en;q=1" * 500, "zh-hans-" * 90)
    ),
    *(
        ("Accept", value)
        for value in (
            "text/html",
            "",
            ";;;/,",
            "application/json; q=x",
            b"\xff\xff",
            "a/b" * 900,
            "*/*;" * 99,
        )
    ),
    *(
        ("Host", value)
        for value in (
            "",
            "evil.example",
            "localhost:99999",
            "[::1",
            b"\xff",
            "a b",
            "localhost/..",
            "x" * 3000,
        )
    ),
    *(("User-Agent", value) for value in ("", b"\xff\xfe", "😀" * 500, "a\tb", "x" * 5000)),
    *(("X-Forwarded-For", value) for value in ("x", "::1%eth0", "1.2.3.4, " * 400)),
    *(("Content-Length", value) for value in ("-1", "abc", "1e3", "+5", "99999999999999999999")),
    *(("Origin", value) for value in ("null", "http://[", b"\xff", "javascript:x")),
    *(("Transfer-Encoding", value) for value in ("nonsense", "gzip, chunked", "chunked, chunked")),
    *(
        ("Expect", "100-continue"),
        ("Range", "bytes=0-"),
        ("If-Modified-Since", "yesterday"),
        ("X-CSRFToken", "😀"),
    ),
    *(
        ("Upgrade", "h2c"),
        ("Upgrade", "websocket"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("Content-Type", b"\xff"),
    ),
]


def part(name: bytes, filename: bytes, type_: bytes, data: bytes) -> bytes:
    disposition = b'Content-Disposition: form-data; name="' + name + b'"; filename="' + filename + b'"'
    return b"--x\r\n" + disposition + b"\r\nContent-Type: " + type_ + b"\r\n\r\n" + data + b"\r\n"


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"


END = b"--x--\r\n"


FORMS = {
    "nothing": b"",
    "no end": part(b"image", b"a.png", b"image/png", PNG),
    "cut": part(b"image", b"a.png", b"image/png", PNG)[:40],
    "another field": part(b"picture", b"a.png", b"image/png", PNG) + END,
    "text": b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\nhello\r\n' + END,
    "an empty file": part(b"image", b"a.png", b"image/png", b"") + END,
    "no file name": part(b"image", b"", b"image/png", PNG) + END,
    "half a picture": part(b"image", b"a.png", b"image/png", PNG) + END,
    "a page": part(b"image", b"a.html", b"text/html", b"<script>1</script>") + END,
    "an SVG": part(b"image", b"a.svg", b"image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>") + END,
    "NUL in the name": part(b"image", b"a\x00.png", b"image/png", PNG) + END,
    "bad UTF-8 in the name": part(b"image", b"\xff\xfe.png", b"image/png", PNG) + END,
    "up the tree": part(b"image", b"../../x.png", b"image/png", PNG) + END,
    "a long name": part(b"image", b"a" * 5000 + b".png", b"image/png", PNG) + END,
    "two": part(b"image", b"a", b"image/png", PNG) + part(b"image", b"b", b"image/png", PNG) + END,
    "bad type": part(b"image", b"a.png", b"\xff/;;", PNG) + END,
    "bad base64": part(b"image", b"a", b"image/png\r\nContent-Transfer-Encoding: base64", b"!!!") + END,
    "thousands of fields": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 3000 + END,
    "a hundred files": part(b"image", b"a.png", b"image/png", b"x") * 200 + END,
    "a bomb of a header": part(b"image", b"a.png", b"image/png", PNG[:16] + b"\xff" * 8 + PNG[24:]) + END,
    "a long header": b"--x\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n" + END,
    "binary": bytes(range(256)) * 20,
}  # fmt: skip


TEXTS = [
    *(
        "😀",
        "𠮷野家",
        "👨‍👩‍👧‍👦",
        "🇨🇳",
        "é",
        "e\u0301",
        "ﷺ",
        "\U0010ffff",
        "\ufffe",
        "İ",
        "ß",
        "\u200b",
        "Ω\u2126",
    ),
    *(
        "' OR 1=1 --",
        '"; DROP TABLE x',
        "\\",
        "\\'",
        "%s",
        "%(a)s",
        "{0}",
        "${x}",
        "%",
        "_",
        "&lt;",
        "<script>",
    ),
]
