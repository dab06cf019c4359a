"""What moderators did, told to whom it concerns: on their sockets, and by mail to wherever they are."""

import contextlib
from datetime import datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts import mail
from accounts.audit import Action
from accounts.models import User
from chatchat.clock import rfc3339
from chatchat.errors import Unavailable
from chatchat.realtime import to_person

#: What is said of each in a mail; of what is not here no mail is sent.
WORDS: dict[Action, Promise | str] = {
    Action.BANNED: _("Your account has been banned."),
    Action.UNBANNED: _("The ban of your account was lifted. You can sign in again."),
    Action.SILENCED: _("You may read, but not write anywhere for a time."),
    Action.UNSILENCED: _("You may write again."),
    Action.SESSIONS_ENDED: _("You were signed out on all your devices."),
    Action.MESSAGE_RECALLED: _("What you wrote was recalled by a moderator."),
    Action.MESSAGE_RESTORED: _("What you wrote is to be read again."),
    Action.MUTED: _("You were muted in a group."),
    Action.UNMUTED: _("You may write in that group again."),
    Action.REMOVED: _("You were removed from a group."),
    Action.DISSOLVED: _("Your group was dissolved by a moderator."),
    Action.GROUP_RESTORED: _("Your group is back."),
}


def tell(
    user: User,
    action: Action,
    *,
    reason: str = "",
    until: datetime | None = None,
    conversation: int | None = None,
    title: str = "",
) -> None:
    """A ``notice`` on the person's sockets and a mail, both once the caller's transaction has committed."""
    if action is not Action.BANNED:  # their sockets are told by the error with which they close
        moment = rfc3339(until) if until else None
        fields = {"reason": reason, "until": moment, "conversation": conversation, "title": title}
        to_person(user.pk, "notice", action=action.value, **fields)
    transaction.on_commit(lambda: _mail(user, action, reason, until, title), robust=True)


def _mail(user: User, action: Action, reason: str, until: datetime | None, title: str) -> None:
    if not user.email or action not in WORDS:
        return
    with override(user.language):
        what = str(WORDS[action])
    # Where too many mails wait, what was done stands all the same.
    with contextlib.suppress(Unavailable):
        mail.send(
            template="notice",
            to=user.email,
            language=user.language,
            what=what,
            reason=reason,
            until=f"{until:%Y-%m-%d %H:%M} UTC" if until else "",
            title=title,
        )
