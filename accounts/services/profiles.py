"""What a person says about themselves."""

from typing import Any

from accounts.models import INTRODUCTION_MAX, NICKNAME_MAX, User
from chatchat import policies
from chatchat.db import retried, write_transaction
from chatchat.text import clean_line


@retried
def update(
    *, user: User, nickname: str | None = None, introduction: str | None = None, language: str | None = None
) -> None:
    """Change what is given. A new nickname is told to whom it concerns by ``policies.profile_changed``."""
    changes: dict[str, Any] = {}
    if nickname is not None:
        changes["nickname"] = clean_line(nickname, field="nickname", minimum=1, maximum=NICKNAME_MAX)
    if introduction is not None:
        changes["introduction"] = clean_line(
            introduction, field="introduction", minimum=0, maximum=INTRODUCTION_MAX
        )
    if language is not None:
        changes["language"] = language
    if not changes:
        return
    renamed = changes.get("nickname", user.nickname) != user.nickname
    with write_transaction():
        User.objects.filter(pk=user.pk, deleted_at__isnull=True).update(**changes)
        if renamed:
            policies.profile_changed(user.pk)
    for name, value in changes.items():
        setattr(user, name, value)
