"""People of chatchat's for a comparison, made by its own services, without mail and passwords.

    python -m bench.peers.people COUNT SIZE ...

on the stack that the environment names makes groups of as many of them as each SIZE says, and prints a line
for each: an access token, the conversation with the other one of their pair (or, of those who only listen, of
all of them), and those of the groups that
they are in; after each conversation its last version, up to which they have everything.
"""

import os
import sys
from collections.abc import Sequence
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatchat.settings")
django.setup()

from rest_framework_simplejwt.tokens import AccessToken  # noqa: E402 - once Django is set up

from accounts.models import User  # noqa: E402
from accounts.services import sessions  # noqa: E402
from bench.progress import Progress  # noqa: E402
from groups.services import lifecycle, members  # noqa: E402
from messaging.models import Conversation  # noqa: E402
from social import services as social  # noqa: E402

#: A run is longer than an access token lasts.
VALID = timedelta(hours=6)
#: So many are friends by twos, which takes longer to make than a group of them.
IN_PAIRS = 200


def make(count: int, sizes: Sequence[int]) -> None:
    progress = Progress("people", 2 * count + sum(sizes))
    User.objects.bulk_create(
        User(email=f"p{n}@example.com", nickname=f"Person {n}", password="!") for n in range(1, count + 1)
    )
    people = list(User.objects.order_by("pk"))
    conversations: list[list[int]] = []
    for one, other in zip(people[:IN_PAIRS:2], people[1:IN_PAIRS:2], strict=True):
        pair = _befriend(one, other)
        conversations += [[pair], [pair]]
        progress.step(2)
    if rest := people[IN_PAIRS:]:
        all_of_them = _group(rest, progress)
        conversations += [[all_of_them] for _ in rest]
    for size in sizes:
        group = _group(people[:size], progress)
        for known in conversations[:size]:
            known.append(group)
    versions = dict(Conversation.objects.values_list("pk", "last_version"))
    for user, known in zip(people, conversations, strict=True):
        _session, pair_of_tokens = sessions.begin_with_tokens(user=user, device="bench")
        print(pair_of_tokens.access, *(f"{pk}:{versions[pk]}" for pk in known))
        progress.step()
    progress.done()


def _group(people: Sequence[User], progress: Progress) -> int:
    group = lifecycle.create(owner_id=people[0].pk, name=f"Group of {len(people)}", join_policy="open")
    for user in people[1:]:
        members.join(user_id=user.pk, group_id=group.pk)
        progress.step()
    return int(group.pk)


def _befriend(one: User, other: User) -> int:
    request = social.ask(sender_id=one.pk, recipient_id=other.pk)
    accepted = social.accept(user_id=other.pk, request_id=request.pk)
    assert accepted.conversation_id is not None
    return accepted.conversation_id


if __name__ == "__main__":
    AccessToken.lifetime = VALID
    make(int(sys.argv[1]), [int(size) for size in sys.argv[2:]])
