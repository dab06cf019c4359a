"""What moderators do to people, as the admin offers it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.deeds import Deed, Order, Text
from accounts.models import User
from accounts.services import bans, silences, staff
from accounts.services.ranks import Rank, rank_of
from chatchat.clock import now
from chatchat.roles import ADMINISTRATOR, MODERATOR

ROLE_WORDS: dict[str, Text] = {
    staff.NOBODY: _("no role"),
    MODERATOR: _("moderator"),
    ADMINISTRATOR: _("administrator"),
    staff.SUPERUSER: _("superuser"),
}
MODERATE = "accounts.moderate_user"


def _ban(user: User, order: Order) -> None:
    bans.ban_person(user_id=user.pk, by=order.by, reason=order.reason, until=order.until)


def _unban(user: User, order: Order) -> None:
    bans.unban_person(user_id=user.pk, by=order.by, reason=order.reason)


def _silence(user: User, order: Order) -> None:
    until = order.until or now()
    silences.silence(user_id=user.pk, by=order.by, reason=order.reason, until=until)


def _unsilence(user: User, order: Order) -> None:
    silences.unsilence(user_id=user.pk, by=order.by, reason=order.reason)


def _sign_out(user: User, order: Order) -> None:
    staff.end_sessions(user_id=user.pk, by=order.by, reason=order.reason)


def _remove_avatar(user: User, order: Order) -> None:
    staff.remove_avatar(user=user, by=order.by, reason=order.reason)


def _appoint(user: User, order: Order) -> None:
    staff.appoint(user_id=user.pk, role=order.choice, by=order.by, reason=order.reason)


def _erase(user: User, order: Order) -> None:
    staff.erase(user_id=user.pk, by=order.by, reason=order.reason)


def _roles(by: User) -> Sequence[tuple[str, Text]]:
    """Those that this person may give."""
    roles = staff.ROLES if rank_of(by) is Rank.SUPERUSER else staff.ROLES[:-1]
    return [(role, ROLE_WORDS[role]) for role in roles]


def _there(user: Any) -> bool:
    return user.deleted_at is None


DEEDS: list[Deed] = [
    Deed(
        "silence",
        _("Stop from writing"),
        MODERATE,
        _silence,
        _("May not write."),
        _(
            "They can read everything and write nowhere: no messages, edits, reactions, greetings or groups."
            " Their pages say so, with the reason and until when; they get a mail. Undo: let them"
            " write again."
        ),
        term="must",
        fits=_there,
    ),
    Deed(
        "unsilence",
        _("Let write again"),
        MODERATE,
        _unsilence,
        _("May write again."),
        _("They can write again at once, and are told so."),
        fits=lambda user: user.silenced_until is not None,
    ),
    Deed(
        "ban",
        _("Ban"),
        MODERATE,
        _ban,
        _("Banned."),
        _(
            "They are signed out everywhere within a second and cannot sign in. Open pages, and whoever tries"
            " to sign in with the right password, are told the reason and until when; they get a mail."
            " Undo: lift the ban."
        ),
        term="may",
        fits=_there,
        grave=True,
    ),
    Deed(
        "unban",
        _("Lift the ban"),
        MODERATE,
        _unban,
        _("Ban lifted."),
        _("They can sign in again; everything of theirs is as it was. They get a mail."),
        fits=lambda user: user.banned_at is not None,
    ),
    Deed(
        "sign_out",
        _("Sign out everywhere"),
        MODERATE,
        _sign_out,
        _("Signed out."),
        _("All their sessions end within a second, with the reason. They may sign in again."),
        fits=_there,
    ),
    Deed(
        "remove_avatar",
        _("Remove the avatar"),
        MODERATE,
        _remove_avatar,
        _("Avatar removed."),
        _("The picture is gone for good; they may choose another one."),
        fits=lambda user: bool(user.avatar),
    ),
    Deed(
        "appoint",
        _("Give a role"),
        "accounts.appoint_user",
        _appoint,
        _("Role given."),
        _(
            "A moderator finds and reads, recalls, mutes, silences, bans, dissolves. An"
            " administrator also gives"
            " roles, sees security events and addresses, exports the record and deletes accounts. Undo: give"
            " the role that they had."
        ),
        choices=_roles,
        asks=_("Role"),
        fits=_there,
    ),
    Deed(
        "erase",
        _("Delete the account for good"),
        "accounts.erase_user",
        _erase,
        _("Account deleted."),
        _(
            "What the person could do themselves: their name, address, picture, friends and places"
            " in groups are"
            " gone; what they wrote stays, under “Deleted account”. This cannot be undone."
        ),
        fits=_there,
        grave=True,
    ),
]
