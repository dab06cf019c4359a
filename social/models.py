"""Who asked whom, who is whose friend, and who will hear nothing of whom."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chatchat.db import ExactCharField

GREETING_MAX = 200
REMARK_MAX = 32
PAIR_MAX = 41  # two 63-bit integers and a colon


def pair_key(first: int, second: int) -> str:
    """``<lower id>:<higher id>``: the same for both directions."""
    return f"{min(first, second)}:{max(first, second)}"


class Pair(models.Model):
    """The row whose lock lets changes between two people take turns: requests, friendship, blocks."""

    key = ExactCharField(max_length=PAIR_MAX, primary_key=True)

    class Meta:
        verbose_name = _("pair")
        verbose_name_plural = _("pairs")

    def __str__(self) -> str:
        return str(self.key)


class FriendRequest(models.Model):
    """One person asks another; at most one is pending between the two, whoever asked."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")
        CANCELLED = "cancelled", _("cancelled")

    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("sender")
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("recipient")
    )
    greeting = models.CharField(_("greeting"), max_length=GREETING_MAX, blank=True)
    status = models.CharField(_("state"), max_length=9, choices=Status.choices, default=Status.PENDING)
    #: The two people's key while pending, NULL afterwards: MySQL has no conditional unique constraints.
    pair = ExactCharField(max_length=PAIR_MAX, unique=True, null=True, blank=True)
    #: Of the friendship that it became.
    conversation = models.ForeignKey(
        "messaging.Conversation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("conversation"),
    )
    created_at = models.DateTimeField(_("sent at"), default=timezone.now)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("friend request")
        verbose_name_plural = _("friend requests")
        constraints = (
            models.CheckConstraint(condition=~Q(sender=F("recipient")), name="request_to_somebody_else"),
            models.CheckConstraint(
                condition=Q(status="pending", pair__isnull=False)
                | (~Q(status="pending") & Q(pair__isnull=True)),
                name="request_pair_while_pending",
            ),
        )
        indexes = (
            models.Index(fields=("sender", "status", "id"), name="request_outgoing"),
            models.Index(fields=("recipient", "status", "id"), name="request_incoming"),
        )

    def __str__(self) -> str:
        return f"{self.sender_id} → {self.recipient_id}: {self.status}"


class Friendship(models.Model):
    """One of a friendship's two sides: ``user`` has ``friend``, and calls them ``remark``."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    friend = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("friend")
    )
    conversation = models.ForeignKey(
        "messaging.Conversation", on_delete=models.CASCADE, related_name="+", verbose_name=_("conversation")
    )
    remark = models.CharField(_("remark"), max_length=REMARK_MAX, blank=True)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("friendship")
        verbose_name_plural = _("friendships")
        constraints = (models.UniqueConstraint(fields=("user", "friend"), name="friendship_side_once"),)
        indexes = (models.Index(fields=("user", "id"), name="friendship_list"),)

    def __str__(self) -> str:
        return f"{self.user_id} has {self.friend_id}"


class Block(models.Model):
    """``blocker`` wants to hear nothing of ``blocked``, who is not told."""

    blocker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("blocks")
    )
    blocked = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("is blocked")
    )
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints = (
            models.UniqueConstraint(fields=("blocker", "blocked"), name="block_once"),
            models.CheckConstraint(condition=~Q(blocker=F("blocked")), name="block_somebody_else"),
        )
        indexes = (
            models.Index(fields=("blocker", "id"), name="block_list"),
            models.Index(fields=("blocked", "blocker"), name="block_of"),
        )

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"
