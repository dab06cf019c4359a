"""The record: who did what to whom, when, from where and why. Rows are added, never changed."""

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

REASON_MAX = 300


class AppendOnly(Exception):
    """Somebody tried to change or remove what is on the record."""


class Action(models.TextChoices):
    """What happened: what moderators did, and what concerns who gets in."""

    BANNED = "person.banned", _("banned")
    UNBANNED = "person.unbanned", _("ban lifted")
    SILENCED = "person.silenced", _("stopped from writing")
    UNSILENCED = "person.unsilenced", _("allowed to write again")
    SESSIONS_ENDED = "person.sessions_ended", _("signed out everywhere")
    SESSION_ENDED = "session.ended_by_moderator", _("signed out of a device")
    MESSAGE_RECALLED = "message.recalled", _("message recalled")
    MESSAGE_RESTORED = "message.restored", _("message restored")
    MUTED = "member.muted", _("muted in a group")
    UNMUTED = "member.unmuted", _("mute lifted")
    REMOVED = "member.removed", _("removed from a group")
    DISSOLVED = "group.dissolved", _("group dissolved")
    GROUP_RESTORED = "group.restored", _("group restored")
    GROUP_EDITED = "group.edited", _("group edited")
    PICTURE_REMOVED = "group.picture_removed", _("group's picture removed")
    PROFILE_EDITED = "person.edited", _("profile edited")
    AVATAR_REMOVED = "person.avatar_removed", _("avatar removed")
    REQUEST_CANCELLED = "friend_request.cancelled", _("friend request cancelled")
    FRIENDSHIP_ENDED = "friendship.ended", _("friendship ended")
    JOIN_REJECTED = "join_request.rejected", _("join request rejected")
    INVITATION_REVOKED = "invitation.revoked", _("invitation taken back")
    # What concerns who gets in, told to who may see it
    ROLE = "security.role", _("role changed")
    REGISTERED = "security.registered", _("registered")
    LOGIN = "security.login", _("signed in")
    LOGIN_FAILED = "security.login_failed", _("sign-in failed")
    LOGIN_REFUSED = "security.login_refused", _("sign-in refused: banned")
    LOGOUT = "security.logout", _("signed out")
    ENDED = "security.session_ended", _("session ended")
    TOKEN_REUSED = "security.token_reused", _("refresh token used twice")
    PASSWORD_CHANGED = "security.password_changed", _("password changed")
    EMAIL_CHANGED = "security.email_changed", _("e-mail address changed")
    DELETED = "security.deleted", _("account deleted")
    LINKED = "security.linked", _("third party linked")
    UNLINKED = "security.unlinked", _("third party unlinked")
    EXPORTED = "security.exported", _("record exported")
    PRUNED = "security.pruned", _("old record removed")


#: What begins the actions that only who may see security events is shown.
SECURITY = "security."


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Reads, and adds."""

    def update(self, **fields: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def bulk_update(self, *rows: Any, **options: Any) -> NoReturn:
        raise AppendOnly

    def remove_old(self, ids: list[int]) -> int:
        """The one way out, for what the retention's term is over for: at most these rows."""
        return int(self.filter(pk__in=ids)._raw_delete(self.db))


class AuditEvent(models.Model):
    """One line of the record, written in the transaction of what it tells of.

    People are named without a constraint: the row outlives whatever becomes of theirs, and writing it
    takes no lock on them.
    """

    at = models.DateTimeField(_("when"), default=timezone.now)
    action = models.CharField(_("what"), max_length=32, choices=Action.choices)
    #: Whether it is for those alone who may see security events; by the action.
    security = models.BooleanField(default=False, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.DO_NOTHING, null=True, blank=True,
        related_name="+", db_constraint=False,
    )  # fmt: skip
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("whom"), on_delete=models.DO_NOTHING, null=True, blank=True,
        related_name="+", db_constraint=False,
    )  # fmt: skip
    conversation_id = models.BigIntegerField(_("conversation"), null=True, blank=True)
    seq = models.BigIntegerField(_("message"), null=True, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("why"), max_length=REASON_MAX, blank=True)
    ip = models.GenericIPAddressField(_("from where"), null=True, blank=True)
    #: Ids, numbers and short words; never a password, a token, a code or what somebody wrote.
    details = models.JSONField(_("details"), default=dict, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry in the record")
        verbose_name_plural = _("record")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=("action",), name="audit_action"),
            models.Index(fields=("security",), name="audit_security"),
            models.Index(fields=("conversation_id",), name="audit_conversation"),
            models.Index(fields=("ip",), name="audit_ip"),
        ]
        permissions = (
            ("view_security", "Can see security events and addresses in the record"),
            ("export_auditevent", "Can export the record"),
        )

    def __str__(self) -> str:
        return f"{self.action} #{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        self.security = self.action.startswith(SECURITY)
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly
