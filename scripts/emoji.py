#!/usr/bin/env python3
"""Make static/chatchat/emoji/emoji.json, the emoji picker's data, from a copy of emojibase-data (MIT).

    npm install emojibase-data
    python scripts/emoji.py node_modules/emojibase-data

A group is a list of `[emoji, English words, Chinese words]`, with a fourth part, 1, where a skin tone can
follow the first character. The first of the words, up to the bar, is the name.
"""

import json
import shutil
import sys
import unicodedata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "static/chatchat/emoji"
#: Newer ones are boxes on many devices still.
NEWEST = 15.0
GROUPS = {
    0: "smileys", 1: "people", 3: "nature", 4: "food", 5: "travel",
    6: "activities", 7: "objects", 8: "symbols", 9: "flags",
}  # fmt: skip
ENGLISH_MAX, CHINESE_MAX = 5, 4  # words; the first English one is what Slack and GitHub call it
#: Wide, as what is shown as a picture by itself is, but shown as text where no U+FE0F follows.
TEXT_THOUGH_WIDE = "\u3030\u303d\u3297\u3299\U0001f202\U0001f237"
TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def main(source: Path) -> None:
    version = json.loads((source / "package.json").read_text())["version"]
    chinese = {one["hexcode"]: one for one in _read(source, "zh")}
    short = json.loads((source / "en/shortcodes/github.json").read_text(encoding="utf-8"))
    groups: dict[str, list[list[Any]]] = {name: [] for name in GROUPS.values()}
    for one in sorted(_read(source, "en"), key=lambda one: one.get("order", 0)):
        if one.get("group") in GROUPS and one["version"] <= NEWEST:
            groups[GROUPS[one["group"]]].append(_row(one, short, chinese[one["hexcode"]]))
    data = {"source": f"emojibase-data {version}, MIT, see LICENSE", "groups": groups}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    (TARGET / "emoji.json").write_text(text + "\n", encoding="utf-8")
    shutil.copy(source / "LICENSE", TARGET / "LICENSE")
    print(f"{sum(map(len, groups.values()))} emoji, {len(text.encode())} bytes")


def _read(source: Path, language: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((source / language / "data.json").read_text(encoding="utf-8"))
    return found


def _row(one: dict[str, Any], short: dict[str, Any], chinese: dict[str, Any]) -> list[Any]:
    codes = short.get(one["hexcode"], [])
    one = one | {"tags": [*([codes] if isinstance(codes, str) else codes)[:1], *one.get("tags", ())]}
    row: list[Any] = [_plain(one["emoji"]), _words(one), _words(chinese)]
    return [*row, 1] if _takes_tone(one) else row


def _plain(emoji: str) -> str:
    """Without the U+FE0F that is not needed: everybody's 👍 is the same reaction."""
    alone = emoji.removesuffix("\ufe0f")
    wide = len(alone) == 1 and unicodedata.east_asian_width(alone) == "W" and alone not in TEXT_THOUGH_WIDE
    return alone if wide else emoji


def _words(one: dict[str, Any]) -> str:
    """The name, a bar, and the tags that the name does not hold already."""
    label = one["label"].lower()
    tags = [tag.lower().replace("_", " ") for tag in one.get("tags", ())]
    tags = [tag for tag in dict.fromkeys(tags) if tag not in label and tag != label.replace(" ", "")]
    chinese = not label.isascii()
    if chinese:
        tags = [tag for tag in tags if not tag.isascii()]  # English is searched as well
    # Shorter ones say more, and a longer one that holds a shorter one is found by it.
    tags = [tag for tag in tags if not any(other in tag for other in tags if other != tag)]
    return "|".join([label, " ".join(tags[: CHINESE_MAX if chinese else ENGLISH_MAX])]).rstrip("|")


def _takes_tone(one: dict[str, Any]) -> bool:
    """Whether a tone after the first character gives just what Unicode lists."""
    emoji = one["emoji"]
    toned = [emoji[0] + tone + emoji[1:].removeprefix("\ufe0f") for tone in TONES]
    return toned == [skin["emoji"] for skin in one.get("skins", ()) if isinstance(skin.get("tone"), int)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
