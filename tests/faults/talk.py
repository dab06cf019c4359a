"""What is said while things break: a log of real chat where one is given, made-up talk elsewhere."""

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path

_WORDS = (
    *("the", "of", "and", "kernel", "package", "install", "reboot", "maybe", "works for me", "ok", "lol"),
    *("你好", "晚上", "一起", "吃饭", "明天", "再说", "收到", "谢谢", "我也", "不知道", "🍣", "😀"),
    *("<b>", "&", "\\", "'", '"', "%s", "{0}", "ñ", "ß", "ﷺ"),
)


def lines(log: Path | None, seed: int) -> Iterator[str]:
    """Texts without end, the same ones for the same seed."""
    if log is None:
        return _made_up(random.Random(seed))
    with log.open(encoding="utf-8") as rows:
        texts = [json.loads(row)["text"] for row in rows]
    first = random.Random(seed).randrange(len(texts))
    return itertools.cycle(texts[first:] + texts[:first])


def _made_up(source: random.Random) -> Iterator[str]:
    while True:
        yield " ".join(source.choices(_WORDS, k=source.randint(1, 12)))
