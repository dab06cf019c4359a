"""``@`` and a nickname in a message, resolved to people of its conversation."""

from collections.abc import Iterable

from accounts.models import NICKNAME_MAX
from messaging.models import Participant
from messaging.store import Draft

ALL = ("all", "everyone", "所有人", "全体成员")
MENTIONS_LIMIT = 20  # a message


def resolve(drafts: Iterable[Draft]) -> None:
    """Fill ``data.mentions`` of each draft that holds an ``@``: ids, or ``"all"``."""
    for draft in drafts:
        if "@" in draft.body:
            found = mentioned(draft.conversation_id, draft.body)
            if found:
                draft.data["mentions"] = found


def mentioned(conversation_id: int, body: str) -> list[int] | str:
    """The ids of the people whom ``body`` mentions, in its order; ``"all"`` for everybody.

    Nicknames hold spaces and any punctuation and are not unique: after each ``@`` the longest one
    that fits wins, and everybody of that name is meant. One query.
    """
    spots = [part[:NICKNAME_MAX] for part in body.split("@")[1 : MENTIONS_LIMIT + 1] if part]
    if any(_names_all(spot) for spot in spots):
        return "all"
    prefixes = {spot[:length] for spot in spots for length in range(1, len(spot) + 1)}
    if not prefixes:
        return []
    rows = Participant.objects.filter(
        conversation_id=conversation_id, left_at=None, user__nickname__in=prefixes
    ).values_list("user__nickname", "user_id")
    people: dict[str, list[int]] = {}
    for nickname, user in rows:
        people.setdefault(nickname, []).append(user)
    found: dict[int, None] = {}
    for spot in spots:
        longest = max((name for name in people if spot.startswith(name)), key=len, default=None)
        if longest is not None:
            found.update(dict.fromkeys(people[longest]))
    return list(found)


def _names_all(spot: str) -> bool:
    return any(
        # "@allan" is somebody, "@所有人看这里" is everybody: Chinese has no spaces.
        spot.lower().startswith(word)
        and not (word.isascii() and spot[len(word) :][:1].isascii() and spot[len(word) :][:1].isalnum())
        for word in ALL
    )
