"""Amy's world: everything that the chat can show, made through the REST door, in plain words or in others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.accounts.pictures import picture
from tests.client import ApiClient, ok

#: `person("Amy")` is somebody new, signed in.
Person = Callable[[str], ApiClient]
#: `word("nickname", "Ben")` is what to say instead.
Word = Callable[[str, str], str]

CODE = "for line in sys.stdin:\n    if line.strip():\n        print(line.upper(), end='')"
NOTE = "Thursday at four.\nBring the keys. 带上钥匙。"
PARAGRAPH = (
    "The harbour office called: they want the release on Thursday, not on Friday, because the big ferry is"
    " back from the yard then. 港务局来电话了：他们希望周四就发布，因为大渡轮那天从船厂回来。"
)


@dataclass
class World:
    """Amy, who is shown everything; the ids and addresses of what there is for her to see."""

    amy: ApiClient
    ids: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


def make(person: Person, word: Word = lambda kind, plain: plain) -> World:
    """All of it; ``word`` has the last word on everything that somebody writes."""
    return _Making(person, word).make()


class _Making:
    def __init__(self, person: Person, word: Word) -> None:
        self.person, self.word = person, word
        self.amy, self.ben, self.carol = (self.somebody(name) for name in ("Amy", "Ben", "卡罗尔"))
        self.world = World(self.amy)

    def somebody(self, plain: str) -> ApiClient:
        made, nickname = self.person(plain), self.word("nickname", plain)
        if nickname != plain:
            made.user = ok(made.patch("users/me", {"nickname": nickname})).json()
        return made

    def make(self) -> World:
        ids, amy, ben = self.world.ids, self.amy, self.ben
        ids["direct"] = amy.befriend(ben)
        self._people()
        self._talk(ids["direct"])
        ids["group"] = self._group()
        ids["muted"] = ben.create_group(amy, name=self.word("group", "Announcements"))
        ok(ben.patch(f"groups/{ids['muted']}", {"muted_all": True}))
        about = self.word("introduction", "The eternal question.")
        lunch = ben.create_group(self.carol, name=self.word("group", "Lunch 今天吃什么"), introduction=about)
        self.world.links["other"] = _invitation(ben, lunch)
        # What was friendship once: to be read, not to be written to.
        frank = self.somebody("Frank")
        ids["closed"] = amy.befriend(frank)
        frank.send_message(ids["closed"], self.word("body", "Farewell!"))
        ok(amy.delete(f"friends/{frank.id}"), 204)
        return self.world

    def _people(self) -> None:
        amy, ben, word = self.amy, self.ben, self.word
        ok(ben.put("users/me/avatar", files={"image": ("me.png", picture(), "image/png")}), 200)
        ok(amy.patch("users/me", {"introduction": word("introduction", "Releases things. 周四发布。")}))
        ok(ben.patch("users/me", {"introduction": word("introduction", "Bread.")}))
        self.world.ids["carol"] = amy.befriend(self.carol)
        dan, eve, greg = (self.somebody(name) for name in ("Dan", "Eve of the long and winding name", "Greg"))
        for sender, recipient, greeting in (
            (dan, amy, "Hi, Dan from the release group."),
            (amy, eve, "Hello!"),
        ):
            asking = {"user": recipient.id, "greeting": word("greeting", greeting)}
            ok(sender.post("friend-requests", asking), 201)
        ok(amy.put(f"blocks/{greg.id}"), 200, 201, 204)
        ok(amy.patch(f"friends/{ben.id}", {"remark": word("remark", "Ben the baker")}))
        self.world.ids |= {"ben": ben.id, "dan": dan.id}

    def _talk(self, direct: int) -> None:
        """All kinds of messages, on both sides; the last ones are unread by Amy."""
        amy, ben = self.amy, self.ben

        def said(who: ApiClient, plain: str, **fields: Any) -> int:
            return int(who.send_message(direct, self.word("body", plain), **fields)["seq"])

        first = said(ben, PARAGRAPH)
        said(amy, "See https://example.com/a/very/long/path?with=a&query=that#goes-on and on", reply_to=first)
        said(ben, CODE)
        said(ben, "🎉")
        edited, recalled = said(amy, "Thursday at fuor"), said(amy, "Wrong window")
        new = {"body": self.word("body", "Thursday at four")}
        ok(amy.patch(f"conversations/{direct}/messages/{edited}", new))
        ok(amy.delete(f"conversations/{direct}/messages/{recalled}"), 200, 204)
        for who, emoji in ((ben, "👍"), (amy, "👍"), (ben, "🍣")):
            ok(who.put(f"conversations/{direct}/messages/{edited}/reactions/{emoji}"), 200, 201, 204)
        said(amy, "好的", attachments=[self._uploaded(amy, "harbour.png", picture(size=(900, 600)))])
        pictures = [self._uploaded(ben, f"{name}.png", picture(size=(400, 700))) for name in ("one", "two")]
        said(ben, "Look", attachments=[*pictures, self._uploaded(ben, "release notes.txt", b"2.4: nearly")])
        said(ben, "One more thing")
        said(ben, "Bring the keys 🔑")

    def _uploaded(self, who: ApiClient, plain: str, data: bytes) -> int:
        files = {"file": (self.word("file", plain), data)}
        return int(ok(who.post("attachments", files=files), 201).json()["id"])

    def _group(self) -> int:
        amy, ben, carol, word = self.amy, self.ben, self.carol, self.word
        group = amy.create_group(ben, carol, name=word("group", "Harbour release 港口发布"))
        about = {
            "introduction": word("introduction", "Getting 2.4 out of the door."),
            "join_policy": "approval",
            "announcement": word("note", NOTE),
        }
        ok(amy.patch(f"groups/{group}", about))
        ok(amy.patch(f"groups/{group}/members/{carol.id}", {"role": "admin"}))
        ok(amy.patch(f"groups/{group}/members/{ben.id}", {"muted_until": "2099-01-01T00:00:00.000Z"}))
        carol.send_message(group, word("body", "@Amy are we ready? @all please look once more"))
        amy.send_message(group, word("body", "Nearly.\n- the notes\n- the mails"))
        asking = {"message": word("request", "I do the translations.")}
        ok(self.somebody("Hana").post(f"groups/{group}/join", asking), 200, 201, 202)
        self.world.links["invitation"] = _invitation(amy, group)
        return group


def _invitation(who: ApiClient, group: int) -> str:
    made = ok(who.post(f"groups/{group}/invitations", {"expires_in": 604800, "max_uses": 10}), 201)
    return str(made.json()["token"])
