"""Groups, who is in them with which role, and who may come in."""

import unicodedata
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import avatar_url
from chatchat.db import ExactCharField

NAME_MAX = 64
INTRODUCTION_MAX = 200
ANNOUNCEMENT_MAX = 1000
SEARCH_KEY_MAX = 255
MESSAGE_MAX = 200
KEY_MAX = 41  # two 63-bit integers and a colon
TOKEN_MAX = 64


def search_key(name: str) -> str:
    """The form in which names are compared: width and case make no difference, on no database."""
    return unicodedata.normalize("NFKC", name).casefold()[:SEARCH_KEY_MAX]


class JoinPolicy(models.TextChoices):
    OPEN = "open", _("anybody may join")
    APPROVAL = "approval", _("joining needs approval")
    INVITE = "invite", _("by invitation only")


class History(models.TextChoices):
    ALL = "all", _("newcomers see everything")
    SINCE_JOINED = "since_joined", _("newcomers see what comes after them")


class Role(models.IntegerChoices):
    """In order of rank, so that members can be listed by it; lower may do more."""

    OWNER = 0, _("owner")
    ADMIN = 1, _("admin")
    MEMBER = 2, _("member")

    @property
    def word(self) -> str:
        """As the wire has it."""
        return self.name.lower()


class GroupQuerySet(models.QuerySet["Group"]):
    """Queries that say what they mean."""

    def visible_to(self, user_id: int) -> "GroupQuerySet":
        """The groups that this person may know of: their own, and those that strangers can find."""
        mine = Membership.objects.filter(group=OuterRef("pk"), user=user_id)
        return self.filter(~Q(join_policy=JoinPolicy.INVITE) | Exists(mine))


class Group(models.Model):
    """A group; its id is its conversation's id, and that row's lock is the group's too."""

    conversation = models.OneToOneField(
        "messaging.Conversation",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
        verbose_name=_("conversation"),
    )
    name = models.CharField(_("name"), max_length=NAME_MAX)
    search_key = ExactCharField(max_length=SEARCH_KEY_MAX, editable=False)
    introduction = models.CharField(_("introduction"), max_length=INTRODUCTION_MAX, blank=True)
    #: For members; several lines.
    announcement = models.CharField(_("announcement"), max_length=ANNOUNCEMENT_MAX, blank=True, default="")
    join_policy = models.CharField(
        _("who may join"), max_length=8, choices=JoinPolicy.choices, default=JoinPolicy.OPEN
    )
    history = models.CharField(_("history"), max_length=12, choices=History.choices, default=History.ALL)
    muted_all = models.BooleanField(_("only owner and admins may write"), default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    member_count = models.PositiveIntegerField(_("members"), default=0)
    created_at = models.DateTimeField(_("founded at"), default=timezone.now)

    objects = GroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        indexes = (models.Index(fields=("search_key",), name="group_search_key"),)
        permissions = (("moderate_group", "Can mute and remove members, dissolve groups, and undo it"),)

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"

    @property
    def avatar(self) -> str | None:
        """The address of its picture, which its conversation holds."""
        return avatar_url(self.conversation.avatar)


class Dissolved(models.Model):
    """A group that moderators have dissolved, kept for a term to be restored: who was in it as what."""

    conversation = models.OneToOneField(
        "messaging.Conversation", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    name = models.CharField(_("name"), max_length=NAME_MAX)
    #: As ``services.moderation`` writes and reads it.
    kept = models.JSONField()
    dissolved_at = models.DateTimeField(_("dissolved at"))
    until = models.DateTimeField(_("can be restored until"), db_index=True)

    class Meta:
        verbose_name = _("dissolved group")
        verbose_name_plural = _("dissolved groups")

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class Membership(models.Model):
    """A person in a group."""

    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("group")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    role = models.PositiveSmallIntegerField(_("role"), choices=Role.choices, default=Role.MEMBER)
    muted_until = models.DateTimeField(_("muted until"), null=True, blank=True)
    joined_at = models.DateTimeField(_("joined at"), default=timezone.now)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = (models.UniqueConstraint(fields=("group", "user"), name="membership_once"),)
        indexes = (
            models.Index(fields=("group", "role", "id"), name="membership_by_role"),
            models.Index(fields=("user", "id"), name="membership_list"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id}"


class JoinRequest(models.Model):
    """Somebody wants to join a group that asks for approval."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, related_name="join_requests", verbose_name=_("group")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    message = models.CharField(_("message"), max_length=MESSAGE_MAX, blank=True)
    status = models.CharField(_("state"), max_length=8, choices=Status.choices, default=Status.PENDING)
    #: ``<group>:<user>`` while pending, NULL afterwards: MySQL has no conditional unique constraints.
    pending_key = ExactCharField(max_length=KEY_MAX, unique=True, null=True, blank=True)
    created_at = models.DateTimeField(_("sent at"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    class Meta:
        verbose_name = _("join request")
        verbose_name_plural = _("join requests")
        indexes = (models.Index(fields=("group", "status", "id"), name="join_request_list"),)

    def __str__(self) -> str:
        return f"{self.user_id} → {self.group_id}: {self.status}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Queries that say what they mean."""

    def usable(self, moment: datetime) -> "InvitationQuerySet":
        """Neither ended nor used up."""
        return self.filter(expires_at__gt=moment, uses__lt=F("max_uses"))


class Invitation(models.Model):
    """A token that lets its holders join, whatever the policy, until it ends or is used up."""

    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("group")
    )
    token = ExactCharField(max_length=TOKEN_MAX, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("made by")
    )
    max_uses = models.PositiveIntegerField(_("may be used"), default=1)
    uses = models.PositiveIntegerField(_("used"), default=0)
    expires_at = models.DateTimeField(_("expires at"))
    created_at = models.DateTimeField(_("made at"), default=timezone.now)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = (
            models.CheckConstraint(condition=Q(uses__lte=F("max_uses")), name="invitation_not_overused"),
        )
        indexes = (models.Index(fields=("group", "id"), name="invitation_list"),)

    def __str__(self) -> str:
        return f"invitation #{self.pk} to {self.group_id}"

    def holds(self, moment: datetime) -> bool:
        """Whether it still lets somebody in; ``usable`` says the same to the database."""
        return self.expires_at > moment and self.uses < self.max_uses
