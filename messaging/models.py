"""Conversations, who takes part in them and how far they have read, and the messages.

There is one row a message, whoever reads it; a reader is a pair of markers.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chatchat.db import ExactCharField

TITLE_MAX = 64


class Conversation(models.Model):
    """The place where messages go. Its row's lock is what gives messages their one order."""

    class Kind(models.TextChoices):
        DIRECT = "direct", _("direct")
        GROUP = "group", _("group")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    title = models.CharField(_("title"), max_length=TITLE_MAX, blank=True)
    avatar = models.CharField(_("avatar"), max_length=200, blank=True)
    #: ``<lower id>:<higher id>`` of the two people of a direct conversation: there is one a pair.
    pair = ExactCharField(_("pair"), max_length=41, unique=True, null=True, blank=True)
    last_seq = models.BigIntegerField(_("last seq"), default=0)
    last_version = models.BigIntegerField(_("last version"), default=0)
    last_ordinal = models.BigIntegerField(_("last ordinal"), default=0)
    #: The newest message's id; while there is none, the newest anywhere when the conversation was made.
    #: Ids grow over all conversations, so that "most recently active" is an order without a clock.
    last_message_id = models.BigIntegerField(_("last message"), default=0)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")

    def __str__(self) -> str:
        return self.title or f"{self.kind} #{self.pk}"


class Notifications(models.TextChoices):
    """Of which messages of a conversation a person wants to be notified."""

    ALL = "all", _("all messages")
    MENTIONS = "mentions", _("mentions only")
    NONE = "none", _("nothing")


class ParticipantQuerySet(models.QuerySet["Participant"]):
    """Queries that say what they mean."""

    def placed(self) -> "ParticipantQuerySet":
        """With their conversations, and with whether their person may write at all."""
        return self.select_related("conversation").annotate(
            silenced_until=F("user__silenced_until"), silence_reason=F("user__silence_reason")
        )


class Participant(models.Model):
    """A person in a conversation: how far they have read and what they may do.

    ``read_seq ≤ delivered_seq ≤ last_seq`` of the conversation; neither marker ever goes back.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="participants", verbose_name=_("conversation")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    #: The first message that this person may see.
    visible_from_seq = models.BigIntegerField(_("sees from seq"), default=1)
    delivered_seq = models.BigIntegerField(_("delivered up to"), default=0)
    read_seq = models.BigIntegerField(_("read up to"), default=0)
    #: The ordinal of the message at ``read_seq``: unread is the conversation's last ordinal less this.
    read_ordinal = models.BigIntegerField(_("read ordinal"), default=0)
    may_send = models.BooleanField(_("may write"), default=True)
    may_moderate = models.BooleanField(_("may moderate"), default=False)
    muted_until = models.DateTimeField(_("muted until"), null=True, blank=True)
    #: The person's own wishes, told to nobody else: what stands first in their list, what they hear of.
    pinned = models.BooleanField(_("pinned"), default=False)
    notifications = models.CharField(
        _("notifications"), max_length=8, choices=Notifications.choices, default=Notifications.ALL
    )
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = (
            models.UniqueConstraint(fields=("conversation", "user"), name="participant_once"),
            models.CheckConstraint(condition=Q(read_seq__lte=F("delivered_seq")), name="read_is_delivered"),
        )
        indexes = (models.Index(fields=("user", "left_at", "conversation"), name="participant_list"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"


class Message(models.Model):
    """One message, or one line of the system's (no sender), at its place in a conversation."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        SYSTEM = "system", _("system")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", verbose_name=_("conversation")
    )
    seq = models.BigIntegerField()
    #: The conversation's change counter when this message last changed (RFC 7162's mod-sequence).
    version = models.BigIntegerField()
    #: The number of people's messages up to and including this one.
    ordinal = models.BigIntegerField()
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sender"),
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    body = models.TextField(_("text"), blank=True)
    data = models.JSONField(default=dict, blank=True)
    reply_to = models.BigIntegerField(null=True, blank=True)
    #: The sender's own id for it, a UUID in its canonical form: makes a retry harmless.
    client_id = ExactCharField(max_length=36, null=True, blank=True)
    #: Of conversation, kind, body, reply and attachments as sent: tells a retry from a clash.
    content_hash = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(_("sent at"), default=timezone.now)
    edited_at = models.DateTimeField(_("edited at"), null=True, blank=True)
    recalled_at = models.DateTimeField(_("recalled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        permissions = (("recall_message", "Can recall anybody's messages and restore them"),)
        constraints = (
            models.UniqueConstraint(fields=("conversation", "seq"), name="message_seq_once"),
            models.UniqueConstraint(fields=("conversation", "version"), name="message_version_once"),
            # NULLs differ from each other, so the system's messages need no client_id.
            models.UniqueConstraint(fields=("sender", "client_id"), name="message_client_id_once"),
        )

    def __str__(self) -> str:
        return f"{self.conversation_id}/{self.seq}"


class Withheld(models.Model):
    """What a message said that a moderator of the site has recalled: kept for a term, to be restored.

    Nobody but moderators sees it. Its attachments stay where they are meanwhile, for nobody to fetch.
    """

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="withheld"
    )
    body = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)
    #: [[user, emoji], …] in their order.
    reactions = models.JSONField(default=list, blank=True)
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("withheld message")
        verbose_name_plural = _("withheld messages")

    def __str__(self) -> str:
        return f"withheld #{self.pk}"


class Reaction(models.Model):
    """A person's emoji on a message."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="reactions", verbose_name=_("message")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    emoji = ExactCharField(_("emoji"), max_length=32)
    created_at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")
        constraints = (models.UniqueConstraint(fields=("message", "user", "emoji"), name="reaction_once"),)

    def __str__(self) -> str:
        return f"{self.emoji} by {self.user_id}"


class Attachment(models.Model):
    """A picture or file that somebody uploaded, and the message that it was sent with.

    The row is there before the file and goes after it, so that no file is ever forgotten.
    """

    class State(models.TextChoices):
        #: The file is being written; or it never was, as the process ended.
        PENDING = "pending", _("pending")
        READY = "ready", _("ready")
        #: Nobody gets it any more; the file is being removed.
        GONE = "gone", _("gone")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    #: None: not sent yet, or taken back.
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments", db_index=False
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    name = models.CharField(_("name"), max_length=255)
    #: What it is by its content, never by what was declared.
    type = models.CharField(_("type"), max_length=100)
    size = models.BigIntegerField(_("size"))
    #: In pixels; only pictures that were made anew have them.
    width = models.IntegerField(null=True, blank=True)
    height = models.IntegerField(null=True, blank=True)
    thumbnail_width = models.IntegerField(null=True, blank=True)
    thumbnail_height = models.IntegerField(null=True, blank=True)
    thumbnail_size = models.IntegerField(default=0)
    #: The name of its file in the storage, beside which the thumbnail lies.
    file = models.CharField(max_length=64, unique=True)
    #: What it takes of its owner's quota: bytes of all its files, in whole blocks.
    stored = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = (models.Index(fields=("message", "created_at"), name="attachment_by_message"),)

    def __str__(self) -> str:
        return self.name


class AttachmentUsage(models.Model):
    """How many bytes a person's attachments take: moves with their rows, in the same transactions."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    stored = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("storage used")
        verbose_name_plural = _("storage used")

    def __str__(self) -> str:
        return f"{self.stored} bytes of {self.user_id}"
